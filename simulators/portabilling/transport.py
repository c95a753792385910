"""The four ways a request may be written, and what is common to all answers.

Fields `auth_info` and `params` as a web form (1), as parts of a multipart body (2), one JSON object with a Bearer
header (3), or both as JSON inside the path (4), which old scripts still do, some with single quotes.
"""

import ast
import json
from dataclasses import dataclass, field
from email.parser import BytesParser
from typing import Any
from urllib.parse import parse_qs, unquote

from simulators.portabilling.refusals import Refusal
from simulators.web import Request

Record = dict[str, Any]

ROOT = "rest"
BEARER = "Bearer "


@dataclass(frozen=True, slots=True)
class Envelope:
    """A request unpacked: which method, who asks, what for."""

    service: str
    method: str
    auth: Record
    bearer: str | None
    params: Record
    files: dict[str, bytes] = field(default_factory=dict)


def open_envelope(request: Request) -> Envelope:
    """Take a request apart, whichever way it is written.

    Raises:
        Refusal: the address is none of the API's, or the body cannot be read.
    """
    steps = [step for step in request.path.split("/") if step]
    if len(steps) < 3 or steps[0] != ROOT or request.method not in {"GET", "POST"}:
        raise Refusal("Client.api.method_not_found", f"There is no {request.method} {unquote(request.path)}")
    fields, files = _in_path(steps[3:]) if len(steps) > 3 else _in_body(request)
    authorization = request.headers.get("Authorization") or ""
    return Envelope(
        service=steps[1],
        method=steps[2],
        auth=_object(fields, "auth_info"),
        bearer=authorization.removeprefix(BEARER) if authorization.startswith(BEARER) else None,
        params=_object(fields, "params"),
        files=files,
    )


def _in_path(steps: list[str]) -> tuple[Record, dict[str, bytes]]:
    texts = [unquote(step) for step in steps]
    return dict(zip(("auth_info", "params"), texts, strict=False)), {}


def _in_body(request: Request) -> tuple[Record, dict[str, bytes]]:
    content_type = (request.headers.get("Content-Type") or "").partition(";")[0].strip().lower()
    if not request.body:
        return {}, {}
    if content_type == "application/json":
        return _loads(request.body.decode(), "the body"), {}
    if content_type == "multipart/form-data":
        return _parts(request)
    fields = parse_qs(request.body.decode(), keep_blank_values=True)
    return {name: values[-1] for name, values in fields.items()}, {}


def _parts(request: Request) -> tuple[Record, dict[str, bytes]]:
    head = f"Content-Type: {request.headers['Content-Type']}\r\n\r\n".encode()
    message = BytesParser().parsebytes(head + request.body)
    fields: Record = {}
    files: dict[str, bytes] = {}
    for part in message.get_payload():
        if isinstance(part, str):
            raise Refusal("Client.api.bad_request", "The multipart body has no parts")
        name = str(part.get_param("name", header="Content-Disposition"))
        content = part.get_payload(decode=True)
        data = content if isinstance(content, bytes) else b""
        if name in {"auth_info", "params"}:
            fields[name] = data.decode()
        else:
            files[name] = data
    return fields, files


def _object(fields: Record, name: str) -> Record:
    value = fields.get(name)
    if isinstance(value, str):
        value = _loads(value, name) if value.strip() else None
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise Refusal("Client.api.bad_request", f"{name} is not an object")
    return value


def _loads(text: str, name: str) -> Record:
    try:
        value = json.loads(text)
    except ValueError:
        value = _single_quoted(text, name)
    if not isinstance(value, dict):
        raise Refusal("Client.api.bad_request", f"{name} is not an object")
    return value


def _single_quoted(text: str, name: str) -> object:
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        raise Refusal("Client.api.bad_request", f"{name} is not JSON") from None
