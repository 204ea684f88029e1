//! The gate: one deterministic state machine over two ledgers.
