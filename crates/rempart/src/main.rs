//! The rempart binary: wires things, chooses back-ends.
fn main() {}
