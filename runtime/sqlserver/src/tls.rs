//! TLS towards the server: which certificate is taken for its own.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use launchpod_tds::tls::ALPN;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};

use crate::config::{Config, Encryption};

/// Certificates that can't be used.
#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    /// The file can't be read, or holds no certificate.
    #[error("{path} holds no PEM certificate: {reason}")]
    Read {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// There is nothing to check a certificate against.
    #[error(
        "no root certificates to check the server's by ({0}); name its certificate, or trust it unseen"
    )]
    Roots(String),
    /// rustls refuses what it was given.
    #[error(transparent)]
    Tls(#[from] Error),
}

/// How connections to a server are encrypted.
///
/// # Errors
/// When the certificates of the configuration, or the system's, can't be used.
pub(crate) fn client(config: &Config) -> Result<Arc<ClientConfig>, TrustError> {
    let provider = Arc::new(ring::default_provider());
    let verifier = Verifier {
        provider: Arc::clone(&provider),
        trust: match (&config.certificate, config.trust_server_certificate) {
            (_, true) => Trust::Any,
            (Some(path), false) => Trust::Named(named(path)?, verifier(named(path)?, &provider)?),
            (None, false) => Trust::Issued(verifier(system()?, &provider)?),
        },
    };
    // The wrapped handshake of TDS 7 hangs with TLS 1.3.
    let versions: &[&rustls::SupportedProtocolVersion] = match config.encryption {
        Encryption::Strict => rustls::DEFAULT_VERSIONS,
        Encryption::Mandatory | Encryption::Optional => &[&rustls::version::TLS12],
    };
    let mut client = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(versions)?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    if config.encryption == Encryption::Strict {
        client.alpn_protocols = vec![ALPN.to_vec()];
    }
    Ok(Arc::new(client))
}

fn named(path: &Path) -> Result<Vec<CertificateDer<'static>>, TrustError> {
    let read = |reason: String| TrustError::Read { path: path.to_owned(), reason };
    let certificates = CertificateDer::pem_file_iter(path)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| read(error.to_string()))?;
    if certificates.is_empty() { Err(read("it is empty".to_owned())) } else { Ok(certificates) }
}

fn system() -> Result<Vec<CertificateDer<'static>>, TrustError> {
    let loaded = rustls_native_certs::load_native_certs();
    if loaded.certs.is_empty() {
        let reason =
            loaded.errors.first().map_or("the system has none".to_owned(), ToString::to_string);
        return Err(TrustError::Roots(reason));
    }
    Ok(loaded.certs)
}

fn verifier(
    certificates: Vec<CertificateDer<'static>>,
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<WebPkiServerVerifier>, TrustError> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(certificates);
    WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider))
        .build()
        .map_err(|error| TrustError::Roots(error.to_string()))
}

/// Decides whether a certificate is the server's.
#[derive(Debug)]
struct Verifier {
    provider: Arc<CryptoProvider>,
    trust: Trust,
}

#[derive(Debug)]
enum Trust {
    /// Any will do: `trust_server_certificate`.
    Any,
    /// The very certificate in the file, whatever name it is for, as `ServerCertificate` of
    /// SqlConnection has it; or one that those in the file have issued.
    Named(Vec<CertificateDer<'static>>, Arc<WebPkiServerVerifier>),
    /// One issued by a root of the system's.
    Issued(Arc<WebPkiServerVerifier>),
}

// === impl Verifier ===

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let issued = match &self.trust {
            Trust::Any => return Ok(ServerCertVerified::assertion()),
            Trust::Named(named, _) if named.iter().any(|one| one == end_entity) => {
                return Ok(ServerCertVerified::assertion());
            }
            Trust::Named(_, issued) | Trust::Issued(issued) => issued,
        };
        issued.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

/// Whether a handshake failed because of the certificate.
pub(crate) fn is_about_certificate(error: &std::io::Error) -> bool {
    let tls = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>());
    matches!(tls, Some(Error::InvalidCertificate(_)))
}
