//! TLS by rustls, as the URL asks for it; the words are those of libpq.

use std::sync::Arc;

use postgres::config::SslMode;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::target::TargetError;

/// How much the way to the server is trusted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Mode {
    /// No TLS.
    Disable,
    /// TLS if the server has it; nobody's certificate is looked at.
    Prefer,
    /// TLS, with whatever certificate.
    Require,
    /// TLS, with a certificate of an authority of this file, or of the system.
    VerifyAuthority(Option<String>),
    /// The same, and the certificate is for this host.
    VerifyFull(Option<String>),
}

impl Mode {
    /// The mode of `sslmode=` and `sslrootcert=`; `None` if there is none such, or the two contradict each other.
    pub fn of(mode: Option<&str>, certificate: Option<&str>) -> Option<Self> {
        let certificate = certificate.map(str::to_owned);
        match (mode, certificate) {
            (None | Some("prefer"), None) => Some(Self::Prefer),
            (Some("disable"), None) => Some(Self::Disable),
            (Some("require"), None) => Some(Self::Require),
            // As with libpq: who names an authority wants it looked at.
            (Some("require"), certificate) | (Some("verify-ca"), certificate) => {
                Some(Self::VerifyAuthority(certificate))
            }
            (Some("verify-full"), certificate) => Some(Self::VerifyFull(certificate)),
            _ => None,
        }
    }

    /// What the driver asks the server for.
    pub fn negotiation(&self) -> SslMode {
        match self {
            Self::Disable => SslMode::Disable,
            Self::Prefer => SslMode::Prefer,
            _ => SslMode::Require,
        }
    }
}

/// Makes what the driver talks TLS with.
pub(super) fn connector(mode: &Mode) -> Result<MakeRustlsConnect, TargetError> {
    let provider = Arc::new(ring::default_provider());
    let verifier: Arc<dyn ServerCertVerifier> = match mode {
        Mode::Disable | Mode::Prefer | Mode::Require => {
            Arc::new(Lenient { provider: provider.clone(), authority: None })
        }
        Mode::VerifyAuthority(file) => {
            Arc::new(Lenient { provider: provider.clone(), authority: Some(authority(file.as_deref(), &provider)?) })
        }
        Mode::VerifyFull(file) => authority(file.as_deref(), &provider)?,
    };
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| TargetError::Certificate(error.to_string()))?
        .dangerous()
        .with_custom_certificate_verifier(verifier)
        .with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}

/// What was wrong with the server's certificate, if that is why no connection came about.
pub(super) fn refused(error: &(dyn std::error::Error + 'static)) -> Option<String> {
    // An error of the way there has the one of TLS inside, which is not its source.
    let inside = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
    match inside.and_then(|inside| inside.downcast_ref::<Error>()) {
        Some(wrong @ Error::InvalidCertificate(_)) => Some(wrong.to_string()),
        _ => error.source().and_then(refused),
    }
}

/// Looks at certificates by the authorities of a file, or of the system.
fn authority(file: Option<&str>, provider: &Arc<CryptoProvider>) -> Result<Arc<WebPkiServerVerifier>, TargetError> {
    let mut roots = RootCertStore::empty();
    match file {
        Some(path) => {
            let unreadable = |reason: String| TargetError::Certificate(format!("cannot read `{path}`: {reason}"));
            let found = CertificateDer::pem_file_iter(path).map_err(|error| unreadable(error.to_string()))?;
            for certificate in found {
                let certificate = certificate.map_err(|error| unreadable(error.to_string()))?;
                roots.add(certificate).map_err(|error| unreadable(error.to_string()))?;
            }
        }
        None => drop(roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs)),
    }
    WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider.clone())
        .build()
        .map_err(|error| TargetError::Certificate(format!("no authority to trust: {error}")))
}

/// Does not mind for which host a certificate is; without an authority, nor whose it is.
#[derive(Debug)]
struct Lenient {
    provider: Arc<CryptoProvider>,
    authority: Option<Arc<WebPkiServerVerifier>>,
}

impl ServerCertVerifier for Lenient {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        between: &[CertificateDer<'_>],
        host: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let Some(authority) = &self.authority else { return Ok(ServerCertVerified::assertion()) };
        match authority.verify_server_cert(certificate, between, host, ocsp, now) {
            Err(Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) => Ok(ServerCertVerified::assertion()),
            verified => verified,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signed, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signed, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
