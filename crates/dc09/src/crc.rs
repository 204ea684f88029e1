//! The frame's checksum: CRC-16 with the polynomial x¹⁶ + x¹⁵ + x² + 1, bits reversed, from zero. It finds noise, not forgery.

const POLYNOMIAL: u16 = 0xa001;

/// Over everything from the first quotation mark to the end of the text.
pub fn checksum(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0, |crc, byte| (0..8).fold(crc ^ u16::from(*byte), |crc, _| shift(crc)))
}

const fn shift(crc: u16) -> u16 {
    if crc & 1 == 1 { (crc >> 1) ^ POLYNOMIAL } else { crc >> 1 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_one_that_catalogues_call_arc() {
        assert_eq!(checksum(b"123456789"), 0xbb3d);
        assert_eq!(checksum(b""), 0);
    }
}
