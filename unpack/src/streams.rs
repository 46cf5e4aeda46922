//! A wasm, taken apart into streams of like things: what its instructions do, which locals they use, how far into memory
//! they reach ... Each is more like itself than like the others, which makes it pack better by an eleventh.
//!
//! The sizes of functions are left out: they can be counted again.
//!
//! [`walk`] knows the format (WebAssembly core specification, §5). It moves one byte after the other along a [`Belt`], from
//! the whole into the streams or back, and looks only at what has passed: so both ways are the same walk, and whatever it
//! takes for an instruction, the way back takes for the same.

use crate::lzma::MOST_CONTEXT_BITS;

/// How many streams there are.
pub const STREAMS: usize = 18;
/// All sections but the code, and the code's head.
const REST: usize = 0;
/// What instructions do.
pub const OPCODES: usize = 1;
/// The locals that they read.
const READ_LOCALS: usize = 2;
/// The locals that they write.
const WRITTEN_LOCALS: usize = 3;
/// Constants of 32 bits that have one digit.
const CONSTANTS: usize = 4;
/// Where in memory they read, counted from an address.
const READ_OFFSETS: usize = 5;
/// Where in memory they write.
const WRITTEN_OFFSETS: usize = 6;
/// The higher digits of these.
const FAR_OFFSETS: usize = 7;
/// The functions that they call.
const CALLS: usize = 8;
/// How many blocks they leave.
const BRANCHES: usize = 9;
/// Constants of other types.
const WIDE_CONSTANTS: usize = 10;
/// How memory that is read or written is said to be aligned: a hint, see `xtask`.
pub const ALIGNMENTS: usize = 11;
/// How many locals they have of which type.
const TYPES: usize = 12;
/// The types of blocks.
const BLOCKS: usize = 13;
/// Globals and tables.
const GLOBALS: usize = 14;
/// Constants of 32 bits that have two digits.
const LONG_CONSTANTS: usize = 15;
/// Those that have more: mostly addresses.
const ADDRESSES: usize = 16;
/// What is left.
const OTHERS: usize = 17;

/// The instruction for a constant of 32 bits.
pub const CONSTANT: u8 = 0x41;
/// What stands for it in the stream where the constant has two digits: one that WebAssembly has not.
pub const LONG_CONSTANT: u8 = 0x1D;
/// What stands for it where the constant has more: another.
pub const ADDRESS: u8 = 0x27;

/// Whether a stream is of offsets. How such a one is aligned tells much of the next: that is in its lowest bits, and the
/// packer looks at the highest ones of the byte before. So each byte is turned by [`TURN`] bits before it is packed.
pub fn is_turned(stream: usize) -> bool {
    stream == READ_OFFSETS || stream == WRITTEN_OFFSETS
}

/// By how many bits.
pub const TURN: u32 = 2;

/// How many bits of the byte before decide on the probabilities of a literal.
pub fn context_bits(stream: usize) -> u32 {
    if is_turned(stream) { MOST_CONTEXT_BITS } else { 2 }
}

/// The number of the section that holds the code.
const CODE_SECTION: u8 = 10;

/// Moves a wasm, byte by byte.
pub trait Belt {
    /// Moves the next byte from or to a stream.
    fn byte(&mut self, stream: usize) -> u8;
    /// Moves the next instruction and tells what the stream has for it: where a constant is long, what stands for it.
    fn opcode(&mut self) -> u8;
    /// A function is next, which starts with its size.
    fn begin_function(&mut self);
    /// The function has passed.
    fn end_function(&mut self);
    /// Whether the whole has passed.
    fn is_done(&self) -> bool;
}

/// Moves a whole wasm.
pub fn walk(belt: &mut impl Belt) {
    bytes(belt, REST, 8);
    while !belt.is_done() {
        let section = belt.byte(REST);
        let size = number(belt, REST);
        if section != CODE_SECTION {
            bytes(belt, REST, size);
            continue;
        }
        for _ in 0..number(belt, REST) {
            function(belt);
        }
    }
}

fn function(belt: &mut impl Belt) {
    belt.begin_function();
    for _ in 0..number(belt, TYPES) {
        number(belt, TYPES);
        belt.byte(TYPES);
    }
    // The body is a block, too.
    let mut depth = 1;
    while depth > 0 {
        match instruction(belt) {
            0x02..=0x04 => depth += 1,
            0x0B => depth -= 1,
            _ => {}
        }
    }
    belt.end_function();
}

/// Moves an instruction and says which.
fn instruction(belt: &mut impl Belt) -> u8 {
    let opcode = belt.opcode();
    match opcode {
        0x02..=0x04 => _ = number(belt, BLOCKS),
        0x23..=0x26 => _ = number(belt, GLOBALS),
        0x0C | 0x0D => _ = number(belt, BRANCHES),
        0x0E => {
            for _ in 0..=number(belt, OTHERS) {
                number(belt, OTHERS);
            }
        }
        0x10 => _ = number(belt, CALLS),
        0x11 => {
            number(belt, OTHERS);
            number(belt, OTHERS);
        }
        0x1C => {
            let types = number(belt, OTHERS);
            bytes(belt, OTHERS, types);
        }
        0x20 => _ = number(belt, READ_LOCALS),
        0x21 | 0x22 => _ = number(belt, WRITTEN_LOCALS),
        0x28..=0x3E => {
            number(belt, ALIGNMENTS);
            if belt.byte(if opcode < 0x36 { READ_OFFSETS } else { WRITTEN_OFFSETS }) >= 0x80 {
                number(belt, FAR_OFFSETS);
            }
        }
        0x3F | 0x40 => _ = belt.byte(OPCODES),
        CONSTANT => _ = number(belt, CONSTANTS),
        LONG_CONSTANT => _ = number(belt, LONG_CONSTANTS),
        ADDRESS => _ = number(belt, ADDRESSES),
        0x42 => _ = number(belt, WIDE_CONSTANTS),
        0x43 => bytes(belt, WIDE_CONSTANTS, 4),
        0x44 => bytes(belt, WIDE_CONSTANTS, 8),
        0xD0 | 0xD2 => _ = number(belt, OTHERS),
        0xFC => {
            // What works on whole memories and tables has one or two of them.
            let operands = match number(belt, OTHERS) {
                8 | 10 | 12 | 14 => 2,
                9 | 11 | 13 | 15..=17 => 1,
                _ => 0,
            };
            for _ in 0..operands {
                number(belt, OTHERS);
            }
        }
        _ => {}
    }
    opcode
}

fn bytes(belt: &mut impl Belt, stream: usize, count: usize) {
    for _ in 0..count {
        belt.byte(stream);
    }
}

/// A number in LEB128; of long ones, the lowest 32 bits.
fn number(belt: &mut impl Belt, stream: usize) -> usize {
    let (mut value, mut shift) = (0, 0);
    loop {
        let byte = belt.byte(stream);
        if shift < 32 {
            value |= u32::from(byte & 0x7F) << shift;
        }
        shift += 7;
        if byte < 0x80 {
            return value as usize;
        }
    }
}
