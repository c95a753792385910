"""Whom a connector trusts at the far end of a TLS connection, and what to do when it does not."""

import hashlib
import re
import socket
import ssl
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import httpx

from tollbook.errors import BadInput

PIN = "sha256:"
PIN_TIMEOUT_S = 5.0  # to look at a certificate that is not trusted, for the message about it
# OpenSSL's X509_V_ERR_… codes.
_EXPIRED, _NOT_YET_VALID, _OTHER_HOST, _OTHER_IP = 10, 9, 62, 64
_UNKNOWN_ISSUER = (2, 18, 19, 20, 21)


class PinMismatch(ssl.SSLCertVerificationError):
    """The certificate is not the one that was pinned."""


def trust(verify: str, *, platform: str) -> ssl.SSLContext:
    """What the setting `verify` means: yes, no, a file of certificates, or one certificate's fingerprint.

    Raises:
        BadInput: it is none of these.
    """
    if verify in {"", "yes"}:
        return usual_trust()
    if verify == "no":
        return httpx.create_ssl_context(verify=False, trust_env=False)
    if verify.lower().startswith(PIN):
        digits = re.sub("[: ]", "", verify[len(PIN) :]).lower()
        if not re.fullmatch("[0-9a-f]{64}", digits):
            raise BadInput(f"{platform}: setting verify: after {PIN} come 64 hexadecimal digits")
        return _PinnedContext.of(bytes.fromhex(digits))
    try:
        return ssl.create_default_context(cafile=verify)
    except OSError as error:  # ssl.SSLError is one, too
        reason = error.strerror if Path(verify).exists() is False else "it holds no certificate in PEM form"
        raise BadInput(
            f"{platform}: setting verify is {verify!r}, which cannot be used ({reason}); it is yes, no, "
            f"the path of a file of certificates to trust, or {PIN} and a certificate's fingerprint"
        ) from None


@cache
def usual_trust() -> ssl.SSLContext:
    """Those whom everybody trusts, read once: that takes a tenth of a second, more than most requests."""
    return httpx.create_ssl_context(trust_env=False)


class _PinnedContext(ssl.SSLContext):
    """Trusts one certificate, whoever signed it and whatever name is in it. Checked before anything is sent."""

    pinned: bytes

    @classmethod
    def of(cls, pinned: bytes) -> "_PinnedContext":
        context = cls(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        context.pinned = pinned
        return context

    def wrap_socket(self, sock: socket.socket, *args: Any, **kwargs: Any) -> ssl.SSLSocket:
        wrapped = super().wrap_socket(sock, *args, **kwargs)
        seen = hashlib.sha256(wrapped.getpeercert(binary_form=True) or b"").digest()
        if seen != self.pinned:
            wrapped.close()
            raise PinMismatch(f"fingerprint {_shown(seen)}")
        return wrapped


def explain(
    error: ssl.SSLError, host: str, port: int, *, certificate: Callable[[str, int], str] | None = None
) -> str:
    """What is wrong with the far end's TLS, and what a person does about it.

    `certificate` fetches the far end's certificate as PEM, for a message about one that is not trusted; None where TLS
    begins with the connection.
    """
    where = f"{host}:{port}"
    if isinstance(error, PinMismatch):
        return (
            f"{where} has another certificate than the pinned one ({error.args[0]}); find out why: if it was "
            "renewed, set `verify` to the new fingerprint"
        )
    if not isinstance(error, ssl.SSLCertVerificationError):
        return (
            f"{where} speaks no TLS that is understood here ({error.reason or 'no reason given'}); "
            "check the port, and whether the address begins with http:// or https://"
        )
    code = error.verify_code
    if code in {_EXPIRED, _NOT_YET_VALID}:
        return f"the certificate of {where} is out of date ({error.verify_message}); have it renewed"
    if code in {_OTHER_HOST, _OTHER_IP}:
        return (
            f"the certificate of {where} is made for another name ({error.verify_message}); use the name in it as "
            f"host, or trust just this certificate{_how_to_pin(host, port, certificate or _certificate)}"
        )
    kind = "is self-signed" if code in _UNKNOWN_ISSUER[1:3] else "is signed by somebody who is not known here"
    return (
        f"the certificate of {where} {kind}; save it, or the certificate of who signed it, as a file and set "
        f"`verify` to its path, or trust just this certificate{_how_to_pin(host, port, certificate or _certificate)}"
    )


def _how_to_pin(host: str, port: int, certificate: Callable[[str, int], str]) -> str:
    """With the fingerprint seen, so that it can be compared and pinned; without when it cannot be fetched again."""
    try:
        seen = certificate(host, port)
    except OSError:
        return f" by `verify={PIN}…`"
    fingerprint = hashlib.sha256(ssl.PEM_cert_to_DER_cert(seen)).digest()
    return f" by `verify={PIN}{_shown(fingerprint)}`, after comparing that with the certificate on the platform"


def _certificate(host: str, port: int) -> str:
    return ssl.get_server_certificate((host, port), timeout=PIN_TIMEOUT_S)


def _shown(digest: bytes) -> str:
    return digest.hex(":")


def tls_trouble(error: BaseException | None) -> ssl.SSLError | None:
    """The TLS error that caused another, if one did."""
    while error is not None:
        if isinstance(error, ssl.SSLError):
            return error
        error = error.__cause__ or error.__context__
    return None
