//! Wire types, error codes and OpenAPI: what other programs see.
