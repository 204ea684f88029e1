//! Two pictures, pixel by pixel: how many differ, and where (G3).
//!
//! One encoder made both, so equal files are equal pictures; only pictures that differ are decoded, in a browser of their own.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::error::BrowserError;
use crate::process::{Browser, Options};

const DIFFERENCE: &str = "(async (first, second) => { \
    const read = async (text) => { const image = await createImageBitmap(await (await fetch('data:image/png;base64,' + text)).blob()); \
      const paper = new OffscreenCanvas(image.width, image.height).getContext('2d'); paper.drawImage(image, 0, 0); \
      return paper.getImageData(0, 0, image.width, image.height); }; \
    const [one, other] = [await read(first), await read(second)]; \
    const width = Math.max(one.width, other.width), height = Math.max(one.height, other.height); \
    const found = { pixels: 0, left: width, top: height, right: 0, bottom: 0 }; \
    const at = (of, x, y) => { if (x >= of.width || y >= of.height) return -1; const p = 4 * (y * of.width + x); \
      return ((of.data[p] << 24) | (of.data[p + 1] << 16) | (of.data[p + 2] << 8) | of.data[p + 3]) >>> 0; }; \
    for (let y = 0; y < height; y += 1) for (let x = 0; x < width; x += 1) if (at(one, x, y) !== at(other, x, y)) { \
      found.pixels += 1; found.left = Math.min(found.left, x); found.right = Math.max(found.right, x + 1); \
      found.top = Math.min(found.top, y); found.bottom = Math.max(found.bottom, y + 1); } \
    return found; })";

/// Where two pictures differ.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Difference {
    /// How many pixels.
    pub pixels: u64,
    /// The smallest box that has them all: left, top, right, bottom.
    pub within: [u64; 4],
}

/// Compares two pictures (PNG).
///
/// # Errors
/// When one cannot be read.
pub fn difference(one: &[u8], other: &[u8]) -> Result<Option<Difference>, BrowserError> {
    if one == other {
        return Ok(None);
    }
    let mut browser = Browser::start(&Options::default())?;
    let [one, other] = [one, other].map(|picture| json!(STANDARD.encode(picture)));
    let found = browser.eval(&format!("{DIFFERENCE}({one}, {other})"))?;
    let number = |name: &str| found.get(name).and_then(Value::as_u64).unwrap_or(0);
    let pixels = number("pixels");
    let within = ["left", "top", "right", "bottom"].map(number);
    Ok((pixels > 0).then_some(Difference { pixels, within }))
}
