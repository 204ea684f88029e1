//! World simulator and seeded histories. Never shipped.
