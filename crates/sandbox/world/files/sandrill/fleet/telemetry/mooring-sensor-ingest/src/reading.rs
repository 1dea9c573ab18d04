//! One reading of one line, in newtons.

use serde::Deserialize;

#[derive(Debug, Deserialize, PartialEq)]
pub struct Reading {
    pub bollard: u16,
    pub newtons: u32,
}

#[derive(Debug, thiserror::Error)]
#[error("reading of bollard {bollard} is {newtons} N, above what the sensor can measure")]
pub struct Implausible {
    pub bollard: u16,
    pub newtons: u32,
}

/// The sensors measure up to two meganewtons.
pub fn check(reading: &Reading) -> Result<(), Implausible> {
    if reading.newtons > 2_000_000 {
        return Err(Implausible { bollard: reading.bollard, newtons: reading.newtons });
    }
    Ok(())
}
