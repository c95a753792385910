"""Access tokens: JSON web tokens of three parts, signed with RS256."""

import base64
import binascii
import json
from functools import cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from simulators.portabilling.transport import Record


class BadToken(ValueError):
    """Not a token, or not one of ours."""


def sign(claims: Record) -> str:
    signed = f"{_encode({'alg': 'RS256', 'typ': 'JWT'})}.{_encode(claims)}"
    signature = _key().sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256())
    return f"{signed}.{_base64(signature)}"


def verify(token: str) -> Record:
    """The claims.

    Raises:
        BadToken: it cannot be taken apart, or somebody else signed it.
    """
    try:
        signed, _, signature = token.rpartition(".")
        _key().public_key().verify(_bytes(signature), signed.encode(), padding.PKCS1v15(), hashes.SHA256())
        claims: Record = json.loads(_bytes(signed.split(".")[1]))
    except (ValueError, IndexError, binascii.Error, InvalidSignature) as error:
        raise BadToken from error
    return claims


@cache
def _key() -> rsa.RSAPrivateKey:
    """One for the process: making it costs more than everything else a simulator does at its start."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _encode(part: Record) -> str:
    return _base64(json.dumps(part, separators=(",", ":")).encode())


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
