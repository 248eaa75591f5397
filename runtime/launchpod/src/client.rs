//! The program as its own client: a real TDS connection to a server on this machine.

use std::net::SocketAddr;

use tiberius::{AuthMethod, EncryptionLevel};
use tokio::net::TcpStream;
use tokio_util::compat::{Compat, TokioAsyncWriteCompatExt as _};

use crate::administrator::ADMINISTRATOR;
use crate::error::Error;

/// A session as the administrator.
pub type Client = tiberius::Client<Compat<TcpStream>>;

/// What turns external scripts on.
pub const ENABLE: &str =
    "EXEC sp_configure 'external scripts enabled', 1; RECONFIGURE WITH OVERRIDE;";

/// The example of the documentation of `sp_execute_external_script`.
pub const DOCUMENTED: &str = "EXEC sp_execute_external_script @language = N'Python',
     @script = N'OutputDataSet = InputDataSet', @input_data_1 = N'SELECT 1 AS col'
WITH RESULT SETS ((col int));";

/// Logs in as the administrator.
///
/// # Errors
/// When nobody answers or the password is another.
pub async fn connect(address: SocketAddr, password: &str) -> Result<Client, Error> {
    let mut config = tiberius::Config::new();
    config.authentication(AuthMethod::sql_server(ADMINISTRATOR, password));
    // The connection never leaves this machine.
    config.encryption(EncryptionLevel::NotSupported);
    let socket = TcpStream::connect(address).await?;
    socket.set_nodelay(true)?;
    Ok(Client::connect(config, socket.compat_write()).await?)
}
