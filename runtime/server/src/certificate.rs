//! The server's certificate: the user's own, or a self-signed one made at first start.

use std::fs::{OpenOptions, Permissions};
use std::io::Write as _;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use launchpod_tds::tls::ALPN;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, SupportedProtocolVersion};

/// File of the self-signed certificate in the data folder.
const CERTIFICATE_FILE: &str = "tls-certificate.pem";
/// File of its private key.
const KEY_FILE: &str = "tls-key.pem";
/// Names the self-signed certificate is for.
const SELF_SIGNED_NAMES: [&str; 2] = ["localhost", "launchpod"];

/// Where a certificate chain and its private key are, both PEM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateFiles {
    /// The chain, the server's certificate first.
    pub certificate: PathBuf,
    /// The private key: PKCS #8, PKCS #1 or SEC 1.
    pub key: PathBuf,
}

/// TLS for clients, by where its handshake is.
#[derive(Clone, Debug)]
pub struct ServerTls {
    /// In TDS packets (TDS 7.x).
    pub(crate) wrapped: Arc<ServerConfig>,
    /// Before any packet: strict encryption (TDS 8.0).
    pub(crate) strict: Arc<ServerConfig>,
}

/// The certificate can't be used.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    /// A file can't be written.
    #[error("can't write {path}: {source}")]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// A file can't be read, or holds no such thing.
    #[error("{path} holds no PEM {what}: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// "certificate" or "private key".
        what: &'static str,
        /// What is wrong.
        source: rustls::pki_types::pem::Error,
    },
    /// No certificate could be made.
    #[error("can't make a self-signed certificate: {0}")]
    Make(#[from] rcgen::Error),
    /// Certificate and key don't fit each other, or are of a kind that isn't supported.
    #[error("certificate {certificate} and key {key} can't be used: {source}")]
    Use {
        /// The certificate's file.
        certificate: PathBuf,
        /// The key's file.
        key: PathBuf,
        /// What is wrong.
        source: rustls::Error,
    },
}

// === impl CertificateFiles ===

impl CertificateFiles {
    /// The self-signed certificate of a data folder, made when it isn't there yet.
    ///
    /// # Errors
    /// When it can't be made or written.
    pub fn self_signed(data_dir: &Path) -> Result<Self, CertificateError> {
        let files = CertificateFiles {
            certificate: data_dir.join(CERTIFICATE_FILE),
            key: data_dir.join(KEY_FILE),
        };
        if files.certificate.exists() && files.key.exists() {
            return Ok(files);
        }
        let made = rcgen::generate_simple_self_signed(SELF_SIGNED_NAMES.map(String::from))?;
        write(&files.key, &made.signing_key.serialize_pem(), 0o600)?;
        write(&files.certificate, &made.cert.pem(), 0o644)?;
        Ok(files)
    }

    /// TLS with this certificate.
    ///
    /// In a handshake wrapped in TDS packets, TLS 1.2 only: 1.3 makes FreeTDS, Microsoft's ODBC
    /// driver and JDBC hang (measured).
    ///
    /// # Errors
    /// When a file can't be read or the two don't fit.
    pub fn configuration(&self) -> Result<ServerTls, CertificateError> {
        let mut strict = self.of_versions(rustls::DEFAULT_VERSIONS)?;
        strict.alpn_protocols = vec![ALPN.to_vec()];
        let wrapped = self.of_versions(&[&rustls::version::TLS12])?;
        Ok(ServerTls { wrapped: Arc::new(wrapped), strict: Arc::new(strict) })
    }

    fn of_versions(
        &self,
        versions: &[&'static SupportedProtocolVersion],
    ) -> Result<ServerConfig, CertificateError> {
        let chain = CertificateDer::pem_file_iter(&self.certificate)
            .and_then(Iterator::collect::<Result<Vec<_>, _>>)
            .map_err(|source| self.read_error(&self.certificate, "certificate", source))?;
        let key = PrivateKeyDer::from_pem_file(&self.key)
            .map_err(|source| self.read_error(&self.key, "private key", source))?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(versions)
            .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, key))
            .map_err(|source| CertificateError::Use {
                certificate: self.certificate.clone(),
                key: self.key.clone(),
                source,
            })
    }

    fn read_error(
        &self,
        path: &Path,
        what: &'static str,
        source: rustls::pki_types::pem::Error,
    ) -> CertificateError {
        CertificateError::Read { path: path.to_owned(), what, source }
    }
}

/// Writes a file with a mode of its own from the first byte on, also when it was there already
/// with another.
fn write(path: &Path, text: &str, mode: u32) -> Result<(), CertificateError> {
    OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(mode)
        .open(path)
        .and_then(|mut file| {
            file.set_permissions(Permissions::from_mode(mode))?;
            file.write_all(text.as_bytes())
        })
        .map_err(|source| CertificateError::Write { path: path.to_owned(), source })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_self_signed_one_is_made_once_and_only_its_owner_reads_the_key() {
        let folder = tempfile::tempdir().unwrap();
        let files = CertificateFiles::self_signed(folder.path()).unwrap();
        let first = std::fs::read(&files.certificate).unwrap();
        files.configuration().unwrap();
        CertificateFiles::self_signed(folder.path()).unwrap();
        assert_eq!(std::fs::read(&files.certificate).unwrap(), first);
        assert_eq!(files.key.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn a_key_that_takes_the_place_of_one_that_everybody_reads_is_its_owners() {
        let folder = tempfile::tempdir().unwrap();
        let key = folder.path().join(KEY_FILE);
        std::fs::write(&key, "old").unwrap();
        std::fs::set_permissions(&key, Permissions::from_mode(0o644)).unwrap();
        CertificateFiles::self_signed(folder.path()).unwrap();
        assert_eq!(key.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn a_missing_file_is_named() {
        let files =
            CertificateFiles { certificate: "/no/such.pem".into(), key: "/no/key.pem".into() };
        assert!(files.configuration().unwrap_err().to_string().contains("/no/such.pem"));
    }
}
