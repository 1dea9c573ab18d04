//! Values that may be written in more than one form. Read by hand: `untagged` would not say which key is wrong.

use std::{
    fmt, fs,
    path::{Path, PathBuf},
};

use anyhow::Context;
use gitlab::Authorities;
use schemars::JsonSchema;
use secrets::SecretRef;
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{Error, MapAccess, Visitor, value::MapAccessDeserializer},
};
use url::Url;

/// A file, or the certificates themselves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(untagged)]
pub(crate) enum CaConfig {
    /// A PEM file, relative to the configuration file.
    File(PathBuf),
    /// The certificates themselves.
    Text(CaText),
}

/// Certificates are no secrets and may stand in the file.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) enum CaText {
    /// `-----BEGIN CERTIFICATE-----` and so on, one or several.
    Pem(String),
    /// The same PEM text, or one certificate in DER, as base64.
    Base64(String),
}

impl CaConfig {
    pub(crate) fn relative_to(&mut self, folder: &Path) {
        if let Self::File(path) = self {
            *path = folder.join(&*path);
        }
    }

    /// What messages call it.
    pub(crate) fn place(&self) -> String {
        match self {
            Self::File(path) => path.display().to_string(),
            Self::Text(_) => "the configuration".to_owned(),
        }
    }

    /// The certificates as text, and how many they are.
    ///
    /// # Errors
    /// When they cannot be read, or are none.
    pub(crate) fn read(&self) -> anyhow::Result<(String, usize)> {
        let bytes = match self {
            Self::File(path) => {
                fs::read(path).with_context(|| format!("the certificates in {} cannot be read", path.display()))?
            }
            Self::Text(CaText::Pem(text) | CaText::Base64(text)) => text.clone().into_bytes(),
        };
        let found = Authorities::parse(&bytes).with_context(|| self.place())?;
        Ok((String::from_utf8(bytes)?, found.len()))
    }
}

/// An address, or an address with who we are there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(untagged)]
pub(crate) enum ProxyConfig {
    /// `http://proxy:3128`.
    Address(#[schemars(with = "String", extend("format" = "uri"))] Url),
    /// With a name and a password.
    Known(ProxyAccount),
}

/// A proxy that wants to know who asks.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ProxyAccount {
    /// The proxy's address, `http://proxy:3128`.
    #[schemars(with = "String", extend("format" = "uri"))]
    pub(crate) url: Url,
    /// The name it knows us by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) username: Option<String>,
    /// Where the password is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) password: Option<SecretRef>,
}

impl ProxyConfig {
    /// As written, without credentials.
    pub(crate) fn url(&self) -> &Url {
        match self {
            Self::Address(url) => url,
            Self::Known(account) => &account.url,
        }
    }

    pub(crate) fn account(&self) -> Option<&ProxyAccount> {
        match self {
            Self::Address(_) => None,
            Self::Known(account) => Some(account),
        }
    }

    pub(crate) fn password_mut(&mut self) -> Option<&mut SecretRef> {
        match self {
            Self::Address(_) => None,
            Self::Known(account) => account.password.as_mut(),
        }
    }
}

/// Which webhooks are registered without being asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Register {
    /// None.
    #[default]
    Off,
    /// The widest that the token may.
    Auto,
    /// One for the instance; needs an administrator's token.
    System,
    /// One for each top-level group that is read.
    Group,
    /// One for each project that is read.
    Project,
}

/// For the schema: the words, or the switch of earlier files.
#[derive(JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "only its schema is used")]
pub(crate) enum RegisterForms {
    Word(Register),
    Switch(bool),
}

impl Register {
    const ALL: [(&'static str, Self); 5] = [
        ("off", Self::Off),
        ("auto", Self::Auto),
        ("system", Self::System),
        ("group", Self::Group),
        ("project", Self::Project),
    ];

    pub(crate) fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(_, known)| *known == self).map_or("off", |(name, _)| name)
    }
}

impl<'de> Deserialize<'de> for CaConfig {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = CaConfig;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the path of a PEM file, {pem: …} or {base64: …}")
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<CaConfig, E> {
                // A certificate in the place of a path is a common slip, and its meaning is plain.
                if text.contains("-----BEGIN") {
                    return Ok(CaConfig::Text(CaText::Pem(text.to_owned())));
                }
                Ok(CaConfig::File(text.into()))
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<CaConfig, A::Error> {
                CaText::deserialize(MapAccessDeserializer::new(map)).map(CaConfig::Text)
            }
        }
        deserializer.deserialize_any(Either)
    }
}

impl<'de> Deserialize<'de> for ProxyConfig {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = ProxyConfig;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the address of a proxy, or {url: …, username: …, password: {file: …}}")
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<ProxyConfig, E> {
                let wrong = |error| E::custom(format!("{error}; write http://proxy:3128"));
                Url::parse(text).map(ProxyConfig::Address).map_err(wrong)
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<ProxyConfig, A::Error> {
                ProxyAccount::deserialize(MapAccessDeserializer::new(map)).map(ProxyConfig::Known)
            }
        }
        deserializer.deserialize_any(Either)
    }
}

impl<'de> Deserialize<'de> for Register {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl Visitor<'_> for Either {
            type Value = Register;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("off, auto, system, group or project")
            }
            // YAML 1.1 takes `off` for false, and so does who knows it; both mean the same here.
            fn visit_bool<E: Error>(self, on: bool) -> Result<Register, E> {
                Ok(if on { Register::System } else { Register::Off })
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Register, E> {
                let known = Register::ALL.iter().find(|(name, _)| *name == text).map(|(_, register)| *register);
                known.ok_or_else(|| E::unknown_variant(text, &["off", "auto", "system", "group", "project"]))
            }
        }
        deserializer.deserialize_any(Either)
    }
}
