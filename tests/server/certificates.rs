//! Certificates for a server of the tests: an authority, and what it signs for this machine. Made by `openssl`, which
//! comes along with Debian's PostgreSQL.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A new key on a curve that every library knows, in a file of its own.
const NEW_KEY: [&str; 5] = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];

/// Makes an authority in a folder: the file of its certificate, with the key beside it.
pub fn authority(folder: &Path, name: &str) -> PathBuf {
    let certificate = folder.join(format!("{name}.pem"));
    openssl(|command| {
        command
            .args(["req", "-x509", "-days", "3650", "-subj", &format!("/CN={name}")])
            .args(NEW_KEY)
            .args(["-addext", "keyUsage=critical,keyCertSign,cRLSign"])
            .arg("-keyout")
            .arg(key(&certificate))
            .arg("-out")
            .arg(&certificate);
    });
    certificate
}

/// Makes a certificate that the authority signs for `localhost` and 127.0.0.1, with the key beside it.
pub fn leaf(folder: &Path, authority: &Path) -> PathBuf {
    let [certificate, request, extensions] = ["leaf.pem", "leaf.csr", "leaf.ext"].map(|name| folder.join(name));
    openssl(|command| {
        command
            .args(["req", "-new", "-subj", "/CN=localhost"])
            .args(NEW_KEY)
            .arg("-keyout")
            .arg(key(&certificate))
            .arg("-out")
            .arg(&request);
    });
    let wanted = "basicConstraints=CA:FALSE\nextendedKeyUsage=serverAuth\nsubjectAltName=DNS:localhost,IP:127.0.0.1\n";
    fs::write(&extensions, wanted).unwrap();
    openssl(|command| {
        command
            .args(["x509", "-req", "-days", "3650", "-CAcreateserial", "-in"])
            .arg(&request)
            .arg("-CA")
            .arg(authority)
            .arg("-CAkey")
            .arg(key(authority))
            .arg("-extfile")
            .arg(&extensions)
            .arg("-out")
            .arg(&certificate);
    });
    certificate
}

/// The file of the key that belongs to a certificate.
pub fn key(certificate: &Path) -> PathBuf {
    certificate.with_extension("key")
}

fn openssl(arguments: impl Fn(&mut Command)) {
    let mut command = Command::new("openssl");
    arguments(&mut command);
    let ran = command.stdin(Stdio::null()).output();
    let ran = ran.unwrap_or_else(|error| panic!("the tests of TLS need openssl: {error}"));
    assert!(ran.status.success(), "{command:?}: {}", String::from_utf8_lossy(&ran.stderr));
}
