//! A script's connection, from its first byte to its last.

use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{Either, Full};
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::upgrade::{OnUpgrade, on};
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite, copy_bidirectional};
use tokio::net::{TcpStream, UnixStream};
use tokio::task::JoinSet;
use tracing::debug;

use crate::activity::Activity;
use crate::addresses::{self, Unreachable};
use crate::allowed::Allowed;
use crate::destination::{Destination, DestinationError};
use crate::forward::forward;
use crate::tally::Tally;

/// The longest head of a request (bytes).
const MAX_HEAD: usize = 64 << 10;
/// How long the head of the next request may take.
const HEAD_WAIT: Duration = Duration::from_secs(30);
/// The port of `http` (RFC 9110, 4.2.1).
const HTTP_PORT: u16 = 80;

/// The way out of one script.
#[derive(Debug)]
pub struct Proxy {
    allowed: Arc<Allowed>,
    tally: Arc<Tally>,
    limits: Limits,
}

/// How long a connection may last without anything happening.
#[derive(Debug)]
struct Limits {
    /// For the next head to be there as a whole.
    head: Duration,
    /// For a byte to pass either way.
    idle: Duration,
}

/// How many connections outward a script may have at once, where it has them.
#[derive(Clone, Copy, Debug)]
struct Reached {
    most: u32,
    /// What says so in the configuration.
    setting: &'static str,
}

/// One connection of a script.
struct Connection<'a> {
    proxy: &'a Proxy,
    /// Whether it is one too many.
    reached: Option<Reached>,
    /// What the connection becomes after the answer to a CONNECT.
    tunnel: Mutex<Option<Tunnel>>,
    /// The connections to servers of requests that are passed on.
    servers: tokio::sync::Mutex<JoinSet<()>>,
}

/// Bytes pass both ways as they come.
struct Tunnel {
    script: OnUpgrade,
    server: TcpStream,
}

/// The answer to a request: a server's, or our own.
type Answer = Response<Either<Incoming, Full<Bytes>>>;

/// A request that isn't carried out.
#[derive(Debug, thiserror::Error)]
enum Refusal {
    #[error(
        "this is a proxy: a request names its http:// URL as a whole, any other goes by CONNECT"
    )]
    NoTarget,
    #[error("{0}")]
    Target(#[from] DestinationError),
    #[error(
        "{0} is not among the hosts and ports that this script may reach: an administrator opens \
         them in the server's settings, to every script (python_outbound) or to those of an external \
         resource pool (outbound of [external_resource_pools.NAME])"
    )]
    NotListed(Destination),
    #[error(
        "a script may have {most} connections outward at once ({setting} in the server's settings), \
         and this one has them", most = .0.most, setting = .0.setting
    )]
    TooMany(Reached),
    #[error("{0} can't be reached: {1}")]
    Unreachable(Destination, Unreachable),
    #[error("{0} gave no answer: {1}")]
    Server(Destination, hyper::Error),
}

// === impl Proxy ===

impl Proxy {
    /// A way out to those hosts and ports, whose use is counted. A connection by which nothing has
    /// passed for as long as `idle` is closed.
    pub fn new(allowed: Arc<Allowed>, tally: Arc<Tally>, idle: Duration) -> Self {
        Proxy { allowed, tally, limits: Limits { head: HEAD_WAIT, idle } }
    }

    /// Serves one connection, until the script closes it, nothing has passed for too long, the
    /// script has sent too much, or the future is dropped.
    pub async fn serve(&self, script: UnixStream) {
        self.attend(script, None).await;
    }

    /// Answers what a connection asks for first with 503 and closes it: the script has `most` of
    /// them, which is all that it may have by what the configuration says as `setting`.
    pub async fn refuse(&self, script: UnixStream, most: u32, setting: &'static str) {
        self.attend(script, Some(Reached { most, setting })).await;
    }

