"""Secrets in the database are of no use to who has not the key, and the key is made once, for its owner alone."""

import stat
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from django.conf import LazySettings

from tollbook.connections.secrets import KEY_FILE, KEY_VARIABLE, OtherKey, decrypted, encrypted
from tollbook.connectors.secret import Secret
from tollbook.errors import BadInput

PASSWORD = {"password": Secret("correct horse")}


@pytest.fixture(autouse=True)
def key_file(tmp_path: Path, settings: LazySettings, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv(KEY_VARIABLE, raising=False)
    settings.TOLLBOOK_HOME = tmp_path / "home"
    return tmp_path / "home" / KEY_FILE


def test_the_first_secret_makes_a_key_that_others_cannot_read(key_file: Path) -> None:
    text = encrypted(PASSWORD)

    assert "horse" not in text
    assert stat.S_IMODE(key_file.stat().st_mode) == 0o600
    assert [path.name for path in key_file.parent.iterdir()] == [KEY_FILE]
    key = key_file.read_bytes()
    assert decrypted(text, connection="north") == PASSWORD
    assert decrypted(encrypted(PASSWORD), connection="north") == PASSWORD
    assert key_file.read_bytes() == key


def test_a_lost_key_is_said_and_no_other_is_made_in_its_place(key_file: Path) -> None:
    text = encrypted(PASSWORD)
    backup = key_file.read_bytes()
    key_file.unlink()

    with pytest.raises(OtherKey, match=r"connection 'north': its secrets cannot be decrypted; put back the key"):
        decrypted(text, connection="north")
    assert not key_file.exists()

    key_file.write_bytes(backup)
    assert decrypted(text, connection="north") == PASSWORD


def test_a_key_is_replaced_by_naming_the_new_one_before_the_old(monkeypatch: pytest.MonkeyPatch) -> None:
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    monkeypatch.setenv(KEY_VARIABLE, old)
    text = encrypted(PASSWORD)

    monkeypatch.setenv(KEY_VARIABLE, f"{new}, {old}")
    again = encrypted(decrypted(text, connection="north"))

    monkeypatch.setenv(KEY_VARIABLE, new)
    assert decrypted(again, connection="north") == PASSWORD
    with pytest.raises(OtherKey):
        decrypted(text, connection="north")


def test_a_key_that_is_none_is_said_without_showing_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(KEY_VARIABLE, "hunter2")

    with pytest.raises(BadInput, match="is not a Fernet key: 44 characters") as caught:
        encrypted(PASSWORD)
    assert "hunter2" not in str(caught.value)


def test_who_has_no_secrets_needs_no_key(key_file: Path) -> None:
    assert decrypted(encrypted({}), connection="north") == {}
    assert not key_file.exists()
