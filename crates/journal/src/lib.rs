//! The journal: append-only, hash-chained record from which all state is rebuilt.