    async fn attend(&self, script: UnixStream, reached: Option<Reached>) {
        let (script, activity) = Activity::of(script, Arc::clone(&self.tally));
        tokio::select! {
            biased;
            () = self.tally.exceeded() => debug!("a script has sent more outward than it may"),
            () = self.converse(script, reached) => {}
            () = activity.ceased(self.limits.idle) => self.tally.idle(),
        }
    }

    async fn converse(
        &self,
        script: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        reached: Option<Reached>,
    ) {
        let connection = Connection {
            proxy: self,
            reached,
            tunnel: Mutex::default(),
            servers: Default::default(),
        };
        let served = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(self.limits.head)
            .max_buf_size(MAX_HEAD)
            .half_close(true)
            .keep_alive(reached.is_none())
            .serve_connection(
                TokioIo::new(script),
                service_fn(|request| connection.answer(request)),
            )
            .with_upgrades()
            .await;
        if let Err(error) = served {
            debug!(error = ?error.to_string(), "a script's connection outward broke");
        }
        let tunnel = connection.tunnel().take();
        if let Some(tunnel) = tunnel {
            tunnel.run().await;
        }
    }
}

// === impl Connection ===

impl Connection<'_> {
    async fn answer(&self, request: Request<Incoming>) -> Result<Answer, Infallible> {
        Ok(self.carry_out(request).await.unwrap_or_else(|refusal| refusal.answer()))
    }

    async fn carry_out(&self, request: Request<Incoming>) -> Result<Answer, Refusal> {
        if let Some(reached) = self.reached {
            return Err(Refusal::TooMany(reached));
        }
        let destination = destination(&request)?;
        let server = self.connect(&destination).await?;
        if request.method() == Method::CONNECT {
            *self.tunnel() = Some(Tunnel { script: on(request), server });
            return Ok(Response::new(Either::Right(Full::default())));
        }
        let mut servers = self.servers.lock().await;
        while servers.try_join_next().is_some() {}
        match forward(request, server, &mut servers).await {
            Ok(response) => Ok(response.map(Either::Left)),
            Err(error) => Err(Refusal::Server(destination, error)),
        }
    }

    async fn connect(&self, destination: &Destination) -> Result<TcpStream, Refusal> {
        let Proxy { allowed, tally, .. } = self.proxy;
        if !allowed.allows(destination) {
            tally.refuse(destination);
            return Err(Refusal::NotListed(destination.clone()));
        }
        let unreachable = |error| Refusal::Unreachable(destination.clone(), error);
        let found = addresses::find(allowed, destination).await;
        match &found {
            Err(Unreachable::Forbidden(_)) => tally.refuse(destination),
            _ => tally.allow(destination),
        }
        addresses::connect(&found.map_err(unreachable)?).await.map_err(unreachable)
    }

    fn tunnel(&self) -> MutexGuard<'_, Option<Tunnel>> {
        self.tunnel.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Where a request is to go.
fn destination(request: &Request<Incoming>) -> Result<Destination, Refusal> {
    let uri = request.uri();
    let authority = uri.authority().ok_or(Refusal::NoTarget)?.as_str();
    match (request.method(), uri.scheme_str()) {
        (&Method::CONNECT, _) => Ok(Destination::parse(authority, None)?),
        (_, Some("http")) => Ok(Destination::parse(authority, Some(HTTP_PORT))?),
        _ => Err(Refusal::NoTarget),
    }
}

// === impl Tunnel ===

impl Tunnel {
    /// Ends when both sides have said all, or one breaks off.
    async fn run(mut self) {
        match self.script.await {
            Ok(script) => {
                let mut script = TokioIo::new(script);
                let moved = copy_bidirectional(&mut script, &mut self.server).await;
                debug!(?moved, "a tunnel ended");
            }
            Err(error) => debug!(error = ?error.to_string(), "no tunnel came of a CONNECT"),
        }
    }
}

// === impl Refusal ===

