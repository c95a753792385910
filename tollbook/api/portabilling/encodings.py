"""The four ways in which clients write a request: form, multipart, JSON, and the structures in the path."""

from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import Any
from urllib.parse import parse_qsl

from django.core.exceptions import SuspiciousOperation
from django.core.files.uploadhandler import MemoryFileUploadHandler, TemporaryFileUploadHandler
from django.http import HttpRequest
from django.http.multipartparser import MultiPartParser, MultiPartParserError

from tollbook.api.body import read_body
from tollbook.api.portabilling.faults import BAD_REQUEST, Fault
from tollbook.api.portabilling.json_text import read_json, read_object
from tollbook.api.portabilling.method import Upload
from tollbook.api.portabilling.path_form import read_path

MOST_BYTES = 4 << 20  # of a request; a batch of 10,000 rates has 2 MB
MOST_UPLOAD_BYTES = 32 << 20  # of one with a file
MOST_FORM_FIELDS = 20
MOST_PATH_CHARACTERS = 16_384
FORM, MULTIPART = "application/x-www-form-urlencoded", "multipart/form-data"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request, however it was written."""

    auth: Mapping[str, Any]
    params: Mapping[str, Any]
    upload: Upload | None = None


def read_asked(request: HttpRequest, rest: str) -> Asked:
    """What was asked. `rest` is what follows the method in the path.

    Raises:
        Fault: it cannot be read.
    """
    try:
        return _read(request, rest)
    except (ValueError, OSError, MultiPartParserError, SuspiciousOperation) as error:
        raise Fault(BAD_REQUEST, f"the request cannot be read: {_short(error)}") from None


def _read(request: HttpRequest, rest: str) -> Asked:
    media_type = (request.META.get("CONTENT_TYPE") or "").partition(";")[0].strip().lower()
    most = MOST_UPLOAD_BYTES if media_type == MULTIPART else MOST_BYTES
    body = b"" if request.method == "GET" else read_body(request, most=most)
    if body is None:
        raise ValueError(f"it has more than {most} bytes")
    if not body.strip():
        return _of_path(rest)
    if rest.strip("/ "):
        raise ValueError("it has structures in the path and a body; send one of them")
    if media_type == MULTIPART:
        return _of_multipart(request, body)
    # Some clients name the form's type, or none, and send JSON.
    if media_type == "application/json" or body.lstrip()[:1] == b"{":
        return _of_json(body)
    return _of_form(body)


def _of_path(rest: str) -> Asked:
    if len(rest) > MOST_PATH_CHARACTERS:
        raise ValueError(f"its path has more than {MOST_PATH_CHARACTERS} characters; send a body")
    found = [*read_path(rest), {}, {}]
    return Asked(auth=found[0], params=found[1])


def _of_json(body: bytes) -> Asked:
    whole = read_object(read_json(body.decode("utf-8-sig")), "the body")
    return Asked(
        auth=read_object(whole.get("auth_info"), "auth_info"), params=read_object(whole.get("params"), "params")
    )


def _of_form(body: bytes) -> Asked:
    pairs = parse_qsl(
        body.decode("utf-8"), keep_blank_values=True, max_num_fields=MOST_FORM_FIELDS, errors="strict"
    )
    return _of_fields(pairs)


def _of_multipart(request: HttpRequest, body: bytes) -> Asked:
    handlers = [MemoryFileUploadHandler(), TemporaryFileUploadHandler()]
    meta = {**request.META, "CONTENT_LENGTH": str(len(body))}
    fields, files = MultiPartParser(meta, BytesIO(body), handlers, "utf-8").parse()
    asked = _of_fields([(name, value) for name, values in fields.lists() for value in values])
    sent = [one for _, ones in files.lists() for one in ones]
    if len(sent) > 1:
        raise ValueError(f"it brings {len(sent)} files; send one")
    if not sent:
        return asked
    with sent[0] as file:
        upload = Upload(name=str(file.name or "")[:255], content=file.read())
    return Asked(auth=asked.auth, params=asked.params, upload=upload)


def _of_fields(pairs: list[tuple[str, str]]) -> Asked:
    found: dict[str, str] = {}
    for name, value in pairs:
        if name in found:
            raise ValueError(f"the field {name[:60]!r} is there twice")
        found[name] = value
    return Asked(
        auth=read_object(found.get("auth_info"), "auth_info"), params=read_object(found.get("params"), "params")
    )


def _short(error: Exception) -> str:
    """What is wrong, never with what was sent: it may be a password."""
    if isinstance(error, UnicodeDecodeError):
        return "it is not text in UTF-8"
    return str(error)[:200] if type(error) is ValueError else _of_json_error(error)


def _of_json_error(error: Exception) -> str:
    position = getattr(error, "pos", None)
    if position is not None:
        return f"no JSON from character {position} on: {getattr(error, 'msg', '')}"
    return "it did not come whole, or is not written as its Content-Type says"
