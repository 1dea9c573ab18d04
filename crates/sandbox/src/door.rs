//! Where connections come in: plain, or with TLS in front.
//!
//! A handshake is made in a task of its own, so that a client that opens a connection and says nothing holds up nobody.

use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio_rustls::TlsAcceptor;

use crate::options::Tls;

/// How long a client may take to shake hands.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// Pause after a refused accept: the machine is out of file handles, and a loop would not give it any.
const PAUSE: Duration = Duration::from_millis(100);

/// A connection that is ready for HTTP.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Unpin + Send + 'static {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send + 'static> Stream for T {}

/// Who sits at the other end, and the wire to cut.
#[derive(Clone, Debug)]
pub(crate) struct Peer(pub(crate) SocketAddr, Arc<AtomicBool>);

impl Peer {
    /// Ends the connection: nothing more is written to it.
    pub(crate) fn cut(&self) {
        self.1.store(true, Ordering::Relaxed);
    }
}

impl Connected<IncomingStream<'_, Door>> for Peer {
    fn connect_info(stream: IncomingStream<'_, Door>) -> Self {
        Self(*stream.remote_addr(), stream.io().cut.clone())
    }
}

/// A connection that can be cut from inside, as a broken network does it.
pub(crate) struct Wire {
    stream: Box<dyn Stream>,
    cut: Arc<AtomicBool>,
}

impl Wire {
    fn of(stream: impl Stream) -> Self {
        Self { stream: Box::new(stream), cut: Arc::default() }
    }

    fn whole(&self) -> io::Result<()> {
        if self.cut.load(Ordering::Relaxed) { Err(io::ErrorKind::ConnectionReset.into()) } else { Ok(()) }
    }
}

impl AsyncRead for Wire {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.whole()?;
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.whole()?;
        Pin::new(&mut self.stream).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

type Arrival = (Wire, SocketAddr);

/// The listener that the server runs on.
pub(crate) enum Door {
    Plain(TcpListener),
    /// Connections whose handshake is done, and the address they come in at.
    Tls(mpsc::Receiver<Arrival>, SocketAddr),
}

impl Door {
    /// Opens the door; with a certificate it speaks TLS and nothing else.
    pub(crate) fn open(listener: TcpListener, tls: Option<&Tls>) -> Result<Self> {
        let Some(tls) = tls else { return Ok(Self::Plain(listener)) };
        let acceptor = TlsAcceptor::from(Arc::new(config(tls)?));
        let address = listener.local_addr()?;
        let (ready, arrivals) = mpsc::channel(64);
        tokio::spawn(greet(listener, acceptor, ready));
        Ok(Self::Tls(arrivals, address))
    }
}

/// Accepts until the door is gone, and shakes hands beside that.
async fn greet(listener: TcpListener, acceptor: TlsAcceptor, ready: mpsc::Sender<Arrival>) {
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = ready.closed() => return,
        };
        let (stream, peer) = match accepted {
            Ok(arrival) => arrival,
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(PAUSE).await;
                continue;
            }
        };
        let (acceptor, ready) = (acceptor.clone(), ready.clone());
        tokio::spawn(async move {
            match tokio::time::timeout(HANDSHAKE, acceptor.accept(stream)).await {
                Ok(Ok(stream)) => {
                    // An error means that the server has stopped: the connection is dropped with it.
                    let _ = ready.send((Wire::of(stream), peer)).await;
                }
                Ok(Err(error)) => tracing::debug!(%peer, %error, "no TLS handshake"),
                Err(_) => tracing::debug!(%peer, "the TLS handshake took too long"),
            }
        });
    }
}

fn config(tls: &Tls) -> Result<ServerConfig> {
    let read = |path: &Path| format!("cannot read PEM from {}", path.display());
    let chain: Vec<CertificateDer<'static>> =
        CertificateDer::pem_file_iter(&tls.cert).and_then(Iterator::collect).with_context(|| read(&tls.cert))?;
    if chain.is_empty() {
        bail!("{} has no certificate", tls.cert.display());
    }
    let key = PrivateKeyDer::from_pem_file(&tls.key).with_context(|| read(&tls.key))?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .with_context(|| format!("{} and {} do not belong together", tls.cert.display(), tls.key.display()))?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

impl Listener for Door {
    type Io = Wire;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> Arrival {
        match self {
            Self::Plain(listener) => {
                let (stream, peer) = Listener::accept(listener).await;
                (Wire::of(stream), peer)
            }
            Self::Tls(arrivals, _) => match arrivals.recv().await {
                Some(arrival) => arrival,
                // The task that greets has gone, which it does only with this door.
                None => std::future::pending().await,
            },
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        match self {
            Self::Plain(listener) => listener.local_addr(),
            Self::Tls(_, address) => Ok(*address),
        }
    }
}
