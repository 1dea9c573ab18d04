//! Grammes of CO₂ a litre of marine gas oil, from the port authority's table of 2025.
pub const GRAMMES_PER_LITRE: i64 = 2_680;
