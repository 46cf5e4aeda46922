//! What the page weighs on the wire.

use std::fmt::Write as _;
use std::io::Write as _;

use anyhow::{Result, ensure};
use flate2::Compression;
use flate2::write::GzEncoder;

/// What the whole site may weigh, in bytes, each file compressed with gzip at its usual level, as most servers do.
pub const LIMIT_BYTES: usize = 300_000;

/// What the page as a single file may weigh, in bytes, compressed likewise.
pub const SINGLE_LIMIT_BYTES: usize = 400_000;

/// The sizes of one file, in bytes.
struct Weight {
    name: String,
    raw: usize,
    compressed: usize,
}

/// The sizes of all files of a page.
#[derive(Default)]
pub struct Scale {
    weights: Vec<Weight>,
}

impl Scale {
    /// Weighs one more file.
    pub fn put(&mut self, name: &str, content: &[u8]) -> Result<()> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(content)?;
        let compressed = encoder.finish()?.len();
        self.weights.push(Weight { name: name.to_owned(), raw: content.len(), compressed });
        Ok(())
    }

    /// The weight of all files, compressed, in bytes.
    pub fn total(&self) -> usize {
        self.weights.iter().map(|weight| weight.compressed).sum()
    }

    /// A table for people; its files lie in `folder`.
    pub fn table(&self, folder: &str) -> String {
        let mut text = format!("  {folder:<26} {:>10} {:>10}\n", "raw", "gzip");
        for Weight { name, raw, compressed } in &self.weights {
            let _ = writeln!(text, "  {name:<26} {:>10} {:>10}", kilo(*raw), kilo(*compressed));
        }
        let raw = self.weights.iter().map(|weight| weight.raw).sum();
        let _ = writeln!(text, "  {:<26} {:>10} {:>10}", "total", kilo(raw), kilo(self.total()));
        text
    }

    /// Fails if all files together are heavier than `limit`, in bytes; `what` they are says the error.
    pub fn check(&self, what: &str, limit: usize) -> Result<()> {
        let total = self.total();
        ensure!(
            total <= limit,
            "{what} weighs {} compressed; the limit is {}",
            kilo(total),
            kilo(limit)
        );
        Ok(())
    }
}

/// Bytes as kilobytes (1000 bytes), with one decimal.
pub fn kilo(bytes: usize) -> String {
    let tenths = (bytes + 50) / 100;
    format!("{}.{} KB", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kilobytes_are_rounded() {
        assert_eq!(kilo(0), "0.0 KB");
        assert_eq!(kilo(949), "0.9 KB");
        assert_eq!(kilo(950), "1.0 KB");
        assert_eq!(kilo(300_000), "300.0 KB");
    }

    #[test]
    fn a_page_above_the_limit_is_refused() {
        let mut scale = Scale::default();
        scale.put("zeros", &[0; 1_000_000]).unwrap();
        assert!(scale.check("it", LIMIT_BYTES).is_ok(), "what counts is the compressed size");
        scale.weights.push(Weight {
            name: "noise".into(),
            raw: LIMIT_BYTES,
            compressed: LIMIT_BYTES,
        });
        assert!(
            scale.check("it", LIMIT_BYTES).unwrap_err().to_string().contains(&kilo(LIMIT_BYTES))
        );
    }
}
