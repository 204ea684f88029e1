//! The covert ledger: signals, incidents, clearing, deliveries, objections.
