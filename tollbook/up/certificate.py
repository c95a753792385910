"""The certificate that the web process shows, and one for trials that nobody has signed."""

import ipaddress
import os
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tollbook.errors import BadInput

CERTIFICATE, KEY = "trial.crt", "trial.key"
VALID = timedelta(days=825)  # no client believes one that holds longer


def check_certificate(certificate: Path, key: Path) -> None:
    """Find out now that they cannot be used, rather than from a process that dies again and again.

    Raises:
        BadInput: which file, and what is wrong.
    """
    for path in (certificate, key):
        if not path.is_file():
            raise BadInput(f"--tls: {path} is not a file; give certificate and key as two PEM files")
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key, password=_no_password)
    except (ssl.SSLError, OSError, ValueError) as error:
        raise BadInput(
            f"--tls: {certificate} and {key} are no certificate and its key in PEM, without a password ({error})"
        ) from None


def trial_certificate(folder: Path, host: str) -> tuple[Path, Path]:
    """Certificate and key for this host and localhost, kept in the folder; what is there and holds is taken again."""
    certificate, key = folder / CERTIFICATE, folder / KEY
    if not (certificate.exists() and key.exists() and _holds(certificate, host)):
        folder.mkdir(parents=True, exist_ok=True)
        _make(certificate, key, host)
    return certificate, key


def _no_password() -> str:
    raise ValueError("the key has a password")


def _holds(certificate: Path, host: str) -> bool:
    try:
        found = x509.load_pem_x509_certificate(certificate.read_bytes())
        names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (ValueError, x509.ExtensionNotFound):
        return False
    return found.not_valid_after_utc > datetime.now(UTC) and _name(host) in names


def _make(certificate: Path, key: Path, host: str) -> None:
    private = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Tollbook, for trials")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + VALID)
        .add_extension(x509.SubjectAlternativeName({_name(host), _name("localhost")}), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .sign(private, hashes.SHA256())
    )
    no_encryption = serialization.NoEncryption()
    handle = os.open(key, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(
            private.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, no_encryption)
        )
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))


def _name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)
