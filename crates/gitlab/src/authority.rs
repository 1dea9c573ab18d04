//! Certificate authorities as people give them: PEM, or base64 of PEM or DER as environment variables carry it.

use std::fmt;

use base64::{Engine, engine::general_purpose::STANDARD};
use rustls::pki_types::{CertificateDer, pem::PemObject};

use crate::error::{Error, Kind};

/// Authorities to trust beside the system's. Parsed once: a value that exists can be trusted with.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Authorities(Vec<CertificateDer<'static>>);

impl fmt::Debug for Authorities {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Authorities({})", self.0.len())
    }
}

impl Authorities {
    /// Reads one or several certificates.
    ///
    /// # Errors
    /// [`Kind::Configuration`] with what it is instead and how to make of it what is needed.
    pub fn parse(bytes: &[u8]) -> Result<Self, Error> {
        if bytes.iter().all(u8::is_ascii_whitespace) {
            return Err(wrong("is empty", "give the authority's certificate in PEM"));
        }
        // A certificate in DER is a SEQUENCE with a length of two bytes.
        if bytes.starts_with(&[0x30, 0x82]) {
            return Err(wrong(
                "is in DER, the binary form",
                "turn it into PEM with: openssl x509 -inform der -in FILE -out ca.pem",
            ));
        }
        let Ok(text) = std::str::from_utf8(bytes) else {
            return Err(wrong(
                "is neither PEM nor base64",
                "give the authority's certificate in PEM; of a .p12 or .pfx file: openssl pkcs12 -in FILE -cacerts -nokeys -out ca.pem",
            ));
        };
        if text.contains("-----BEGIN") { Self::pem(text) } else { Self::base64(text) }
    }

    fn pem(text: &str) -> Result<Self, Error> {
        if text.contains("PRIVATE KEY-----") {
            return Err(wrong(
                "holds a private key",
                "give the certificate only, and keep the key where it belongs; consider it known to others now",
            ));
        }
        let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(text.as_bytes()).collect();
        let found = found.map_err(|_| {
            wrong(
                "is broken: a PEM block in it does not end or is not base64",
                "copy the file anew, with its last line",
            )
        })?;
        Self::checked(found)
    }

    fn base64(text: &str) -> Result<Self, Error> {
        let joined: String = text.split_whitespace().collect();
        let bytes = STANDARD.decode(joined).map_err(|_| {
            wrong("is neither PEM nor base64", "give text that begins with -----BEGIN CERTIFICATE-----")
        })?;
        match std::str::from_utf8(&bytes) {
            Ok(inner) if inner.contains("-----BEGIN") => Self::pem(inner),
            _ => Self::checked(vec![CertificateDer::from(bytes)]),
        }
    }

    fn checked(found: Vec<CertificateDer<'static>>) -> Result<Self, Error> {
        if found.is_empty() {
            return Err(wrong(
                "holds no certificate",
                "give one or more blocks that begin with -----BEGIN CERTIFICATE-----",
            ));
        }
        for (number, certificate) in (1..).zip(&found) {
            if x509_parser::parse_x509_certificate(certificate).is_err() {
                let what = format!("is broken: certificate {number} in it cannot be read");
                return Err(wrong(&what, "copy the file anew, or export the certificate again"));
            }
        }
        Ok(Self(found))
    }

    /// The certificates in DER.
    pub(crate) fn der(&self) -> &[CertificateDer<'static>] {
        &self.0
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Is there none?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

fn wrong(what: &str, remedy: &str) -> Error {
    Error::caller(Kind::Configuration, format!("the certificate authority {what}"), remedy)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn certificate() -> rcgen::Certificate {
        let params = rcgen::CertificateParams::new(vec!["gitlab.example".to_owned()]).expect("a name");
        params.self_signed(&rcgen::KeyPair::generate().expect("a key")).expect("signed")
    }

    fn refused(bytes: &[u8], what: &str) {
        let error = Authorities::parse(bytes).expect_err(what);
        assert_eq!(error.kind, Kind::Configuration);
        assert!(error.message.contains(what), "{error}");
        assert!(!error.remedy.is_empty());
    }

    #[test]
    fn pem_and_base64_are_read() {
        let (one, two) = (certificate(), certificate());
        let both = format!("comment\n{}\n{}", one.pem(), two.pem());
        assert_eq!(Authorities::parse(both.as_bytes()).expect("PEM").der().len(), 2);
        let of_pem = STANDARD.encode(both);
        assert_eq!(Authorities::parse(of_pem.as_bytes()).expect("base64 of PEM").der().len(), 2);
        let of_der = STANDARD.encode(one.der());
        let (head, tail) = of_der.split_at(70);
        let folded = format!("{head}\n{tail}\n");
        assert_eq!(Authorities::parse(folded.as_bytes()).expect("base64 of DER").der(), [one.der().clone()]);
    }

    #[test]
    fn everything_else_is_called_by_its_name() {
        let good = certificate();
        refused(b" \n", "is empty");
        refused(good.der(), "is in DER");
        refused(&[0xff, 0xfe, 0x00], "neither PEM nor base64");
        refused(b"<html>Sign in</html>", "neither PEM nor base64");
        refused(good.pem().replace("-----END CERTIFICATE-----", "").as_bytes(), "is broken");
        refused(b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "certificate 1");
        refused(STANDARD.encode(b"just text").as_bytes(), "certificate 1");
        let key = rcgen::KeyPair::generate().expect("a key").serialize_pem();
        refused(format!("{}{key}", good.pem()).as_bytes(), "holds a private key");
        refused(
            b"-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n",
            "holds no certificate",
        );
    }
}
