//! What a script says to the proxy of the way out, which leads nowhere here. And what it asks for is
//! shown as it is compared.
#![no_main]

use std::sync::Arc;
use std::time::Duration;

use launchpod_outbound::{Allowed, Destination, Proxy, Tally};
use libfuzzer_sys::fuzz_target;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::runtime::{Builder, Runtime};

/// Nobody is silent for so long: what is said is said at once, and then closed.
const IDLE: Duration = Duration::from_secs(60);

thread_local! {
    static RUNTIME: Runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
}

fuzz_target!(|bytes: &[u8]| {
    if let Ok(text) = std::str::from_utf8(bytes)
        && let Ok(destination) = Destination::parse(text, None)
    {
        let shown = destination.to_string();
        assert!(shown.bytes().all(|byte| byte.is_ascii_graphic()));
        assert_eq!(Destination::parse(&shown, None), Ok(destination));
    }

    RUNTIME.with(|runtime| runtime.block_on(converse(bytes)));
});

/// Says it all, and hears the proxy to its end.
async fn converse(bytes: &[u8]) {
    let proxy = Proxy::new(Arc::new(Allowed::new(Vec::new())), Arc::<Tally>::default(), IDLE);
    let (script, ours) = UnixStream::pair().expect("two sockets");
    let (mut read, mut write) = script.into_split();
    let saying = async {
        // The proxy may have closed by now.
        let _ = write.write_all(bytes).await;
        let _ = write.shutdown().await;
    };
    let hearing = async {
        let _ = read.read_to_end(&mut Vec::new()).await;
    };
    tokio::join!(proxy.serve(ours), saying, hearing);
}
