//! Looking at a certificate while it is judged: who signed it, whom it is made for, when it ends.

use std::sync::{Arc, Mutex, PoisonError};

use model::Millis;
use rustls::{
    ClientConfig, DigitallySignedStruct, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    pki_types::{CertificateDer, ServerName, UnixTime},
};
use rustls_platform_verifier::Verifier;
use x509_parser::{extensions::GeneralName, prelude::FromDer};

use crate::{
    authority::Authorities,
    certificate,
    error::{Certificate, Error, Kind, Unreachable},
};

/// The certificate that a server showed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Presented {
    /// Who signed it.
    pub issuer: String,
    /// The names it is made for.
    pub names: Vec<String>,
    /// When it ends.
    pub not_after: Millis,
}

/// A TLS client that judges as the transport's does, and what remembers the certificate it was shown.
pub(crate) fn client(authorities: &Authorities) -> Result<(ClientConfig, Arc<Noting>), rustls::Error> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let inner = Verifier::new_with_extra_roots(authorities.der().iter().cloned(), Arc::clone(&provider))?;
    let noting = Arc::new(Noting { inner, seen: Mutex::new(None) });
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(Arc::<Noting>::clone(&noting))
        .with_no_client_auth();
    Ok((config, noting))
}

/// Adds to a refused handshake what the certificate says of itself.
pub(crate) fn refused_handshake(error: &std::io::Error, host: &str, presented: Option<&Presented>) -> Error {
    let Some(tls) = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) else {
        let message = format!("{host} ended the connection before it was encrypted ({error})");
        let remedy = "check the port; a firewall that inspects TLS can do this, too";
        return Error::passing(Kind::Unreachable(Unreachable::Broken), message, remedy);
    };
    let mut told = certificate::tls_error(tls, host);
    let Some(shown) = presented else { return told };
    match told.kind {
        Kind::Certificate(Certificate::UnknownIssuer) => {
            told.message = format!(
                "the certificate of {host} is signed by {:?}, which is not trusted here (self-signed or a private authority)",
                shown.issuer
            );
        }
        Kind::Certificate(Certificate::WrongHost) if !shown.names.is_empty() => {
            let names = shown.names.iter().take(5).cloned().collect::<Vec<_>>().join(", ");
            told.message = format!("the certificate of {host} is made for {names}");
        }
        _ => {}
    }
    told
}

/// Judges as the system does and remembers what was shown, also when it is refused.
#[derive(Debug)]
pub(crate) struct Noting {
    inner: Verifier,
    seen: Mutex<Option<CertificateDer<'static>>>,
}

impl Noting {
    pub(crate) fn presented(&self) -> Option<Presented> {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let (_, read) = x509_parser::certificate::X509Certificate::from_der(seen.as_deref()?).ok()?;
        let of_name = |name: &x509_parser::x509::X509Name<'_>| {
            let common = name.iter_common_name().next().and_then(|cn| cn.as_str().ok()).map(str::to_owned);
            common.unwrap_or_else(|| name.to_string())
        };
        let names = read.subject_alternative_name().ok().flatten().map_or_else(Vec::new, |names| {
            let name = |name: &GeneralName<'_>| match name {
                GeneralName::DNSName(name) => Some((*name).to_owned()),
                GeneralName::IPAddress([a, b, c, d]) => Some(std::net::Ipv4Addr::new(*a, *b, *c, *d).to_string()),
                _ => None,
            };
            names.value.general_names.iter().filter_map(name).collect()
        });
        Some(Presented {
            issuer: of_name(read.issuer()),
            names,
            not_after: read.validity().not_after.timestamp() * 1000,
        })
    }
}

impl ServerCertVerifier for Noting {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = Some(end_entity.clone().into_owned());
        self.inner.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.inner.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.inner.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.inner.supported_verify_schemes()
    }
}
