//! The proxy between a script, which this test is, and servers on this machine.
#![allow(clippy::unwrap_used)] // A step that fails is a failed test.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use launchpod_outbound::{Allowed, Proxy, Tally};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// Longer than anything here takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// A proxy with one connection, whose other end is ours.
struct Way {
    script: UnixStream,
    tally: Arc<Tally>,
    serving: JoinHandle<()>,
}

/// How often the script was allowed what it asked for, and how often not.
fn asked(tally: &Tally) -> (u64, u64) {
    let counts = tally.counts();
    (counts.allowed, counts.refused)
}

#[tokio::test]
async fn a_tunnel_carries_bytes_until_both_sides_have_said_all() {
    let (address, server) = listen().await;
    let mut way = Way::to(&[&address.to_string()]);
    way.say(&format!("CONNECT {address} HTTP/1.1\r\nHost: {address}\r\n\r\n")).await;
    let mut server = accept(&server).await;
    assert!(way.head().await.starts_with("HTTP/1.1 200 "));

    way.say("question").await;
    way.script.shutdown().await.unwrap();
    assert_eq!(rest(&mut server).await, b"question");
    // More than the sockets hold, while nobody reads.
    let long = vec![7; 3 << 20];
    let answer = long.clone();
    let answering = tokio::spawn(async move { server.write_all(&answer).await.unwrap() });
    assert_eq!(rest(&mut way.script).await, long);
    answering.await.unwrap();
    way.ended().await;
    assert_eq!(asked(&way.tally), (1, 0));
}

#[tokio::test]
async fn what_follows_the_head_at_once_goes_into_the_tunnel() {
    let (address, server) = listen().await;
    let mut way = Way::to(&[&address.to_string()]);
    way.say(&format!("CONNECT {address} HTTP/1.1\r\nHost: x\r\n\r\nearly")).await;
    let mut server = accept(&server).await;
    let mut early = [0; 5];
    server.read_exact(&mut early).await.unwrap();
    assert_eq!(&early, b"early");
}

#[tokio::test]
async fn a_server_that_is_gone_ends_its_tunnel() {
    let (address, server) = listen().await;
    let mut way = Way::to(&[&address.to_string()]);
    way.say(&format!("CONNECT {address} HTTP/1.1\r\nHost: x\r\n\r\n")).await;
    drop(accept(&server).await);
    assert!(way.head().await.starts_with("HTTP/1.1 200 "));
    assert!(rest(&mut way.script).await.is_empty());
}

#[tokio::test]
async fn one_too_many_is_told_how_many_there_may_be() {
    let (script, ours) = UnixStream::pair().unwrap();
    let proxy = Proxy::new(Arc::new(Allowed::new(Vec::new())), Arc::default(), PATIENCE);
    let serving = tokio::spawn(async move { proxy.refuse(ours, 16, "script_connections").await });
    let mut way = Way { script, tally: Arc::default(), serving };
    way.say("CONNECT example.com:443 HTTP/1.1\r\nHost: x\r\n\r\n").await;
    assert!(way.head().await.starts_with("HTTP/1.1 503 "));
    let text = String::from_utf8(rest(&mut way.script).await).unwrap();
    assert!(text.contains("16 connections outward at once (script_connections in"), "{text}");
    way.ended().await;
}