impl Refusal {
    fn status(&self) -> StatusCode {
        match self {
            Refusal::NoTarget | Refusal::Target(_) => StatusCode::BAD_REQUEST,
            Refusal::NotListed(_) | Refusal::Unreachable(_, Unreachable::Forbidden(_)) => {
                StatusCode::FORBIDDEN
            }
            Refusal::TooMany(_) => StatusCode::SERVICE_UNAVAILABLE,
            Refusal::Unreachable(_, Unreachable::Late) => StatusCode::GATEWAY_TIMEOUT,
            Refusal::Unreachable(..) | Refusal::Server(..) => StatusCode::BAD_GATEWAY,
        }
    }

    fn answer(&self) -> Answer {
        let mut answer = Response::new(Either::Right(Full::from(format!("launchpod: {self}\n"))));
        *answer.status_mut() = self.status();
        let text = HeaderValue::from_static("text/plain; charset=utf-8");
        answer.headers_mut().insert(CONTENT_TYPE, text);
        answer
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;

    const SOON: Duration = Duration::from_millis(50);
    const NEVER: Duration = Duration::from_secs(3600);

    /// The script's end of a connection that is being served by a proxy to that address, and the
    /// proxy's tally.
    fn proxy(allowed: &str, limits: Limits) -> (UnixStream, Arc<Tally>) {
        let allowed = Arc::new(Allowed::new(vec![allowed.parse().unwrap()]));
        let tally = Arc::new(Tally::default());
        let proxy = Proxy { allowed, tally: Arc::clone(&tally), limits };
        let (script, ours) = UnixStream::pair().unwrap();
        tokio::spawn(async move { proxy.serve(ours).await });
        (script, tally)
    }

    #[tokio::test]
    async fn a_tunnel_that_moves_nothing_is_closed() {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (mut script, tally) = proxy(&address, Limits { head: NEVER, idle: SOON });
        let question = format!("CONNECT {address} HTTP/1.1\r\nHost: {address}\r\n\r\n");
        script.write_all(question.as_bytes()).await.unwrap();
        let (mut server, _) = listener.accept().await.unwrap();
        assert_eq!(server.read(&mut [0]).await.unwrap(), 0);
        let mut answer = Vec::new();
        script.read_to_end(&mut answer).await.unwrap();
        assert!(answer.starts_with(b"HTTP/1.1 200 "));
        assert_eq!(tally.counts().idle, 1);
    }

    #[tokio::test]
    async fn bytes_are_counted_and_limited() {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let allowed = Arc::new(Allowed::new(vec![address.parse().unwrap()]));
        let tally = Arc::new(Tally::new(10_000));
        let proxy = Arc::new(Proxy::new(allowed, Arc::clone(&tally), NEVER));
        let question = format!("CONNECT {address} HTTP/1.1\r\nHost: {address}\r\n\r\n");
        let connect = || {
            let (script, ours) = UnixStream::pair().unwrap();
            let proxy = Arc::clone(&proxy);
            tokio::spawn(async move { proxy.serve(ours).await });
            script
        };
        let mut script = connect();
        script.write_all(question.as_bytes()).await.unwrap();
        let (mut server, _) = listener.accept().await.unwrap();
        server.write_all(b"hello").await.unwrap();
        let mut answer = Vec::new();
        while !answer.ends_with(b"hello") {
            script.read_buf(&mut answer).await.unwrap();
        }
        let counts = tally.counts();
        assert_eq!((counts.sent, counts.received), (question.len() as u64, answer.len() as u64));

        script.write_all(&[0; 10_000]).await.unwrap();
        tally.exceeded().await;
        assert_eq!(script.read(&mut [0]).await.unwrap_or(0), 0);
        // Neither this connection nor another one goes on.
        let mut passed = Vec::new();
        let _ = server.read_to_end(&mut passed).await;
        assert!(passed.len() <= 10_000, "{}", passed.len());
        assert_eq!(connect().read(&mut [0]).await.unwrap_or(0), 0);
    }

    #[tokio::test]
    async fn a_head_that_does_not_end_is_not_waited_for() {
        let (mut script, _) = proxy("example.com:443", Limits { head: SOON, idle: NEVER });
        script.write_all(b"CONNECT exam").await.unwrap();
        script.read_to_end(&mut Vec::new()).await.unwrap();
    }
}
