//! What the page unpacks itself with, small enough that it brings it along: as wasm it weighs two kilobytes, and makes the
//! page a quarter lighter than what browsers unpack by themselves.
//!
//! A wasm is taken apart into [`streams`], each packed by [`lzma`].

#![cfg_attr(target_arch = "wasm32", no_std)]

pub mod lzma;
pub mod streams;

use lzma::broken;
use streams::{ADDRESS, Belt, CONSTANT, LONG_CONSTANT, OPCODES, STREAMS, TURN};

/// The bytes before the packed streams: for each its length and its packed length, as 32 bits from the lowest on.
pub const HEAD: usize = STREAMS * 8;

/// Fills `out` with the wasm that `packed` unfolds to; `room` is as long as `out`, and what it holds is lost.
///
/// # Panics
///
/// If `packed` was not made for this, from as many bytes.
pub fn unpack(packed: &[u8], mut room: &mut [u8], out: &mut [u8]) {
    let Some((head, mut packed)) = packed.split_at_checked(HEAD) else { broken() };
    let mut streams: [&[u8]; STREAMS] = [&[]; STREAMS];
    for (index, (stream, lengths)) in streams.iter_mut().zip(head.chunks_exact(8)).enumerate() {
        let (length, packed_length) = (number(lengths), number(&lengths[4..]));
        let Some((body, rest)) = packed.split_at_checked(packed_length) else { broken() };
        let Some((place, free)) = room.split_at_mut_checked(length) else { broken() };
        lzma::decompress(body, place, streams::context_bits(index));
        if streams::is_turned(index) {
            for byte in &mut *place {
                *byte = byte.rotate_left(TURN);
            }
        }
        (*stream, packed, room) = (place, rest, free);
    }
    streams::walk(&mut Merge { streams, out, passed: 0, function: 0 });
}

fn number(bytes: &[u8]) -> usize {
    bytes.iter().take(4).rev().fold(0, |number, &byte| number << 8 | usize::from(byte))
}

/// From the streams to the whole.
struct Merge<'a> {
    streams: [&'a [u8]; STREAMS],
    out: &'a mut [u8],
    passed: usize,
    /// Where the last function begins.
    function: usize,
}

impl Belt for Merge<'_> {
    fn byte(&mut self, stream: usize) -> u8 {
        let Some((&byte, rest)) = self.streams[stream].split_first() else { broken() };
        let Some(place) = self.out.get_mut(self.passed) else { broken() };
        *place = byte;
        self.streams[stream] = rest;
        self.passed += 1;
        byte
    }

    fn opcode(&mut self) -> u8 {
        let opcode = self.byte(OPCODES);
        if opcode == LONG_CONSTANT || opcode == ADDRESS {
            let Some(place) = self.out.get_mut(self.passed - 1) else { broken() };
            *place = CONSTANT;
        }
        opcode
    }

    fn begin_function(&mut self) {
        self.function = self.passed;
    }

    fn end_function(&mut self) {
        let mut size = self.passed - self.function;
        // A digit of LEB128 after the other, each put before the function.
        loop {
            let more = size >= 0x80;
            let Some(place) = self.out.get_mut(self.function..=self.passed) else { broken() };
            place.copy_within(..place.len() - 1, 1);
            place[0] = size as u8 & 0x7F | u8::from(more) << 7;
            (self.function, self.passed, size) = (self.function + 1, self.passed + 1, size >> 7);
            if !more {
                break;
            }
        }
    }

    fn is_done(&self) -> bool {
        self.passed == self.out.len()
    }
}

/// [`unpack`] for JavaScript, which writes the packed bytes into the memory, behind them leaves room for the wasm twice, and
/// says where they begin. The second is the one to take.
#[cfg(target_arch = "wasm32")]
mod page {
    /// # Safety
    ///
    /// From `start` on there must be `packed + 2 * unpacked` bytes that nothing else uses.
    #[unsafe(export_name = "unpack")]
    unsafe extern "C" fn unpack(start: *mut u8, packed: usize, unpacked: usize) {
        // SAFETY: The caller promises it.
        let (packed, rest) = unsafe {
            let rest = core::slice::from_raw_parts_mut(start.add(packed), 2 * unpacked);
            (core::slice::from_raw_parts(start, packed), rest)
        };
        let (room, out) = rest.split_at_mut(unpacked);
        super::unpack(packed, room, out);
    }

    #[panic_handler]
    fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
        core::arch::wasm32::unreachable()
    }
}
