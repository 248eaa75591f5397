//! A `launchpod serve` of the test's own.

use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;
use tiberius::{AuthMethod, Client, Config, EncryptionLevel};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};
use tokio_util::compat::{Compat, TokioAsyncWriteCompatExt as _};

pub type Connection = Client<Compat<TcpStream>>;

const PASSWORD: &str = "Launch-pod-2026";
/// Long enough for the slowest machine; nothing is measured.
const PATIENCE: Duration = Duration::from_secs(60);

/// Ended, with its containers, when dropped.
pub struct Server {
    process: Child,
    port: u16,
    data: TempDir,
}

// === impl Server ===

impl Server {
    /// Starts a server and turns external scripts on.
    pub async fn start() -> Server {
        let binary = std::env::var_os("LAUNCHPOD_BIN").map(PathBuf::from).unwrap_or_else(|| {
            concat!(env!("CARGO_MANIFEST_DIR"), "/../../../target/debug/launchpod").into()
        });
        let data = tempfile::tempdir().unwrap();
        let mut command = Command::new(&binary);
        command.args(["serve", "--listen", "127.0.0.1:0", "--data-dir"]).arg(data.path());
        let behind = std::env::var("LAUNCHPOD_TEST_BEHIND").ok();
        if let Some(behind) = &behind {
            command.args(["--database-kind", "sqlserver", "--database-server", behind]);
            command.arg("--database-trust-server-certificate");
        }
        let mut process = command
            .env("MSSQL_SA_PASSWORD", PASSWORD)
            // A worker is a call's container: tests count them.
            .env("LAUNCHPOD_READY_WORKERS_MAX", "0")
            .env("LAUNCHPOD_SANDBOX", "docker")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{}: {error}", binary.display()));
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let port = line.trim_end().rsplit(':').next().and_then(|port| port.parse().ok());
        let port = port.unwrap_or_else(|| panic!("launchpod serve printed {line:?}"));

        let server = Server { process, port, data };
        if behind.is_some() {
            // A setting of the server's, which is on.
            return server;
        }
        let mut connection = server.connect().await;
        let enable = "EXEC sp_configure 'external scripts enabled', 1; RECONFIGURE";
        connection.simple_query(enable).await.unwrap().into_results().await.unwrap();
        server
    }

    pub async fn connect(&self) -> Connection {
        let mut config = Config::new();
        config.host("127.0.0.1");
        config.port(self.port);
        let given =
            |name, default: &str| std::env::var(name).unwrap_or_else(|_| default.to_owned());
        config.authentication(AuthMethod::sql_server(
            given("LAUNCHPOD_TEST_BEHIND_USER", "sa"),
            given("LAUNCHPOD_TEST_BEHIND_PASSWORD", PASSWORD),
        ));
        // Built without a TLS library of its own.
        config.encryption(EncryptionLevel::NotSupported);
        config.command_timeout(None);
        let socket = TcpStream::connect(config.get_addr()).await.unwrap();
        socket.set_nodelay(true).unwrap();
        Client::connect(config, socket.compat_write()).await.unwrap()
    }

    /// Waits until a script's container runs.
    pub async fn wait_for_script(&self) {
        self.wait_until(|server| !server.containers(&["--filter", "status=running"]).is_empty())
            .await;
    }

    /// Waits until no container of the server is left.
    pub async fn wait_for_no_containers(&self) {
        self.wait_until(|server| server.containers(&["--all"]).is_empty()).await;
    }

    async fn wait_until(&self, condition: impl Fn(&Server) -> bool) {
        let waiting = async {
            while !condition(self) {
                sleep(Duration::from_millis(100)).await;
            }
        };
        timeout(PATIENCE, waiting).await.unwrap();
    }

    fn containers(&self, which: &[&str]) -> Vec<String> {
        let instance = std::fs::read_to_string(self.data.path().join("instance-id")).unwrap();
        let label = format!("label=launchpod.instance={}", instance.trim());
        let output = Command::new("docker")
            .args(["ps", "--quiet", "--filter", &label])
            .args(which)
            .output()
            .unwrap();
        String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Containers die with their controller.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
