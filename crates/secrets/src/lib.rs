//! Secrets: where one is kept by reference, and how one is kept encrypted.
//!
//! The room knows no GitLab, no SQL and no HTTP. It gives out [`SecretString`], which prints `[REDACTED]`; no error of it
//! holds any part of a secret.
//!
//! **By reference** ([`SecretRef`]): a file or a variable of the environment, read each time it is needed, so that what
//! is renewed there is used without a restart.
//!
//! **Sealed** ([`Keys`]): envelope encryption. Each secret has a key of its own, which encrypts it; that key is encrypted
//! by the master key of the key file. Both steps are AES-256-GCM and bound to what the secret is for, so that a sealed
//! token of one connection is worth nothing in the row of another.

mod keys;
mod reference;
mod seal;

pub use keys::{KeyError, Keys};
pub use reference::{SecretRef, SecretRefError};
pub use seal::{SealError, Sealed};

use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use base64::{Engine, engine::general_purpose::STANDARD, engine::general_purpose::URL_SAFE_NO_PAD};
use secrecy::SecretString;

/// A new secret of 256 bits from the operating system, in letters that need no escaping anywhere.
///
/// # Errors
/// When the operating system gives no randomness.
pub fn fresh() -> Result<SecretString, SealError> {
    let mut bytes = [0_u8; 32];
    fill(&mut bytes)?;
    Ok(SecretString::from(URL_SAFE_NO_PAD.encode(bytes)))
}

/// A new key for signed webhooks: `whsec_` and 32 bytes in base64, as Standard Webhooks wants it.
///
/// # Errors
/// When the operating system gives no randomness.
pub fn fresh_signing_key() -> Result<SecretString, SealError> {
    let mut bytes = [0_u8; 32];
    fill(&mut bytes)?;
    Ok(SecretString::from(format!("whsec_{}", STANDARD.encode(bytes))))
}

fn fill(bytes: &mut [u8]) -> Result<(), SealError> {
    SystemRandom::new().fill(bytes).map_err(|_| SealError::Randomness)
}

#[cfg(test)]
mod tests;
