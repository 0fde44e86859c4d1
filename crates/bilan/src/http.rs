//! Connections of browsers: how many there are, for how long they may say nothing, and who is behind a balancer.

use std::future::Future;
use std::io::Cursor;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::Request;
use bilan_admission::{Place, Places, TrustedProxies, proxy_protocol};
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, join};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::time::{Instant, timeout};
use tokio_io_timeout::TimeoutWriter;
use tower::ServiceExt as _;

/// With what a client that knows no other version begins HTTP/2 (RFC 9113, clause 3.4).
const HTTP_2: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// Streams of one HTTP/2 connection at the same time.
const STREAMS: u32 = 100;

/// A fault of the listener is over when none was met for so long.
const QUIET: Duration = Duration::from_secs(60);

/// Limits for the connections of browsers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct HttpServer {
    /// Connections at the same time; further ones wait until one is free.
    pub max_connections: usize,
    /// Connections of one address at the same time; further ones are closed at once. Trusted proxies and this machine are not counted.
    pub max_per_address: usize,
    /// Seconds within which the head of a request must be whole; also how long a connection may wait for the next request.
    pub header_s: u64,
    /// Seconds after which an answer of which nothing is taken is given up.
    pub write_s: u64,
    /// Whether trusted balancers write the address of the client before its first byte (PROXY protocol, version 1 or 2).
    pub proxy_protocol: bool,
}

impl Default for HttpServer {
    fn default() -> Self {
        Self { max_connections: 8192, max_per_address: 256, header_s: 30, write_s: 60, proxy_protocol: false }
    }
}

impl HttpServer {
    fn header(self) -> Duration {
        Duration::from_secs(self.header_s.max(1))
    }
}

/// What connections share.
#[derive(Clone)]
struct Server {
    router: Router,
    settings: HttpServer,
    trusted: Arc<TrustedProxies>,
    addresses: Arc<Places>,
    stopping: watch::Receiver<bool>,
}

/// Serves until `stop` is done and every request that had begun is answered.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    settings: HttpServer,
    trusted: TrustedProxies,
    stop: impl Future<Output = ()>,
) {
    let room = u32::try_from(settings.max_connections).unwrap_or(u32::MAX).max(1);
    let places = Arc::new(Semaphore::new(room as usize));
    let (stopper, stopping) = watch::channel(false);
    let addresses = Places::new(settings.max_per_address);
    let server = Server { router, settings, trusted: Arc::new(trusted), addresses, stopping };
    let mut stop = pin!(stop);
    let mut quiet_until = Instant::now();
    loop {
        // Who finds no room waits in the queue of the system.
        let place = tokio::select! {
            place = Arc::clone(&places).acquire_owned() => place,
            () = &mut stop => break,
        };
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut stop => break,
        };
        match accepted {
            Ok((stream, peer)) => {
                let server = server.clone();
                tokio::spawn(async move {
                    server.connection(stream, peer).await;
                    drop(place);
                });
            }
            Err(error) => {
                // Out of file handles, or a peer that was gone already: the next one may fare better.
                if Instant::now() >= quiet_until {
                    tracing::warn!(%error, "a connection could not be accepted; as long as this lasts it is not said again");
                }
                quiet_until = Instant::now() + QUIET;
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
    drop(listener);
    // Connections that are gone already do not hear it.
    let _ = stopper.send(true);
    let _ = places.acquire_many(room).await;
}

impl Server {
    async fn connection(self, mut stream: TcpStream, peer: SocketAddr) {
        // Pages are written at once; nothing is won by waiting for more.
        let _ = stream.set_nodelay(true);
        let is_proxy = self.trusted.contains(peer.ip());
        let held = if is_proxy { None } else { self.addresses.take(peer.ip()) };
        if held.is_none() && !is_proxy {
            tracing::debug!(%peer, "too many connections of one address");
            return;
        }
        let begun = async {
            let (named, read) = if self.settings.proxy_protocol && is_proxy {
                let introduced = proxy_protocol::read(&mut stream).await?;
                (introduced.client, introduced.rest)
            } else {
                (None, Vec::new())
            };
            // Whom a balancer names holds the place: before its first request, which it may never send.
            let held = named.map(|client| self.place_of(client)).transpose()?;
            Ok::<_, std::io::Error>((named.unwrap_or(peer), first_bytes(&mut stream, read).await?, held))
        };
        let (client, read, _held_behind) = match timeout(self.settings.header(), begun).await {
            Ok(Ok(begun)) => begun,
            Ok(Err(error)) => return tracing::debug!(%peer, %error, "a connection ended before its first request"),
            Err(_) => return tracing::debug!(%peer, "a connection without a request was closed"),
        };
        let is_http_2 = read.starts_with(HTTP_2);
        let (rest, write) = stream.into_split();
        let mut write = TimeoutWriter::new(write);
        write.set_timeout(Some(Duration::from_secs(self.settings.write_s.max(1))));
        let line = join(Cursor::new(read).chain(rest), Box::pin(write));
        if let Err(error) = self.requests(line, client, is_http_2).await {
            tracing::debug!(%client, %error, "a connection ended early");
        }
    }

    /// A place for the client of a balancer; none for another trusted proxy, which speaks for many.
    fn place_of(&self, client: SocketAddr) -> std::io::Result<Option<Place>> {
        if self.trusted.contains(client.ip()) {
            return Ok(None);
        }
        let held = self.addresses.take(client.ip());
        held.map(Some).ok_or_else(|| std::io::Error::other(format!("too many connections of {}", client.ip())))
    }

    async fn requests(
        self,
        line: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        client: SocketAddr,
        is_http_2: bool,
    ) -> Result<(), hyper::Error> {
        let Server { router, settings, mut stopping, .. } = self;
        let service = hyper::service::service_fn(move |request: Request<Incoming>| {
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(ConnectInfo(client));
            router.clone().oneshot(request)
        });
        let io = TokioIo::new(line);
        let stopping = async move {
            // The server itself is gone only when the program ends.
            let _ = stopping.wait_for(|stopping| *stopping).await;
        };
        macro_rules! served {
            ($connection:expr) => {{
                let mut connection = pin!($connection);
                tokio::select! {
                    ended = connection.as_mut() => return ended,
                    () = stopping => connection.as_mut().graceful_shutdown(),
                }
                connection.await
            }};
        }
        if is_http_2 {
            let mut builder = http2::Builder::new(TokioExecutor::new());
            let every = settings.header();
            builder.timer(TokioTimer::new()).keep_alive_interval(every).keep_alive_timeout(every);
            builder.max_concurrent_streams(STREAMS);
            served!(builder.serve_connection(io, service))
        } else {
            let mut builder = http1::Builder::new();
            builder.timer(TokioTimer::new()).header_read_timeout(settings.header());
            served!(builder.serve_connection(io, service))
        }
    }
}

/// So many bytes that it is clear which version of HTTP they are.
async fn first_bytes(stream: &mut TcpStream, mut read: Vec<u8>) -> std::io::Result<Vec<u8>> {
    while read.is_empty() || (read.len() < HTTP_2.len() && HTTP_2.starts_with(&read)) {
        if stream.read_buf(&mut read).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(read)
}

#[cfg(test)]
mod tests;
