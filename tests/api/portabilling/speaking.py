"""A client of the compatible API as tests have it: raw requests through the whole of Django, without a socket."""

import json
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.http import HttpResponse
from django.test import Client as DjangoClient

FORM, JSON = "application/x-www-form-urlencoded", "application/json"


@dataclass(slots=True)
class Speaker:
    """Somebody who calls. `headers` go with every call."""

    headers: dict[str, str] = field(default_factory=dict)
    address: str = "192.0.2.10"
    web: DjangoClient = field(default_factory=DjangoClient)

    def send(self, path: str, body: bytes | str = b"", content_type: str = JSON, *, verb: str = "POST") -> Any:
        """A raw request; the answer as Django has it."""
        return self.web.generic(
            verb,
            path,
            body,
            content_type=content_type,
            headers=self.headers,
            REMOTE_ADDR=self.address,
            CONTENT_LENGTH=str(len(body)),
        )

    def call(self, method: str, auth: dict[str, Any] | None = None, /, **params: Any) -> dict[str, Any]:
        """E3: the answer of a method, or the fault's two members."""
        asked: dict[str, Any] = {"params": params} | ({"auth_info": auth} if auth is not None else {})
        return answered(self.send(f"/rest/{method}", json.dumps(asked)))

    def log_in(self, login: str, password: str = "", **more: str) -> dict[str, Any]:
        """Open a session and use its access token from now on."""
        asked = {"login": login, **({"password": password} if password else {}), **more}
        tokens = self.call("Session/login", **asked)
        self.headers["Authorization"] = f"Bearer {tokens['access_token']}"
        return tokens


def answered(answer: HttpResponse) -> dict[str, Any]:
    """A JSON object, with HTTP 200, or 500 where it is a fault."""
    assert answer["Content-Type"] == "application/json; charset=UTF-8", answer.content
    found = json.loads(answer.content, parse_float=Decimal)
    assert isinstance(found, dict)
    assert answer.status_code == (500 if "faultcode" in found else 200), found
    return found


def code(answer: dict[str, Any]) -> str:
    """The code of a fault."""
    return str(answer["faultcode"])
