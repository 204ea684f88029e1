//! A value that is wiped when dropped and cannot be printed.

use std::fmt;

use zeroize::Zeroize;

/// Bytes or text that must not reach a log, an error or a core dump. No `Display`; `Debug` says only that it is there.
#[derive(Clone)]
pub struct Secret<T: Zeroize>(T);

impl<T: Zeroize> Secret<T> {
    /// Wraps a secret.
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// The secret itself. The name is meant to stand out in review.
    pub const fn reveal(&self) -> &T {
        &self.0
    }
}

impl<T: Zeroize> Drop for Secret<T> {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl<T: Zeroize> fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_cannot_be_printed() {
        let secret = Secret::new(String::from("orange"));
        assert!(!format!("{secret:?}").contains("orange"));
        assert_eq!(secret.reveal(), "orange");
    }
}
