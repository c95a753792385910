"""Passwords: what they must be like, their hashes, and those that were right a moment ago."""

import hashlib
import hmac
import re
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache

from django.contrib.auth.hashers import check_password, make_password

from tollbook.access.errors import WeakPassword

LEAST_CHARACTERS, MOST_CHARACTERS = 6, 32  # the platform's default
REMEMBERED_S = 60.0
MOST_REMEMBERED = 10_000


def check_password_rules(password: str) -> None:
    """See that a new password has 6 to 32 characters, Latin letters and digits among them.

    Raises:
        WeakPassword: it has not; the password is not in the message.
    """
    if not LEAST_CHARACTERS <= len(password) <= MOST_CHARACTERS:
        raise WeakPassword(
            f"a password has {LEAST_CHARACTERS} to {MOST_CHARACTERS} characters, this one {len(password)}; "
            "choose another"
        )
    if not re.search(r"[A-Za-z]", password) or not re.search(r"[0-9]", password):
        raise WeakPassword("a password has Latin letters and digits, both; choose another")
    if not password.isprintable():
        raise WeakPassword("a password has no control characters; choose another")


def hashed(password: str) -> str:
    """As it is kept."""
    return make_password(password)


def token_hash(token: str) -> str:
    """Of tokens and ids, which nobody can guess: no slow hash is needed."""
    return hashlib.sha256(token.encode()).hexdigest()


def is_token(given: str, kept_hash: str) -> bool:
    """Whether it is the token of that hash."""
    return hmac.compare_digest(token_hash(given), kept_hash)


@dataclass(slots=True)
class RightLately:
    """Passwords that were right within the last minute, as keyed digests in this process's memory alone.

    Clients that send login and password with each call would else cost a tenth of a second every time. The stored
    hash is part of the digest, so a changed password is forgotten by itself.
    """

    clock: Callable[[], float] = time.monotonic
    _key: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    _until: dict[bytes, float] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def remembers(self, password: str, kept_hash: str) -> bool:
        """Whether it was right within the last minute."""
        return bool(kept_hash) and self._until.get(self._digest(password, kept_hash), 0.0) > self.clock()

    def is_right(self, password: str, kept_hash: str) -> bool:
        """Whether it is the password of that hash. A hash that is blank takes as long, and none is right."""
        if len(password) > MOST_CHARACTERS * 4:  # nothing that long was ever accepted
            password, kept_hash = "", ""
        if not check_password(password, kept_hash or _nobodys()) or not kept_hash:
            return False
        with self._lock:
            if len(self._until) >= MOST_REMEMBERED:
                self._until.clear()
            self._until[self._digest(password, kept_hash)] = self.clock() + REMEMBERED_S
        return True

    def _digest(self, password: str, kept_hash: str) -> bytes:
        return hmac.digest(self._key, f"{kept_hash}\0{password}".encode("utf-8", "surrogatepass"), "sha256")


@cache
def _nobodys() -> str:
    return make_password(secrets.token_urlsafe())


RIGHT_LATELY = RightLately()
