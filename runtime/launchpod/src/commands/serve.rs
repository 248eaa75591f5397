//! `launchpod serve`

use std::net::SocketAddr;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use launchpod_database::Secret;
use launchpod_database::sqlite::Embedded;
use launchpod_server::{CertificateFiles, EncryptionPolicy, Options, Server};
use launchpod_session::Instance;
use launchpod_sqlserver::SqlServer;
use tokio::net::TcpListener;
use tracing::{info, warn};

use crate::administrator::{self, ADMINISTRATOR, PASSWORD_VARIABLE};
use crate::error::Error;
use crate::settings::{Settings, SettingsArguments};
use crate::signals::stop_on_signals;
use crate::{assembly, open_files, output};

/// How long to wait before the SQL Server behind is tried again, at first and at most.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// What `serve` can be told.
#[derive(Args)]
pub struct Arguments {
    #[command(flatten)]
    settings: SettingsArguments,
}

/// Serves clients until SIGTERM or SIGINT.
pub async fn run(arguments: Arguments) -> Result<ExitCode, Error> {
    open_files::raise_limit();
    let settings = arguments.settings.resolve()?;
    let data_dir = assembly::data_dir(&settings)?;
    let stop = stop_on_signals()?;

    let configuration = assembly::configuration(&data_dir)?;
    let behind = assembly::sql_server(&settings)?;
    let database = match &behind {
        None => Some(assembly::database(&settings, &data_dir, configuration.shown())?),
        Some(_) => {
            std::fs::create_dir_all(&data_dir)
                .map_err(|error| format!("{}: {error}", data_dir.display()))?;
            None
        }
    };
    // Before anything of a server that runs already is changed.
    let _lock = assembly::lock(&data_dir)?;
    match &database {
        Some(database) => set_administrator(database, &data_dir)?,
        None => assembly::enable_scripts(&settings, &configuration)?,
    }
    let instance = assembly::instance(&settings, &data_dir, configuration).await?;
    let listener = listen(settings.listen()).await?;
    let address = listener.local_addr()?;
    let options = options(&settings, &data_dir)?;
    let shared = Arc::clone(&instance);
    let server = match (behind, database) {
        (Some(behind), _) => {
            tokio::spawn(watch(behind.clone()));
            Server::before(options, shared, behind)
        }
        (None, Some(database)) => Server::new(options, shared, Arc::new(database)),
        (None, None) => return Err("no database".into()),
    };
    instance.controller.warm();
    output::line(format_args!("launchpod: ready on {address}"))?;
    server.serve(listener, stop).await;
    info!("Shutting down");
    instance.controller.shutdown().await;
    Ok(ExitCode::SUCCESS)
}

/// The server over the embedded database.
///
/// # Errors
/// When the certificate can't be used.
pub fn server(
    settings: &Settings,
    data_dir: &Path,
    instance: Arc<Instance>,
    database: Embedded,
) -> Result<Server, Error> {
    Ok(Server::new(options(settings, data_dir)?, instance, Arc::new(database)))
}

/// Tells when the SQL Server behind can be reached, which serving doesn't wait for: clients that
/// come before are told to try again.
async fn watch(server: SqlServer) {
    let address = &server.upstream().config().address;
    let mut pause = FIRST_PAUSE;
    loop {
        match server.upstream().probe().await {
            Ok(_) => {
                info!(server = %address, "The SQL Server behind answers");
                return;
            }
            Err(error) => warn!(%error, retry_in = ?pause, "The SQL Server behind isn't there"),
        }
        tokio::time::sleep(pause).await;
        pause = (2 * pause).min(LONGEST_PAUSE);
    }
}

/// How the front is set up.
fn options(settings: &Settings, data_dir: &Path) -> Result<Options, Error> {
    let certificate = match (&settings.tls_certificate, &settings.tls_key) {
        (Some(certificate), Some(key)) => {
            CertificateFiles { certificate: certificate.clone(), key: key.clone() }
        }
        (None, None) => CertificateFiles::self_signed(data_dir)?,
        _ => return Err("tls_certificate and tls_key go together: name both, or neither".into()),
    };
    let encryption = match settings.force_encryption {
        Some(true) => EncryptionPolicy::Required,
        _ => EncryptionPolicy::Supported,
    };
    Ok(Options {
        name: assembly::SERVER_NAME.to_owned(),
        encryption,
        tls: certificate.configuration()?,
        grace: settings.grace(),
    })
}

/// Listens, with an error that names the address and the way out.
///
/// # Errors
/// When the address can't be listened on.
pub async fn listen(address: SocketAddr) -> Result<TcpListener, Error> {
    TcpListener::bind(address).await.map_err(|error| {
        format!("can't listen on {address}: {error}; choose another with --listen ADDR:PORT").into()
    })
}

/// Gives `sa` the password of the environment, or at first start one of its own.
fn set_administrator(database: &Embedded, data_dir: &Path) -> Result<(), Error> {
    if let Ok(password) = std::env::var(PASSWORD_VARIABLE) {
        administrator::check_strength(&password)?;
        database.set_password(ADMINISTRATOR, &Secret::from(password))?;
        if let Some(path) = administrator::forget_generated(data_dir)? {
            let path = path.display();
            info!(%path, "Removed the file of the generated password, which no longer holds");
        }
    } else if !database.has_login(ADMINISTRATOR)? {
        let (password, path) = administrator::generate(data_dir)?;
        database.set_password(ADMINISTRATOR, &password)?;
        let path = path.display();
        output::line(format_args!("launchpod: the password of {ADMINISTRATOR} is in {path}"))?;
    }
    Ok(())
}
