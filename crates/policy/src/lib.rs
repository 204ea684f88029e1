//! The policy: parse, check, evaluate, explain.
