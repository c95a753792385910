"""The certificate of the web process: one that is given is looked at, one for trials is made."""

import ssl
from pathlib import Path

import pytest

from tollbook.errors import BadInput
from tollbook.up.certificate import check_certificate, trial_certificate


def test_one_for_trials_is_made_once_and_its_key_is_nobody_elses(tmp_path: Path) -> None:
    certificate, key = trial_certificate(tmp_path / "home", "127.0.0.1")
    check_certificate(certificate, key)
    assert key.stat().st_mode & 0o777 == 0o600
    first = certificate.read_bytes()
    trial_certificate(tmp_path / "home", "127.0.0.1")
    assert certificate.read_bytes() == first
    trial_certificate(tmp_path / "home", "billing.example.net")  # another name needs another
    assert certificate.read_bytes() != first
    certificate.write_bytes(b"damaged")
    check_certificate(*trial_certificate(tmp_path / "home", "127.0.0.1"))
    assert ssl.PEM_cert_to_DER_cert(certificate.read_text())


def test_files_that_cannot_be_used_are_said_at_once(tmp_path: Path) -> None:
    certificate, key = trial_certificate(tmp_path / "one", "127.0.0.1")
    _, other_key = trial_certificate(tmp_path / "two", "127.0.0.1")
    nothing, text = tmp_path / "nothing.pem", tmp_path / "text.pem"
    text.write_text("hello")
    with pytest.raises(BadInput, match=r"nothing\.pem is not a file"):
        check_certificate(nothing, key)
    for pair in ((certificate, other_key), (text, key), (certificate, text)):
        with pytest.raises(BadInput, match="are no certificate and its key in PEM"):
            check_certificate(*pair)
