//! A link as a QR code (ISO/IEC 18004), for whoever has a phone at hand.

use qrcodegen::{QrCode, QrCodeEcc};

use super::put;

/// The most bytes that a QR code holds: version 40, level L.
pub const MOST_BYTES: usize = 2_953;
/// The light margin that readers of codes need, in modules.
const MARGIN: i32 = 4;

/// A QR code as a drawing: its dark modules, each one unit broad and high, on a light ground.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Code {
    /// How broad and high it is with its margin.
    pub size: u32,
    /// The data of an SVG path to be filled.
    pub path: String,
}

/// The QR code of a text; none when it has more than [`MOST_BYTES`] bytes.
pub fn code(text: &str) -> Option<Code> {
    let code = QrCode::encode_binary(text.as_bytes(), QrCodeEcc::Low).ok()?;
    let (size, mut path) = (code.size(), String::new());
    for y in 0..size {
        let mut x = 0;
        while x < size {
            // What is beyond is light.
            let run = (x..).take_while(|&x| code.get_module(x, y)).count();
            if run > 0 {
                let [left, top] = [x, y].map(|place| (place + MARGIN).to_string());
                let run = run.to_string();
                put(&mut path, &["M", &left, " ", &top, "h", &run, "v1h-", &run, "z"]);
            }
            x += run as i32 + 1;
        }
    }
    Some(Code { size: (size + 2 * MARGIN) as u32, path })
}
