//! Certificates: what is wrong with one is said, and none is accepted by mistake.

use std::sync::Arc;

use gitlab::{Certificate, Gitlab, Kind, Unreachable};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose, date_time_ymd};
use tokio::{io::AsyncWriteExt, net::TcpListener};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        crypto::aws_lc_rs,
        pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
    },
};

use crate::fixture::*;

/// A private authority.
struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        params.distinguished_name.push(DnType::CommonName, "Sandrill internal authority");
        let key = KeyPair::generate().expect("a key");
        let pem = params.self_signed(&key).expect("signed").pem();
        Self { issuer: Issuer::new(params, key), pem }
    }
}

fn params(host: &str) -> CertificateParams {
    CertificateParams::new(vec![host.to_owned()]).expect("a name")
}

/// Serves one JSON answer a connection over TLS.
async fn serve(certificate: rcgen::Certificate, key: &KeyPair) -> url::Url {
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .expect("a certificate");
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("bound").port();
    let body = metadata().to_string();
    let answer =
        format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}", body.len());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            // A client that refuses the certificate hangs up here.
            let Ok(mut stream) = acceptor.accept(stream).await else { continue };
            read_head(&mut stream).await;
            stream.write_all(answer.as_bytes()).await.ok();
            stream.shutdown().await.ok();
        }
    });
    format!("https://127.0.0.1:{port}").parse().expect("address")
}

fn trusting(url: url::Url, pem: &str) -> Gitlab {
    let mut settings = settings(url);
    settings.authorities = gitlab::Authorities::parse(pem.as_bytes()).expect("PEM");
    client(settings)
}

/// What the client says about a certificate of the authority it trusts.
async fn check(params: CertificateParams, expected: Certificate, part: &str) {
    let authority = Authority::new();
    let key = KeyPair::generate().expect("a key");
    let url = serve(params.signed_by(&key, &authority.issuer).expect("signed"), &key).await;
    let gitlab = trusting(url, &authority.pem);
    let error = gitlab.metadata().await.expect_err("not acceptable");
    assert_eq!((&error.kind, error.retry), (&Kind::Certificate(expected), false), "{error}");
    assert!(error.to_string().contains(part), "{error}");
    assert_eq!(gitlab.usage().sent, 1, "it would be the same certificate again");
}

#[tokio::test]
async fn a_private_authority_is_trusted_once_it_is_named() {
    let authority = Authority::new();
    let key = KeyPair::generate().expect("a key");
    let url = serve(params("127.0.0.1").signed_by(&key, &authority.issuer).expect("signed"), &key).await;
    let error = client(settings(url.clone())).metadata().await.expect_err("unknown");
    assert_eq!(error.kind, Kind::Certificate(Certificate::UnknownIssuer));
    assert!(error.remedy.contains("`ca`"), "{error}");
    trusting(url, &authority.pem).metadata().await.expect("trusted");
}

#[tokio::test]
async fn a_self_signed_certificate_is_trusted_once_it_is_named() {
    let key = KeyPair::generate().expect("a key");
    let certificate = params("127.0.0.1").self_signed(&key).expect("signed");
    let pem = certificate.pem();
    let url = serve(certificate, &key).await;
    let error = client(settings(url.clone())).metadata().await.expect_err("unknown");
    assert_eq!(error.kind, Kind::Certificate(Certificate::UnknownIssuer));
    trusting(url, &pem).metadata().await.expect("trusted");
}

#[tokio::test]
async fn a_certificate_for_another_host_is_refused() {
    check(params("gitlab.example"), Certificate::WrongHost, "another host name").await;
}

#[tokio::test]
async fn an_expired_certificate_is_refused() {
    let mut old = params("127.0.0.1");
    (old.not_before, old.not_after) = (date_time_ymd(2019, 1, 1), date_time_ymd(2020, 1, 1));
    check(old, Certificate::Expired, "has expired").await;
}

#[tokio::test]
async fn a_certificate_of_the_future_is_refused() {
    let mut young = params("127.0.0.1");
    (young.not_before, young.not_after) = (date_time_ymd(2090, 1, 1), date_time_ymd(2095, 1, 1));
    check(young, Certificate::NotYetValid, "not valid yet").await;
}

#[tokio::test]
async fn another_authority_does_not_do() {
    let (one, other) = (Authority::new(), Authority::new());
    let key = KeyPair::generate().expect("a key");
    let url = serve(params("127.0.0.1").signed_by(&key, &one.issuer).expect("signed"), &key).await;
    let error = trusting(url, &other.pem).metadata().await.expect_err("unknown");
    assert!(matches!(error.kind, Kind::Certificate(Certificate::UnknownIssuer | Certificate::Other)), "{error}");
}

#[tokio::test]
async fn a_wrong_scheme_is_explained() {
    let server = Server::start(|_, _| json(200, &metadata())).await;
    let mut url = server.url.clone();
    url.set_scheme("https").expect("a scheme");
    let error = client(settings(url)).metadata().await.expect_err("no TLS there");
    assert_eq!(error.kind, Kind::Certificate(Certificate::NotTls));
    assert!(error.remedy.contains("http://"), "{error}");

    let key = KeyPair::generate().expect("a key");
    let mut url = serve(params("127.0.0.1").self_signed(&key).expect("signed"), &key).await;
    url.set_scheme("http").expect("a scheme");
    let error = client(settings(url)).metadata().await.expect_err("TLS there");
    assert_eq!(error.kind, Kind::Unreachable(Unreachable::Broken));
}
