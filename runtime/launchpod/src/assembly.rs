//! The parts of a running Launchpod, put together from the settings.

use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bollard::Docker as DockerClient;
use launchpod_controller::{Config, Controller, Language};
use launchpod_database::Configurations;
use launchpod_database::sqlite::{Embedded, Options};
use launchpod_history::History;
use launchpod_image::Catalog;
use launchpod_sandbox::{Config as SandboxConfig, Docker, FastConfig, Pool, choose};
use launchpod_session::configuration::{Configuration, EXTERNAL_SCRIPTS_ENABLED};
use launchpod_session::{Instance, SpoolConfig};
use launchpod_sqlserver::{SqlServer, Upstream};
use uuid::Uuid;

use crate::error::Error;
use crate::known_images::KnownImages;
use crate::settings::Settings;

/// What `@@SERVERNAME` and messages call the server.
pub const SERVER_NAME: &str = "LAUNCHPOD";
/// The file of the data folder that names the instance.
const INSTANCE_FILE: &str = "instance-id";
/// The file of the data folder that holds the options of `sp_configure`.
const CONFIGURATION_FILE: &str = "configuration.json";
/// The file of the data folder that a running server has locked.
const LOCK_FILE: &str = "server.lock";

/// The images of the local engine, with the definitions that this program carries and those of
/// a folder.
///
/// # Errors
/// When the engine can't be reached, or the folder can't be used.
pub async fn images(folder: Option<&Path>) -> Result<launchpod_image::Images, Error> {
    let client = DockerClient::connect_with_defaults()?.negotiate_version().await.map_err(|source| {
        format!("Docker can't be reached ({source}); is it running, and DOCKER_HOST right? `launchpod doctor` says more")
    })?;
    let catalog = match folder {
        Some(folder) => Catalog::with_folder(folder)?,
        None => Catalog::embedded(),
    };
    Ok(launchpod_image::Images::new(client, catalog))
}

/// How workers are made for an instance.
pub fn sandbox(settings: &Settings, instance: Uuid) -> SandboxConfig {
    let mut sandbox = SandboxConfig::new(instance);
    if let Some(run_dir) = &settings.run_dir {
        sandbox.run_folder.clone_from(run_dir);
    }
    sandbox
}

/// What runs scripts, and records them: the controller over the local engine.
///
/// # Errors
/// When the engine can't be reached, the run folder can't be made, or the engine can't give workers what
/// the settings say.
pub async fn controller(
    settings: &Settings,
    instance: Uuid,
    history: Option<History>,
) -> Result<Arc<Controller>, Error> {
    let network = settings.python_network()?;
    let docker = Docker::connect(sandbox(settings, instance)).await?;
    let backend = choose(docker, FastConfig::new(settings.sandbox.unwrap_or_default())?)?;
    let pool = Pool::new(backend, settings.pool());
    let defaults = Config::default();
    let config = Config {
        languages: vec![Language {
            name: "Python".to_owned(),
            environment: settings.python_image().to_owned(),
            command: None,
            runtime: settings.python_runtime.clone(),
            user_namespace: settings.python_user_namespace.unwrap_or_default(),
            network,
        }],
        admission: settings.admission(),
        parallel_workers: settings.parallel_workers.unwrap_or(defaults.parallel_workers),
        limits: settings.limits(),
        pool_outbound: settings.pool_outbound()?,
        time_limit: settings.script_timeout(),
        cpu_limit: settings.cpu_limit(),
        caps: settings.caps(),
        script_connections: settings.script_connections.unwrap_or(defaults.script_connections),
        outbound_idle: settings
            .outbound_idle_timeout
            .map_or(defaults.outbound_idle, Duration::from_secs),
        keeps_scripts: settings.history_scripts.unwrap_or(false),
        type_mapping: settings.type_mapping.unwrap_or_default(),
        refuse_non_finite: settings.refuse_non_finite.unwrap_or(false),
        shared_memory: settings.shared_segments.unwrap_or(defaults.shared_memory),
        ..defaults
    };
    let images = KnownImages::new(images(settings.images.as_deref()).await?);
    let controller = Controller::new(config, Arc::new(pool), Arc::new(images), history);
    controller.check().map_err(|error| error.explain())?;
    Ok(Arc::new(controller))
}

/// The options of a data folder's server.
///
/// # Errors
/// When their file can't be used.
pub fn configuration(data_dir: &Path) -> Result<Configuration, Error> {
    Ok(Configuration::open(&data_dir.join(CONFIGURATION_FILE))?)
}

