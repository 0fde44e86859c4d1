use std::time::Instant;

use axum::routing::{get, post};
use tokio::io::AsyncWriteExt;
use tokio::sync::oneshot;

use super::*;

/// A server that says who asks, with short limits.
async fn start(settings: HttpServer, trusted: &[&str]) -> (SocketAddr, oneshot::Sender<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let router = Router::new()
        .route("/", get(|ConnectInfo(peer): ConnectInfo<SocketAddr>| async move { peer.ip().to_string() }))
        .route("/", post(|body: String| async move { body }));
    let trusted = TrustedProxies::parse(trusted).unwrap();
    tokio::spawn(serve(listener, router, settings, trusted, async move {
        let _ = stopped.await;
    }));
    (address, stop)
}

fn quick() -> HttpServer {
    HttpServer { header_s: 1, ..HttpServer::default() }
}

/// All that comes until the line is closed.
async fn all(stream: &mut TcpStream) -> String {
    let mut text = Vec::new();
    timeout(Duration::from_secs(60), stream.read_to_end(&mut text)).await.expect("the line is closed").unwrap_or(0);
    String::from_utf8_lossy(&text).into_owned()
}

#[tokio::test]
async fn a_half_header_is_not_waited_for() {
    let (address, _stop) = start(quick(), &[]).await;
    for sent in ["", "GET / HT", "PRI * HTTP/2", "GET / HTTP/1.1\r\nhost: a\r\nx-slow: "] {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(sent.as_bytes()).await.unwrap();
        let text = all(&mut stream).await;
        assert!(!text.contains("200 OK"), "{sent}: {text}");
    }
}

#[tokio::test]
async fn a_header_that_comes_letter_by_letter_is_not_waited_for() {
    let (address, _stop) = start(quick(), &[]).await;
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nhost: a\r\nx-slow: ").await.unwrap();
    let begun = Instant::now();
    while stream.write_all(b"a").await.is_ok() {
        tokio::time::sleep(Duration::from_millis(20)).await;
        assert!(begun.elapsed() < Duration::from_secs(60), "the line stays open");
    }
}

#[tokio::test]
async fn a_connection_is_kept_for_the_next_request_and_closed_when_none_comes() {
    let (address, _stop) = start(quick(), &[]).await;
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\nGET / HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    assert_eq!(all(&mut stream).await.matches("200 OK").count(), 2);
}

#[tokio::test]
async fn a_balancer_that_is_trusted_names_the_client() {
    let settings = HttpServer { proxy_protocol: true, ..quick() };
    let request = "GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
    let (address, _stop) = start(settings, &["127.0.0.1"]).await;
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(format!("PROXY TCP4 203.0.113.9 10.0.0.1 4711 80\r\n{request}").as_bytes()).await.unwrap();
    let text = all(&mut stream).await;
    assert!(text.contains("200 OK") && text.ends_with("203.0.113.9"), "{text}");
    let mut without = TcpStream::connect(address).await.unwrap();
    without.write_all(request.as_bytes()).await.unwrap();
    assert_eq!(all(&mut without).await, "", "a trusted balancer that names nobody");

    let (address, _stop) = start(settings, &["10.0.0.1"]).await;
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(format!("PROXY TCP4 203.0.113.9 10.0.0.1 4711 80\r\n{request}").as_bytes()).await.unwrap();
    assert!(!all(&mut stream).await.contains("200 OK"), "somebody else who claims to be one");
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    assert!(all(&mut stream).await.ends_with("127.0.0.1"));
}

#[tokio::test]
async fn behind_a_balancer_each_client_holds_its_own_places() {
    let settings = HttpServer { proxy_protocol: true, max_per_address: 2, ..HttpServer::default() };
    let (address, _stop) = start(settings, &["127.0.0.1"]).await;
    let ask = async |client: &str| {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let request = "GET / HTTP/1.1\r\nhost: a\r\n\r\n";
        stream.write_all(format!("PROXY TCP4 {client} 10.0.0.1 4711 80\r\n{request}").as_bytes()).await.unwrap();
        let mut first = [0; 15];
        let answered =
            timeout(Duration::from_secs(60), stream.read_exact(&mut first)).await.expect("answered or closed");
        answered.is_ok_and(|_| &first == b"HTTP/1.1 200 OK").then_some(stream)
    };
    let held = [ask("203.0.113.9").await, ask("203.0.113.9").await];
    assert!(held.iter().all(Option::is_some));
    assert!(ask("203.0.113.9").await.is_none(), "its places are taken");
    assert!(ask("203.0.113.10").await.is_some(), "another client of the same balancer");
    drop(held);
    let free = timeout(Duration::from_secs(60), async { while ask("203.0.113.9").await.is_none() {} });
    free.await.expect("a place that is given back is free");
}

#[tokio::test]
async fn a_browser_that_goes_away_ends_what_its_request_waits_for() {
    /// Says that the request is no longer worked on.
    struct Dropped(Option<oneshot::Sender<()>>);
    impl Drop for Dropped {
        fn drop(&mut self) {
            self.0.take().unwrap().send(()).unwrap();
        }
    }
    let (begun, has_begun) = oneshot::channel();
    let (dropped, is_dropped) = oneshot::channel();
    let senders = Arc::new(std::sync::Mutex::new(Some((begun, dropped))));
    let waits = move || {
        let (begun, dropped) = senders.lock().unwrap().take().unwrap();
        async move {
            let _dropped = Dropped(Some(dropped));
            begun.send(()).unwrap();
            std::future::pending::<()>().await;
        }
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = Router::new().route("/", get(waits));
    tokio::spawn(serve(listener, router, HttpServer::default(), TrustedProxies::default(), std::future::pending()));
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    has_begun.await.unwrap();
    drop(stream);
    is_dropped.await.unwrap();
}

#[tokio::test]
async fn stopping_answers_what_had_begun_and_ends() {
    let (address, stop) = start(HttpServer::default(), &[]).await;
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 4\r\n\r\nfo").await.unwrap();
    // The other connection is open and asks nothing.
    let mut idle = TcpStream::connect(address).await.unwrap();
    idle.write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    let mut answer = [0; 15];
    idle.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 200 OK");
    stop.send(()).unwrap();
    stream.write_all(b"ur").await.unwrap();
    assert!(all(&mut stream).await.ends_with("four"));
    all(&mut idle).await;
}
