//! `launchpod serve`

use std::net::SocketAddr;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;
use launchpod_database::Secret;
use launchpod_database::sqlite::Embedded;
use launchpod_server::{CertificateFiles, EncryptionPolicy, Options, Server};
use launchpod_session::Instance;
use tokio::net::TcpListener;
use tracing::info;

use crate::administrator::{self, ADMINISTRATOR, PASSWORD_VARIABLE};
use crate::error::Error;
use crate::settings::{Settings, SettingsArguments};
use crate::signals::stop_on_signals;
use crate::{assembly, output};

/// What `serve` can be told.
#[derive(Args)]
pub struct Arguments {
    #[command(flatten)]
    settings: SettingsArguments,
}

/// Serves clients until SIGTERM or SIGINT.
pub async fn run(arguments: Arguments) -> Result<ExitCode, Error> {
    let settings = arguments.settings.resolve()?;
    let data_dir = assembly::data_dir(&settings)?;
    let stop = stop_on_signals()?;

    let configuration = assembly::configuration(&data_dir)?;
    let database = assembly::database(&settings, &data_dir, configuration.shown())?;
    // Before anything of a server that runs already is changed.
    let _lock = assembly::lock(&data_dir)?;
    set_administrator(&database, &data_dir)?;
    let instance = assembly::instance(&settings, &data_dir, configuration).await?;
    let listener = listen(settings.listen()).await?;
    let address = listener.local_addr()?;
    let server = server(&settings, &data_dir, Arc::clone(&instance), database)?;
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
    let options = Options {
        name: assembly::SERVER_NAME.to_owned(),
        encryption,
        tls: certificate.configuration()?,
        grace: settings.grace(),
    };
    Ok(Server::new(options, instance, Arc::new(database)))
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
