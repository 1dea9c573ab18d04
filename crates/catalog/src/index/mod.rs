//! The in-memory index.