/// The instance of a data folder: its options and its controller.
///
/// # Errors
/// As [`controller`], and when the folder's files can't be used.
pub async fn instance(
    settings: &Settings,
    data_dir: &Path,
    configuration: Configuration,
) -> Result<Arc<Instance>, Error> {
    let history = History::open(data_dir, settings.history())?;
    let controller = controller(settings, instance_id(data_dir)?, Some(history)).await?;
    let mut instance = Instance::new(configuration, controller);
    instance.spool = SpoolConfig { folder: data_dir.to_owned(), limit: settings.spool_size() };
    Ok(Arc::new(instance))
}

/// Opens the embedded database of a data folder, which is made when it isn't there.
///
/// # Errors
/// When the folder can't be made or the database can't be opened.
pub fn database(
    settings: &Settings,
    data_dir: &Path,
    configurations: Configurations,
) -> Result<Embedded, Error> {
    let options = Options {
        server_name: SERVER_NAME.to_owned(),
        configurations,
        history: Some(data_dir.to_owned()),
        lockout_threshold: settings.login_lockout_threshold(),
        lockout_duration: settings.login_lockout_duration(),
        password_max_age: settings.password_max_age(),
    };
    Ok(Embedded::open(data_dir, options)?)
}

/// The SQL Server behind, when the settings name one.
///
/// # Errors
/// When its certificates or a password can't be used.
pub fn sql_server(settings: &Settings) -> Result<Option<SqlServer>, Error> {
    let Some(config) = settings.database.server()? else { return Ok(None) };
    Ok(Some(SqlServer::new(Arc::new(Upstream::new(config)?))))
}

/// Has external scripts run as the settings say, which decide it with a SQL Server behind.
///
/// # Errors
/// When the options' file can't be written.
pub fn enable_scripts(settings: &Settings, configuration: &Configuration) -> Result<(), Error> {
    let enabled = settings.database.external_scripts.unwrap_or(true);
    configuration.set(EXTERNAL_SCRIPTS_ENABLED, enabled.into())?;
    configuration.reconfigure()?;
    Ok(())
}

/// Makes a data folder one server's; it is until the file is dropped or the process ends.
///
/// # Errors
/// When another server has it.
pub fn lock(data_dir: &Path) -> Result<File, Error> {
    let path = data_dir.join(LOCK_FILE);
    let file = File::create(&path).map_err(|error| file_error(&path, &error))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => {
            Err(format!("another server runs with the data folder {}", data_dir.display()).into())
        }
        Err(TryLockError::Error(error)) => Err(file_error(&path, &error)),
    }
}

/// The identity of the instance that a data folder belongs to, stable over restarts: by it a
/// controller knows the containers that an earlier one left.
fn instance_id(data_dir: &Path) -> Result<Uuid, Error> {
    let path = data_dir.join(INSTANCE_FILE);
    match std::fs::read_to_string(&path) {
        Ok(text) => Uuid::parse_str(text.trim()).map_err(|error| {
            format!("{}: {error}; remove the file to get a new identity", path.display()).into()
        }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let id = Uuid::new_v4();
            std::fs::write(&path, format!("{id}\n")).map_err(|error| file_error(&path, &error))?;
            Ok(id)
        }
        Err(error) => Err(file_error(&path, &error)),
    }
}

fn file_error(path: &Path, error: &io::Error) -> Error {
    format!("{}: {error}", path.display()).into()
}

/// The data folder of the settings.
///
/// # Errors
/// When none is named.
pub fn data_dir(settings: &Settings) -> Result<PathBuf, Error> {
    settings.data_dir.clone().ok_or_else(|| {
        "no data folder: say --data-dir DIR, LAUNCHPOD_DATA_DIR or data_dir in the settings file"
            .into()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_data_folder_is_one_servers() {
        let folder = tempfile::tempdir().unwrap();
        let first = lock(folder.path()).unwrap();
        assert!(lock(folder.path()).unwrap_err().to_string().contains("another server"));
        drop(first);
        lock(folder.path()).unwrap();
    }

    #[test]
    fn an_instance_keeps_its_identity() {
        let folder = tempfile::tempdir().unwrap();
        let first = instance_id(folder.path()).unwrap();
        assert_eq!(instance_id(folder.path()).unwrap(), first);
        std::fs::write(folder.path().join(INSTANCE_FILE), "x").unwrap();
        assert!(instance_id(folder.path()).unwrap_err().to_string().contains(INSTANCE_FILE));
    }
}
