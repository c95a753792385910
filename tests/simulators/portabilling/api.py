"""Requests to the simulated PortaBilling, written out by hand as a client of any language would."""

import http.client
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from simulators.portabilling import Simulator

FORM = "application/x-www-form-urlencoded"
JUNE = {"from_date": "2017-06-01 00:00:00", "to_date": "2017-07-01 00:00:00"}


@dataclass
class Reply:
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def fault(self) -> str:
        assert self.status == 500, self.body
        return str(self.json["faultcode"])


class Clock:
    """Tells the time when told; June is over."""

    def __init__(self) -> None:
        self.now = 1_498_953_600  # 2017-07-02 00:00:00

    def __call__(self) -> float:
        return self.now


def send(
    platform: Simulator,
    path: str,
    body: str = "",
    headers: dict[str, str] | None = None,
    *,
    realm: str = "admin",
    verb: str = "POST",
) -> Reply:
    connection = http.client.HTTPConnection("127.0.0.1", platform.port(realm), timeout=10)
    connection.request(verb, path, body.encode(), headers or {})
    answer = connection.getresponse()
    reply = Reply(answer.status, answer.headers, answer.read())
    connection.close()
    return reply


def send_form(platform: Simulator, method: str, fields: dict[str, Any], *, realm: str = "admin") -> Reply:
    body = urlencode({name: json.dumps(value) for name, value in fields.items()})
    return send(platform, f"/rest/{method}", body, {"Content-Type": FORM}, realm=realm)


def send_multipart(platform: Simulator, method: str, fields: dict[str, Any]) -> Reply:
    parts = [
        f'--border\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{json.dumps(value)}\r\n'
        for name, value in fields.items()
    ]
    headers = {"Content-Type": "multipart/form-data; boundary=border"}
    return send(platform, f"/rest/{method}", "".join([*parts, "--border--\r\n"]), headers)


def send_json(platform: Simulator, method: str, value: object, *, token: str = "", realm: str = "admin") -> Reply:
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
    return send(platform, f"/rest/{method}", json.dumps(value), headers, realm=realm)


def send_path(platform: Simulator, method: str, auth: str, params: str, *, verb: str = "POST") -> Reply:
    return send(platform, f"/rest/{method}/{quote(auth, safe='')}/{quote(params, safe='')}", verb=verb)


def log_in(platform: Simulator, *, realm: str = "admin", **credentials: str) -> dict[str, Any]:
    given = credentials or {"login": platform.login, "token": platform.token}
    reply = send_json(platform, "Session/login", {"params": given}, realm=realm)
    assert reply.status == 200, reply.body
    return dict(reply.json)


class Client:
    """Logged in, with a token or as a customer or account."""

    def __init__(self, platform: Simulator, *, realm: str = "admin", **credentials: str) -> None:
        self.platform = platform
        self.realm = realm
        self.session = log_in(platform, realm=realm, **credentials)

    def ask(self, method: str, **params: object) -> Any:
        reply = self.reply(method, **params)
        assert reply.status == 200, reply.body
        return reply.json

    def fault(self, method: str, **params: object) -> str:
        return self.reply(method, **params).fault

    def reply(self, method: str, **params: object) -> Reply:
        token = self.session["access_token"]
        return send_json(self.platform, method, {"params": params}, token=token, realm=self.realm)
