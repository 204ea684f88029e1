//! The co-signing key, and the only code that uses it.
