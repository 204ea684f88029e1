//! The engine loop and the HTTP API.
