"""Access tokens: JWTs signed by this site (RS256), readable by clients, refused by every other site."""

import re
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from django.db import connection, transaction

from tollbook.access.errors import BadToken, SessionOver
from tollbook.access.models import RealmName, SigningKey, User
from tollbook.access.options import options
from tollbook.connections.secrets import OtherKey, decrypted, encrypted
from tollbook.connectors.secret import Secret

ALGORITHM = "RS256"
KEY_BITS = 2_048
AUDIENCE = ["portabilling-api", "portasip-api", "espf-api"]
CLAIMED_REALMS = {RealmName.STAFF: "admin", RealmName.CUSTOMER: "customer", RealmName.ACCOUNT: "account"}
KEY_ID = re.compile(r"[0-9a-f]{32}")
MOST_CHARACTERS = 8_192  # of a token that is looked at
_LOCK = 7_043_551  # of the database: one process makes the first key


def make_token(user: User, *, session_id: str, now: datetime, expires_at: datetime) -> str:
    """The access token of a session."""
    claims: dict[str, Any] = {
        "exp": int(expires_at.timestamp()),
        "iat": int(now.timestamp()),
        "i_user": user.pk,
        "i_env": options().i_env,
        "login": user.login,
        "realm": CLAIMED_REALMS[RealmName(user.realm)],
        "jti": session_id,
        "aud": AUDIENCE,
        "scopes": options().scopes,
        "is_super_user": int(user.realm == RealmName.STAFF and user.role_id is None),
    }
    if user.account_id is not None:
        claims["i_account"] = user.account_id
    key_id, private = _signing_key(now)
    return jwt.encode(claims, private, algorithm=ALGORITHM, headers={"kid": key_id})


def session_id_of(token: str, *, now: datetime) -> str:
    """The session that an access token speaks for.

    Raises:
        BadToken: it is no token, or was tampered with. SessionOver: it has expired, or another site made it.
    """
    try:
        if len(token) > MOST_CHARACTERS:
            raise BadToken("an access token is not that long; log in for a new one")
        header = jwt.get_unverified_header(token)
        if header.get("alg") != ALGORITHM or not KEY_ID.fullmatch(str(header.get("kid", ""))):
            raise BadToken("the access token is not signed as this site signs; log in for a new one")
        public = _public(header["kid"])
        # When it ends is held against the clock that is given.
        claims = jwt.decode(
            token,
            public,
            algorithms=[ALGORITHM],
            audience=AUDIENCE[0],
            options={"verify_exp": False, "verify_iat": False, "require": ["exp", "jti", "aud"]},
        )
    except jwt.InvalidTokenError:
        raise BadToken("the access token cannot be verified; log in for a new one") from None
    return _unexpired(claims, now)


def _unexpired(claims: Mapping[str, Any], now: datetime) -> str:
    ends = claims["exp"]
    if not isinstance(ends, int) or ends <= now.timestamp():
        raise SessionOver("the access token has expired; refresh it, or log in again")
    return str(claims["jti"])


@lru_cache(maxsize=64)
def _public(key_id: str) -> str:
    key = SigningKey.objects.filter(key_id=key_id).first()
    if key is None:
        raise SessionOver("the access token is of another site; log in here")
    return key.public


@transaction.atomic
def _signing_key(now: datetime) -> tuple[str, str]:
    """The newest key that can be decrypted here, made if there is none."""
    for attempt in ("look", "look again when nobody else makes one"):
        for key in SigningKey.objects.order_by("-pk")[:8]:
            try:
                return key.key_id, _private(key.key_id, key.private)
            except OtherKey:
                continue  # the house's key was replaced; tokens of before hold until they expire
        if attempt == "look":
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
    made = _make_key(now)
    return made.key_id, _private(made.key_id, made.private)


@lru_cache(maxsize=8)
def _private(key_id: str, sealed: str) -> str:
    return decrypted(sealed, connection=f"signing key {key_id}")["private"].reveal()


def _make_key(now: datetime) -> SigningKey:
    key = rsa.generate_private_key(public_exponent=65_537, key_size=KEY_BITS)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return SigningKey.objects.create(
        key_id=secrets.token_hex(16),
        private=encrypted({"private": Secret(private.decode())}),
        public=public.decode(),
        made_at=now.astimezone(UTC),
    )