#[tokio::test]
async fn what_is_not_listed_is_refused_by_the_settings_name() {
    let (address, server) = listen().await;
    let mut way = Way::to(&["example.com:443", &format!("127.0.0.2:{}", address.port())]);
    for target in [
        address.to_string(),
        "example.com:80".to_owned(),
        "EXAMPLE.com.evil.org:443".to_owned(),
        format!("[::ffff:127.0.0.1]:{}", address.port()),
    ] {
        // One connection serves them all, one after the other.
        let answer = way.ask(&format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n")).await;
        assert!(answer.starts_with("HTTP/1.1 403 "), "{target}: {answer}");
        assert!(answer.contains("python_outbound"), "{answer}");
    }
    let question = format!("GET http://{address}/ HTTP/1.1\r\nHost: example.com\r\n\r\n");
    assert!(way.ask(&question).await.contains("python_outbound"));
    assert_eq!(asked(&way.tally), (0, 5));
    assert!(timeout(Duration::from_millis(50), server.accept()).await.is_err());
}

#[tokio::test]
async fn a_listed_name_does_not_lead_to_the_host_itself() {
    let (address, server) = listen().await;
    let port = address.port();
    let question = format!("CONNECT localhost:{port} HTTP/1.1\r\nHost: x\r\n\r\n");
    let mut way = Way::to(&[&format!("localhost:{port}")]);
    let answer = way.ask(&question).await;
    assert!(
        answer.starts_with("HTTP/1.1 403 ") && answer.contains("not opened itself"),
        "{answer}"
    );
    assert_eq!(asked(&way.tally), (0, 1));

    let mut way = Way::to(&[&format!("localhost:{port}"), &format!("127.0.0.1:{port}")]);
    way.say(&question).await;
    accept(&server).await;
    assert!(way.head().await.starts_with("HTTP/1.1 200 "));
}

#[tokio::test]
async fn a_request_is_passed_on_to_the_host_in_its_url() {
    let (address, server) = listen().await;
    let mut way = Way::to(&[&address.to_string()]);
    way.say(&format!(
        "POST http://{address}/a?b=c HTTP/1.1\r\nHost: other.example\r\nProxy-Connection: x\r\n\
         Proxy-Authorization: Basic eA==\r\nConnection: X-Own\r\nX-Own: 1\r\nX-Kept: 2\r\n\
         Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
    ))
    .await;
    let mut served = accept(&server).await;
    let mut bytes = Vec::new();
    while !bytes.ends_with(b"0\r\n\r\n") {
        assert!(timeout(PATIENCE, served.read_buf(&mut bytes)).await.unwrap().unwrap() > 0);
    }
    let request = String::from_utf8(bytes).unwrap();
    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    let mut lines: Vec<&str> = head.lines().collect();
    lines[1..].sort_unstable();
    assert_eq!(
        lines,
        [
            "POST /a?b=c HTTP/1.1",
            &format!("host: {address}"),
            "transfer-encoding: chunked",
            "via: 1.1 launchpod",
            "x-kept: 2",
        ]
    );
    assert_eq!(body, "5\r\nhello\r\n0\r\n\r\n");

    served.write_all(b"HTTP/1.1 201 Made\r\nContent-Length: 3\r\nX-A: b\r\n\r\nyes").await.unwrap();
    let answer = way.answer().await;
    assert!(answer.starts_with("HTTP/1.1 201 ") && answer.ends_with("\r\n\r\nyes"), "{answer}");

    // The next request on the same connection is looked at anew.
    let answer = way.ask("GET http://other.example/ HTTP/1.1\r\nHost: x\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 403 "), "{answer}");
    assert_eq!(asked(&way.tally), (1, 1));
}

#[tokio::test]
async fn what_is_no_request_to_a_proxy_is_said_so() {
    for question in [
        "GET / HTTP/1.1\r\nHost: example.com\r\n\r\n",
        "GET https://example.com/ HTTP/1.1\r\nHost: example.com\r\n\r\n",
        "GET ftp://example.com/ HTTP/1.1\r\nHost: example.com\r\n\r\n",
        "GET http://user:word@example.com/ HTTP/1.1\r\nHost: example.com\r\n\r\n",
        "CONNECT example.com HTTP/1.1\r\nHost: example.com\r\n\r\n",
        "CONNECT example.com:0 HTTP/1.1\r\nHost: example.com\r\n\r\n",
        "CONNECT 127.1:443 HTTP/1.1\r\nHost: example.com\r\n\r\n",
        "CONNECT [fe80::1%25lo]:443 HTTP/1.1\r\nHost: example.com\r\n\r\n",
        "\x12\x01\x00\x2f\x00\x00\x01\x00 TDS\r\n\r\n",
    ] {
        let mut way = Way::to(&["example.com:443", "example.com:80"]);
        let answer = way.ask(question).await;
        assert!(answer.starts_with("HTTP/1.1 400 "), "{question}: {answer}");
        assert_eq!(asked(&way.tally), (0, 0));
    }
}

