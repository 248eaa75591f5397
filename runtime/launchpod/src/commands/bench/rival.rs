//! What is compared with: a container per call, as anybody would start one.

use std::process::Stdio;
use std::time::{Duration, Instant};

use tokio::process::Command;

use crate::error::Error;

/// What the container does: the imports that a worker has done, and the documented script's work.
const SCRIPT: &str = "import pandas, pyarrow
frame = pandas.DataFrame({'col': [1]})
print(pyarrow.Table.from_pandas(frame).column('col')[0])";

/// `docker run` per call.
#[derive(Clone, Debug)]
pub struct Rival {
    /// The ID of the image that workers are made from.
    pub image: String,
}

// === impl Rival ===

impl Rival {
    /// Runs one container to its end, and says how long that took.
    ///
    /// # Errors
    /// When there is no `docker`, or the container fails.
    pub async fn call(&self) -> Result<Duration, Error> {
        let began = Instant::now();
        let output = Command::new("docker")
            .args(["run", "--rm", "--network", "none", "--entrypoint", "python3"])
            .args([&self.image, "-c", SCRIPT])
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .output()
            .await?;
        let took = began.elapsed();
        if output.status.success() && output.stdout == b"1\n" {
            return Ok(took);
        }
        Err(format!("docker run failed: {}", String::from_utf8_lossy(&output.stderr).trim()).into())
    }
}
