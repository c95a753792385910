"""`POST /push/…`: records that switches send by themselves.

A 2xx is only said when the message is written down for good; whoever hears anything else keeps it and sends it again.
Nothing is parsed here. Who is not let in hears the same, whatever is wrong: the connection, the secret or the address.
"""

import base64
import binascii
from collections.abc import Callable
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

import structlog
from django.db import Error
from django.db import connection as database
from django.http import HttpRequest, HttpResponse

from tollbook.api.body import read_body
from tollbook.api.push.gates import GATES, Way
from tollbook.connectors.push_gate import NO_GATE, PushGate
from tollbook.connectors.pushed import Pushed
from tollbook.errors import TollbookError
from tollbook.usage.pushing import keep_message

MAX_BODY_BYTES = 4 << 20  # a call's XML has some 20 kB; with every application logged some hundred
MAX_QUERY_FIELDS = 50
MAX_HEADER_CHARACTERS = 1_000
RETRY_AFTER_S = 5  # when the database is away

LOG = structlog.get_logger()


def with_secret(request: HttpRequest, name: str, secret: str) -> HttpResponse:
    """`POST /push/CONNECTION/SECRET`."""
    return _answer(request, name, lambda gate: gate.admits_secret(secret), _not_found)


def with_login(request: HttpRequest, name: str) -> HttpResponse:
    """`POST /push/CONNECTION` with HTTP Basic."""
    login, password = _basic(request.headers.get("Authorization", ""))
    return _answer(request, name, lambda gate: gate.admits_login(login, password), _who_are_you)


def elsewhere(_request: HttpRequest) -> HttpResponse:
    """Any other address below `/push`."""
    return _not_found()


def _answer(
    request: HttpRequest, name: str, is_known: Callable[[PushGate], bool], refused: Callable[[], HttpResponse]
) -> HttpResponse:
    if request.method != "POST":
        return _text(HTTPStatus.METHOD_NOT_ALLOWED, "records are sent by POST", Allow="POST")
    try:
        return _taken(request, name, is_known) or refused()
    except (Error, TollbookError) as error:
        database.close()  # the next message tries anew
        GATES.forget()
        LOG.error("a record could not be kept", connection=name, error=type(error).__name__)
        return _later()
    except (OSError, ValueError) as error:  # the sender went away, or sent no proper request
        LOG.warning("a record did not come whole", connection=name, error=type(error).__name__)
        return _text(HTTPStatus.BAD_REQUEST, "the body did not come whole")


def _taken(request: HttpRequest, name: str, is_known: Callable[[PushGate], bool]) -> HttpResponse | None:
    """The answer to who is let in; None for anybody else, whose body is not even read."""
    way = GATES.to(name)
    if way is not None and way.gate is None:
        return _later()
    if not _is_let_in(request, way, is_known) or way is None:
        return None
    body = read_body(request, most=MAX_BODY_BYTES)
    if body is None:
        return _text(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"a record has at most {MAX_BODY_BYTES} bytes")
    _keep(way.connection_id, _message(request, body))
    return _text(HTTPStatus.OK, "kept")


def _is_let_in(request: HttpRequest, way: Way | None, is_known: Callable[[PushGate], bool]) -> bool:
    gate = way.gate if way is not None and way.gate is not None else NO_GATE
    is_sender = gate.admits_address(
        str(request.META.get("REMOTE_ADDR", "")), request.headers.get("X-Forwarded-For", "")
    )
    return is_known(gate) and is_sender and gate is not NO_GATE


def _basic(header: str) -> tuple[str, str]:
    scheme, _, value = header.partition(" ")
    if scheme.lower() != "basic":
        return "", ""
    try:
        login, _, password = base64.b64decode(value.strip(), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return login, password


def _message(request: HttpRequest, body: bytes) -> Pushed:
    query: dict[str, Any] = dict(list(request.GET.items())[:MAX_QUERY_FIELDS])
    return Pushed(
        received_at=datetime.now(UTC),
        content_type=request.META.get("CONTENT_TYPE", "")[:MAX_HEADER_CHARACTERS],
        query={name[:MAX_HEADER_CHARACTERS]: value[:MAX_HEADER_CHARACTERS] for name, value in query.items()},
        body=body,
    )


def _keep(connection_id: int, message: Pushed) -> None:
    """Written twice it is kept once: so a connection to the database that has died costs no message."""
    try:
        keep_message(connection_id, message)
    except Error:
        database.close()
        keep_message(connection_id, message)


def _later() -> HttpResponse:
    return _text(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "the record could not be kept; send it again",
        **{"Retry-After": str(RETRY_AFTER_S)},
    )


def _not_found() -> HttpResponse:
    return _text(HTTPStatus.NOT_FOUND, "not found")


def _who_are_you() -> HttpResponse:
    return _text(
        HTTPStatus.UNAUTHORIZED, "login and password, please", **{"WWW-Authenticate": 'Basic realm="push"'}
    )


def _text(status: HTTPStatus, text: str, **headers: str) -> HttpResponse:
    body = f"{text}\n".encode()
    headers |= {"Content-Length": str(len(body)), "Cache-Control": "no-store"}
    return HttpResponse(body, status=status, content_type="text/plain; charset=utf-8", headers=headers)
