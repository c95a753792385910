"""Requests as clients in the field put them on the wire: bytes over TLS, with nothing of ours in between."""

import base64
import json
import re
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

BOUNDARY = "----aBoundaryNobodyUses"
PATIENCE_S = 20
DATE_TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")
HEX_32 = re.compile(r"[0-9a-f]{32}")

Params = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Said:
    """What the server answered."""

    status: int
    headers: dict[str, list[str]]  # names in lower case
    body: bytes

    @property
    def content_type(self) -> str:
        return self.headers["content-type"][0]

    @property
    def json(self) -> dict[str, Any]:
        """The object of a success: 200, and typed as strict clients ask."""
        assert self.status == 200, self
        assert self.content_type == "application/json; charset=UTF-8"
        found = json.loads(self.body)
        assert isinstance(found, dict)
        return found

    @property
    def fault(self) -> str:
        """The code of a refusal: always 500, always JSON."""
        assert self.status == 500, self
        assert self.content_type == "application/json; charset=UTF-8"
        found = json.loads(self.body)
        assert set(found) == {"faultcode", "faultstring"}
        assert found["faultstring"]
        return str(found["faultcode"])

    @property
    def faultstring(self) -> str:
        return str(json.loads(self.body)["faultstring"])


@dataclass(frozen=True, slots=True)
class Wire:
    """One listener of the API."""

    port: int
    certificate: Path

    def send(self, verb: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None) -> Said:
        """One request on a connection of its own."""
        context = ssl.create_default_context(cafile=str(self.certificate))
        lines = [f"{verb} {path} HTTP/1.1", "Host: 127.0.0.1", "Connection: close"]
        lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
        if body or verb == "POST":
            lines.append(f"Content-Length: {len(body)}")
        with (
            socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE_S) as plain,
            context.wrap_socket(plain, server_hostname="127.0.0.1") as secure,
        ):
            secure.sendall("\r\n".join([*lines, "", ""]).encode() + body)
            received = bytearray()
            while block := secure.recv(65_536):
                received += block
        return _said(bytes(received))

    # --- the four encodings

    def form(
        self,
        method: str,
        params: Params | None,
        auth: Params | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Said:
        """E1: form fields that are JSON texts. None leaves a field out."""
        fields = {"auth_info": auth, "params": params}
        body = urlencode({name: json.dumps(value) for name, value in fields.items() if value is not None})
        return self.send(
            "POST",
            f"/rest/{method}",
            body.encode(),
            headers={"Content-Type": "application/x-www-form-urlencoded", **(headers or {})},
        )

    def multipart(
        self,
        method: str,
        params: Params | None,
        auth: Params | None = None,
        file: tuple[str, bytes] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Said:
        """E2: the same two as parts, perhaps with a file."""
        parts = [
            f'Content-Disposition: form-data; name="{name}"\r\n\r\n{json.dumps(value)}'.encode()
            for name, value in (("auth_info", auth), ("params", params))
            if value is not None
        ]
        if file is not None:
            name, content = file
            head = (
                f'Content-Disposition: form-data; name="file"; filename="{name}"\r\nContent-Type: text/csv\r\n\r\n'
            )
            parts.append(head.encode() + content)
        mark = f"--{BOUNDARY}".encode()
        body = b"".join(mark + b"\r\n" + part + b"\r\n" for part in parts) + mark + b"--\r\n"
        kind = f"multipart/form-data; boundary={BOUNDARY}"
        return self.send("POST", f"/rest/{method}", body, headers={"Content-Type": kind, **(headers or {})})

    def object(
        self,
        method: str,
        params: Params | None,
        auth: Params | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Said:
        """E3: one JSON object."""
        fields = {"auth_info": auth, "params": params}
        body = json.dumps({name: value for name, value in fields.items() if value is not None})
        return self.send(
            "POST",
            f"/rest/{method}",
            body.encode(),
            headers={"Content-Type": "application/json", **(headers or {})},
        )

    def path(self, method: str, params: Params, auth: Params, *, verb: str = "GET", quotes: str = '"') -> Said:
        """E4: both in the path, sometimes in quotes that are no JSON."""
        texts = [json.dumps(one).replace('"', quotes) for one in (auth, params)]
        return self.send(verb, f"/rest/{method}/" + "/".join(quote(text, safe="") for text in texts))

    # --- sessions

    def login(self, login: str, password: str) -> dict[str, Any]:
        return self.form("Session/login", {"login": login, "password": password}).json

    def bearer(self, login: str, password: str) -> dict[str, str]:
        """The header of somebody who has just logged in."""
        return {"Authorization": f"Bearer {self.login(login, password)['access_token']}"}


def _said(received: bytes) -> Said:
    head, _, body = received.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers: dict[str, list[str]] = {}
    for line in lines:
        name, _, value = line.partition(":")
        headers.setdefault(name.strip().lower(), []).append(value.strip())
    if headers.get("transfer-encoding") == ["chunked"]:
        body = _unchunked(body)
    return Said(int(first.split()[1]), headers, body)


def _unchunked(body: bytes) -> bytes:
    whole = bytearray()
    while body:
        size, _, rest = body.partition(b"\r\n")
        length = int(size, 16)
        if not length:
            break
        whole += rest[:length]
        body = rest[length + 2 :]
    return bytes(whole)


def token_parts(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and payload of a token, as clients read them: without looking at the signature."""
    header, payload, signature = token.split(".")
    assert signature
    first, second = (
        json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))) for part in (header, payload)
    )
    return first, second
