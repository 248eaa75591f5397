//! One client's connection: a task that reads, and one that runs and answers.

use std::sync::Arc;
use std::time::Duration;

use launchpod_tds::message::{BulkPiece, Incoming, MessageReader};
use tokio::io::{AsyncReadExt as _, ReadHalf};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;
use tracing::{debug, warn};

use crate::bulk::{PIECES_IN_FLIGHT, Piece};
use crate::login::{Arrived, Caller, LoggedIn, LoginFailure, log_in};
use crate::respond::Responder;
use crate::runner::{MESSAGE_LIMIT, Request, Runner};
use crate::shared::Shared;
use crate::transport::Transport;

/// How long a client may take to log in, its TLS handshake included.
const LOGIN_TIMEOUT: Duration = Duration::from_secs(30);
/// Messages that wait while one runs; clients send one at a time.
const MESSAGES_IN_FLIGHT: usize = 4;

/// Serves a connection to its end, or until `closing` fires and what runs has ended. An open
/// transaction is rolled back when this returns.
pub(crate) async fn serve(shared: Arc<Shared>, caller: Caller, closing: CancellationToken) {
    let login = tokio::select! {
        login = tokio::time::timeout(LOGIN_TIMEOUT, log_in(&shared, caller)) => login,
        () = closing.cancelled() => return,
    };
    let logged_in = match login {
        Ok(Ok(logged_in)) => logged_in,
        Ok(Err(LoginFailure::Probe)) => {
            debug!("The client left before it sent a PRELOGIN");
            return;
        }
        Ok(Err(error)) => {
            warn!(%error, "No session");
            return;
        }
        Err(_) => {
            warn!("The client didn't log in in time");
            return;
        }
    };
    let logged_in = match logged_in {
        Arrived::Session(logged_in) => *logged_in,
        Arrived::Relay(relay) => return relay.serve(&closing).await,
    };
    let LoggedIn { transport, mut reader, packets, session, version, spid } = logged_in;
    reader.set_limit(MESSAGE_LIMIT);
    let closed = shared.ending.child_token();
    let (read, write) = tokio::io::split(transport);
    let (requests, incoming) = mpsc::channel(MESSAGES_IN_FLIGHT);
    let reading = tokio::spawn(read_messages(read, reader, requests, closed.clone()));
    // Also when the runner panics: half a connection would leave its client waiting for ever.
    let _reading = AbortOnDropHandle::new(reading);
    let name = shared.options.name.clone();
    let mut responder = Responder::new(write, packets, name, closed);
    responder.set_null_bitmaps(version.has_nbc_row());
    let mut runner = Runner { session, responder, version };
    if let Err(error) = runner.run(incoming, &closing).await {
        debug!(%error, "The connection broke");
    }
    if runner.session.transaction().depth > 0 {
        runner.session.reset(false).await;
    }
    drop(spid);
}

/// Reads messages until the client is gone; then whatever runs for it is cancelled.
async fn read_messages(
    mut socket: ReadHalf<Transport>,
    mut reader: MessageReader,
    requests: mpsc::Sender<Request>,
    closed: CancellationToken,
) {
    let _closes_when_done = closed.clone().drop_guard();
    let mut last = closed.child_token();
    // Where the pieces of a bulk load go that has begun.
    let mut load: Option<mpsc::Sender<Piece>> = None;
    loop {
        let request = match reader.next_message() {
            Ok(None) => match socket.read_buf(reader.input()).await {
                Ok(0) | Err(_) => return,
                Ok(_) => continue,
            },
            Ok(Some(Incoming::Message(message))) => {
                last = closed.child_token();
                Request::Run(message, last.clone())
            }
            Ok(Some(Incoming::Bulk(piece))) => {
                if let Some(reset) = piece.begins {
                    last = closed.child_token();
                    let (sender, pieces) = mpsc::channel(PIECES_IN_FLIGHT);
                    load = Some(sender);
                    let begun = Request::Load(reset, pieces, last.clone());
                    if requests.send(begun).await.is_err() {
                        return;
                    }
                }
                send_piece(&mut load, piece).await;
                continue;
            }
            Ok(Some(Incoming::Attention)) => {
                last.cancel();
                load = None;
                Request::Attention
            }
            Ok(Some(Incoming::Ignored(_))) => {
                if load.take().is_some() {
                    last.cancel();
                }
                Request::Ignored
            }
            Err(error) => {
                // Nothing after it can be understood; the runner says so and closes. Until it
                // has, the connection isn't to be taken for closed, and what comes is thrown
                // away: closing with bytes unread would reset it before the error is read.
                last.cancel();
                drop(load);
                let _ = requests.send(Request::Broken(error)).await;
                let drain =
                    async { while socket.read(&mut [0; 4096]).await.is_ok_and(|n| n > 0) {} };
                tokio::select! {
                    () = requests.closed() => return,
                    () = drain => return,
                }
            }
        };
        if requests.send(request).await.is_err() {
            return;
        }
    }
}

/// Passes on what a packet of a bulk load holds. Waits while the load's rows do, and the client
/// with it.
async fn send_piece(load: &mut Option<mpsc::Sender<Piece>>, piece: BulkPiece) {
    let Some(sender) = load else { return };
    // A load that has come to an error takes no more.
    let _ = sender.send(Piece::Bytes(piece.bytes)).await;
    if piece.last {
        let _ = sender.send(Piece::End).await;
        *load = None;
    }
}
