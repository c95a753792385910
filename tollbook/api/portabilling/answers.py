"""Answers on the wire: a JSON object, a file, or a fault with HTTP 500."""

import re
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import msgspec
from django.http import HttpResponse

from tollbook.api.portabilling.faults import Fault
from tollbook.api.portabilling.method import Attachment

JSON = "application/json; charset=UTF-8"
ENCODER = msgspec.json.Encoder(decimal_format="number")
MEDIA_TYPE = re.compile(r"[a-z]+/[a-z0-9.+-]+(; charset=[A-Za-z0-9-]+)?")


class Answer(HttpResponse):
    """An answer of the API. Django's own log shall not write of it: the path may hold a password."""

    _has_been_logged = True


def answer(result: Any) -> Answer:
    """What a method gave."""
    if isinstance(result, Attachment):
        return _file(result)
    return _body(HTTPStatus.OK, ENCODER.encode(result), JSON)


def fault_answer(fault: Fault) -> Answer:
    """A refusal."""
    body = ENCODER.encode({"faultcode": fault.code, "faultstring": fault.text})
    return _body(HTTPStatus.INTERNAL_SERVER_ERROR, body, JSON)


def _file(file: Attachment) -> Answer:
    """With its name in double quotes; what has no place in a header is left out, and said in full beside it."""
    plain = re.sub(r"[^A-Za-z0-9 ._()-]", "_", file.name)[:200] or "file"
    disposition = f'attachment; filename="{plain}"'
    if plain != file.name:
        disposition += f"; filename*=UTF-8''{quote(file.name[:200], safe='')}"
    media_type = file.media_type if MEDIA_TYPE.fullmatch(file.media_type) else "application/octet-stream"
    made = _body(HTTPStatus.OK, file.content, media_type)
    made["Content-Disposition"] = disposition
    return made


def _body(status: HTTPStatus, body: bytes, media_type: str) -> Answer:
    headers = {"Content-Length": str(len(body)), "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
    return Answer(body, status=status, content_type=media_type, headers=headers)