#[tokio::test]
async fn a_head_is_bounded() {
    let mut way = Way::to(&["example.com:443"]);
    way.say("GET http://example.com/ HTTP/1.1\r\n").await;
    let line = format!("X: {}\r\n", "x".repeat(1000));
    for _ in 0..200 {
        // It may have closed by now.
        let _ = way.script.write_all(line.as_bytes()).await;
    }
    let answer = String::from_utf8(rest(&mut way.script).await).unwrap();
    assert!(answer.starts_with("HTTP/1.1 431 "), "{answer}");
    way.ended().await;
}

#[tokio::test]
async fn who_does_not_answer_is_named() {
    let (address, server) = listen().await;
    drop(server);
    let mut way = Way::to(&[&address.to_string()]);
    let answer = way.ask(&format!("CONNECT {address} HTTP/1.1\r\nHost: x\r\n\r\n")).await;
    assert!(
        answer.starts_with("HTTP/1.1 502 ") && answer.contains(&address.to_string()),
        "{answer}"
    );

    let (address, server) = listen().await;
    let mut way = Way::to(&[&address.to_string()]);
    way.say(&format!("GET http://{address}/ HTTP/1.1\r\nHost: x\r\n\r\n")).await;
    drop(accept(&server).await);
    let answer = way.answer().await;
    assert!(answer.starts_with("HTTP/1.1 502 "), "{answer}");
}

#[tokio::test]
async fn dropping_it_ends_everything() {
    let (address, server) = listen().await;
    let mut way = Way::to(&[&address.to_string()]);
    way.say(&format!("GET http://{address}/ HTTP/1.1\r\nHost: x\r\n\r\n")).await;
    let mut server = accept(&server).await;
    assert!(server.read(&mut [0; 1024]).await.unwrap() > 0);
    way.serving.abort();
    assert!(rest(&mut server).await.is_empty());
}

// === helpers ===

async fn listen() -> (SocketAddr, TcpListener) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    (listener.local_addr().unwrap(), listener)
}

async fn accept(listener: &TcpListener) -> TcpStream {
    timeout(PATIENCE, listener.accept()).await.unwrap().unwrap().0
}

async fn rest(stream: &mut (impl AsyncReadExt + Unpin)) -> Vec<u8> {
    let mut bytes = Vec::new();
    timeout(PATIENCE, stream.read_to_end(&mut bytes)).await.unwrap().unwrap();
    bytes
}

impl Way {
    fn to(entries: &[&str]) -> Self {
        let allowed = Allowed::new(entries.iter().map(|entry| entry.parse().unwrap()).collect());
        let tally = Arc::new(Tally::default());
        let proxy = Proxy::new(Arc::new(allowed), Arc::clone(&tally), PATIENCE);
        let (script, ours) = UnixStream::pair().unwrap();
        Way { script, tally, serving: tokio::spawn(async move { proxy.serve(ours).await }) }
    }

    async fn say(&mut self, text: &str) {
        self.script.write_all(text.as_bytes()).await.unwrap();
    }

    /// Up to the empty line.
    async fn head(&mut self) -> String {
        let mut bytes = Vec::new();
        while !bytes.ends_with(b"\r\n\r\n") {
            bytes.push(self.script.read_u8().await.unwrap());
        }
        String::from_utf8(bytes).unwrap()
    }

    /// A whole answer of a length that is said.
    async fn answer(&mut self) -> String {
        let head = timeout(PATIENCE, self.head()).await.unwrap();
        let lines = head.to_ascii_lowercase();
        let length = lines.lines().find_map(|line| line.strip_prefix("content-length: "));
        let mut body = vec![0; length.map_or(0, |length| length.parse().unwrap())];
        self.script.read_exact(&mut body).await.unwrap();
        head + &String::from_utf8(body).unwrap()
    }

    async fn ask(&mut self, question: &str) -> String {
        self.say(question).await;
        self.answer().await
    }

    async fn ended(&mut self) {
        timeout(PATIENCE, &mut self.serving).await.unwrap().unwrap();
    }
}
