//! A connection written down, so that either side can be played back without the other.

use std::error::Error;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};

/// [MS-TDS] 2.2.3.1: the bytes of a packet's header, where its status and its length stand in
/// it, and the status of a message's last packet.
const HEADER: usize = 8;
const STATUS: usize = 1;
const LENGTH: usize = 2;
const END_OF_MESSAGE: u8 = 1;

/// The messages of one connection, each with its packets' headers, in the order of their turns.
#[derive(Default)]
pub struct Recording {
    client: Vec<Vec<u8>>,
    server: Vec<Vec<u8>>,
}

// === impl Recording ===

impl Recording {
    /// Lets a client speak to a server, and writes down both.
    pub async fn of<F>(
        server: SocketAddr,
        client: impl FnOnce(SocketAddr) -> F,
    ) -> Result<Arc<Recording>, Box<dyn Error>>
    where
        F: Future<Output = Result<f64, Box<dyn Error>>>,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let recording = Arc::new(Mutex::new(Recording::default()));
        let written = Arc::clone(&recording);
        let proxy = tokio::spawn(async move {
            let (mut from_client, mut to_client) = listener.accept().await?.0.into_split();
            let (mut from_server, mut to_server) = TcpStream::connect(server).await?.into_split();
            while let Some(asked) = message(&mut from_client).await? {
                to_server.write_all(&asked).await?;
                let Some(answered) = message(&mut from_server).await? else { break };
                to_client.write_all(&answered).await?;
                let mut recording = written.lock().unwrap_or_else(PoisonError::into_inner);
                recording.client.push(asked);
                recording.server.push(answered);
            }
            Ok::<(), std::io::Error>(())
        });
        client(address).await?;
        proxy.await??;
        let recorded =
            std::mem::take(&mut *recording.lock().unwrap_or_else(PoisonError::into_inner));
        Ok(Arc::new(recorded))
    }

    /// Plays the server to one client: it needn't make anything, only send.
    pub async fn serve(self: &Arc<Self>) -> Result<SocketAddr, Box<dyn Error>> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let recording = Arc::clone(self);
        tokio::spawn(async move {
            let (mut from_client, mut to_client) = listener.accept().await?.0.into_split();
            for answer in &recording.server {
                if message(&mut from_client).await?.is_none() {
                    break;
                }
                to_client.write_all(answer).await?;
            }
            Ok::<(), std::io::Error>(())
        });
        Ok(address)
    }

    /// Plays the client to a server, and discards what it answers; how many seconds the last
    /// answer took.
    pub async fn drain(&self, server: SocketAddr) -> Result<f64, Box<dyn Error>> {
        let (mut from_server, mut to_server) = TcpStream::connect(server).await?.into_split();
        let Some((last, first)) = self.client.split_last() else { return Ok(0.0) };
        for asked in first {
            to_server.write_all(asked).await?;
            message(&mut from_server).await?;
        }
        let began = Instant::now();
        discard(&mut from_server, &mut to_server, last, self.server.last().map_or(0, Vec::len))
            .await?;
        Ok(began.elapsed().as_secs_f64())
    }
}

async fn discard(
    from: &mut OwnedReadHalf,
    to: &mut OwnedWriteHalf,
    asked: &[u8],
    mut length: usize,
) -> std::io::Result<()> {
    to.write_all(asked).await?;
    let mut buffer = vec![0; 256 << 10];
    while length > 0 {
        let count = from.read(&mut buffer).await?;
        if count == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        length = length.saturating_sub(count);
    }
    Ok(())
}

/// The next message, all its packets; `None` when the other side has closed.
async fn message(from: &mut OwnedReadHalf) -> std::io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    loop {
        let mut header = [0; HEADER];
        match from.read_exact(&mut header).await {
            Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => return Ok(None),
            read => read?,
        };
        let length = usize::from(u16::from_be_bytes([header[LENGTH], header[LENGTH + 1]]));
        let start = bytes.len();
        bytes.extend_from_slice(&header);
        bytes.resize(start + length.max(HEADER), 0);
        from.read_exact(&mut bytes[start + HEADER..]).await?;
        if header[STATUS] & END_OF_MESSAGE != 0 {
            return Ok(Some(bytes));
        }
    }
}
