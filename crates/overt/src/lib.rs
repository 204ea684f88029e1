//! The overt ledger: transfers, approvals, stops, limits, posture, motions.
