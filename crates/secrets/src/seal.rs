//! Sealing: a key of its own for each secret, wrapped by the master key.

use std::fmt;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};
use secrecy::{ExposeSecret, SecretString, zeroize::Zeroize};
use serde::{Deserialize, Serialize};

use crate::{
    Keys, fill,
    keys::{KEY, Master},
};

/// A sealed secret as it is stored: `v1:<id of the master key>:<wrapped key>:<ciphertext>`, both parts nonce first.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Sealed(pub String);

/// Not even ciphertext belongs into a log.
impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sealed([redacted])")
    }
}

/// Why something was not sealed or opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// The operating system gives no randomness.
    #[error("the operating system gives no randomness, so nothing can be sealed")]
    Randomness,
    /// It was sealed with a master key that is not in the key file.
    #[error(
        "it is sealed with the master key {0}, which is not in the key file: put that line back, or give the secret again"
    )]
    OtherKey(String),
    /// It is not what was sealed, or was sealed for something else.
    #[error("it was altered or belongs to something else: give the secret again")]
    Altered,
}

impl Keys {
    /// Seals `secret` for `purpose`, such as `connection/main/token`; only the same purpose opens it.
    ///
    /// # Errors
    /// [`SealError::Randomness`].
    pub fn seal(&self, purpose: &str, secret: &SecretString) -> Result<Sealed, SealError> {
        let master = self.masters.first().ok_or(SealError::Randomness)?;
        let mut own = [0_u8; KEY];
        fill(&mut own)?;
        let wrapped = encrypt(master.key.expose_secret(), &about(b"key", purpose), &own);
        let text = encrypt(&own, &about(b"secret", purpose), secret.expose_secret().as_bytes());
        own.zeroize();
        Ok(Sealed(format!("v1:{}:{}:{}", master.id, wrapped?, text?)))
    }

    /// Opens what was sealed for `purpose`.
    ///
    /// # Errors
    /// [`SealError::OtherKey`] or [`SealError::Altered`].
    pub fn open(&self, purpose: &str, sealed: &Sealed) -> Result<SecretString, SealError> {
        let mut parts = sealed.0.split(':');
        let (Some("v1"), Some(id), Some(wrapped), Some(text), None) =
            (parts.next(), parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(SealError::Altered);
        };
        let known = |master: &&Master| master.id == id;
        let master = self.masters.iter().find(known).ok_or_else(|| SealError::OtherKey(id.to_owned()))?;
        let mut own = decrypt(master.key.expose_secret(), &about(b"key", purpose), wrapped)?;
        let key: Result<[u8; KEY], _> = own.as_slice().try_into();
        own.zeroize();
        let mut key = key.map_err(|_| SealError::Altered)?;
        let secret = decrypt(&key, &about(b"secret", purpose), text);
        key.zeroize();
        String::from_utf8(secret?).map(SecretString::from).map_err(|_| SealError::Altered)
    }

    /// Was it sealed with the master key that seals now?
    #[must_use]
    pub fn is_current(&self, sealed: &Sealed) -> bool {
        self.masters.first().is_some_and(|master| sealed.0.split(':').nth(1) == Some(&master.id))
    }
}

/// What a ciphertext is bound to: its layer and its purpose, so that neither can be moved.
fn about(layer: &[u8], purpose: &str) -> Vec<u8> {
    [b"stagedoor/v1/", layer, b"/", purpose.as_bytes()].concat()
}

fn cipher(key: &[u8; KEY]) -> Result<LessSafeKey, SealError> {
    UnboundKey::new(&AES_256_GCM, key).map(LessSafeKey::new).map_err(|_| SealError::Altered)
}

/// A random nonce is safe here: a master key wraps far fewer than 2^32 keys, and an own key encrypts once.
fn encrypt(key: &[u8; KEY], about: &[u8], plain: &[u8]) -> Result<String, SealError> {
    let mut nonce = [0_u8; NONCE_LEN];
    fill(&mut nonce)?;
    let mut sealed = plain.to_vec();
    cipher(key)?
        .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(about), &mut sealed)
        .map_err(|_| SealError::Altered)?;
    Ok(STANDARD_NO_PAD.encode([&nonce[..], &sealed].concat()))
}

fn decrypt(key: &[u8; KEY], about: &[u8], text: &str) -> Result<Vec<u8>, SealError> {
    let mut bytes = STANDARD_NO_PAD.decode(text).map_err(|_| SealError::Altered)?;
    let (nonce, sealed) = bytes.split_at_mut_checked(NONCE_LEN).ok_or(SealError::Altered)?;
    let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| SealError::Altered)?;
    let plain = cipher(key)?.open_in_place(nonce, Aad::from(about), sealed).map_err(|_| SealError::Altered)?.to_vec();
    bytes.zeroize();
    Ok(plain)
}
