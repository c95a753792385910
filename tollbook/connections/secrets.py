"""Secrets of connections: encrypted in the database, with a key that is not in it.

The key is `TOLLBOOK_SECRET_KEY`, or the file `secret.key` in the data home, made with the first secret. Several keys
may be given, separated by commas: the first encrypts, all of them decrypt, so a key can be replaced.
"""

import json
import os
import shlex
from collections.abc import Mapping
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings

from tollbook.connectors.secret import Secret
from tollbook.errors import BadInput

KEY_VARIABLE = "TOLLBOOK_SECRET_KEY"
KEY_FILE = "secret.key"
PENDING = "pending "  # before a secret's name: values the platform may have accepted, a line each


class OtherKey(BadInput):
    """Secrets cannot be decrypted with the key there is."""


def usable(secrets: Mapping[str, Secret]) -> dict[str, Secret]:
    """Those that a connector is given: without pending ones."""
    return {name: secret for name, secret in secrets.items() if not name.startswith(PENDING)}


def with_secrets(there: Mapping[str, Secret], given: Mapping[str, Secret]) -> dict[str, Secret]:
    """Those there are, with what a person says they are now; an empty one is taken out."""
    joined = {**there, **given}
    return {
        name: secret for name, secret in joined.items() if secret and name.removeprefix(PENDING) not in given
    } | {name: secret for name, secret in given.items() if secret}


def encrypted(secrets: Mapping[str, Secret]) -> str:
    """The secrets as one text for the database; "" when there are none."""
    if not secrets:
        return ""
    plain = json.dumps({name: secret.reveal() for name, secret in sorted(secrets.items())})
    return _cipher().encrypt(plain.encode()).decode()


def decrypted(text: str, *, connection: str) -> dict[str, Secret]:
    """The secrets of a connection.

    Raises:
        OtherKey: the key is not the one they were encrypted with, or there is none. None is made then: whoever finds
            the old one shall not have to choose between two.
    """
    if not text:
        return {}
    try:
        if not _is_there():
            raise InvalidToken
        plain = _cipher().decrypt(text.encode())
    except InvalidToken:
        raise OtherKey(
            f"connection {connection!r}: its secrets cannot be decrypted; put back the key they were encrypted with "
            f"({KEY_VARIABLE}, or {_key_file()}), or enter all of them again with "
            f"`tollbook connection add {shlex.quote(connection)} --change --secret NAME`"
        ) from None
    return {name: Secret(value) for name, value in json.loads(plain).items()}


def _cipher() -> MultiFernet:
    return MultiFernet([_fernet(key) for key in _keys().split(",")])


def _fernet(key: str) -> Fernet:
    try:
        return Fernet(key.strip())
    except ValueError:
        raise BadInput(
            f"the key in {KEY_VARIABLE} or {_key_file()} is not a Fernet key: 44 characters of URL-safe base64"
        ) from None


def _is_there() -> bool:
    return bool(os.environ.get(KEY_VARIABLE, "").strip()) or _key_file().exists()


def _keys() -> str:
    given = os.environ.get(KEY_VARIABLE, "").strip()
    if given:
        return given
    path = _key_file()
    if not path.exists():
        _make_key(path)
    return path.read_text("ascii").strip()


def _make_key(path: Path) -> None:
    """A new key, readable by its owner alone. Of two processes that make one at once, the first wins."""
    path.parent.mkdir(parents=True, exist_ok=True)
    made = path.with_name(f"{KEY_FILE}.{os.getpid()}")
    handle = os.open(made, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(Fernet.generate_key() + b"\n")
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(made, path)
    except FileExistsError:
        pass
    finally:
        made.unlink()


def _key_file() -> Path:
    home: Path = settings.TOLLBOOK_HOME
    return home / KEY_FILE
