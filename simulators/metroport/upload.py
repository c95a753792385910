"""A file in a multipart form, as a browser or curl sends it."""

from dataclasses import dataclass
from email.message import Message


@dataclass(frozen=True, slots=True)
class UploadedFile:
    name: str
    content: bytes


def uploaded_file(content_type: str, body: bytes, field: str) -> UploadedFile | None:
    """The file under a field's name; None when the body is no form or has no such file."""
    boundary = _header("Content-Type", content_type).get_param("boundary")
    if not isinstance(boundary, str):
        return None
    for part in (b"\r\n" + body).split(b"\r\n--" + boundary.encode())[1:-1]:
        head, _, content = part.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        disposition = _disposition(head)
        name = disposition.get_param("filename", header="Content-Disposition")
        if disposition.get_param("name", header="Content-Disposition") == field and isinstance(name, str):
            return UploadedFile(name, content)
    return None


def _disposition(head: bytes) -> Message:
    for line in head.decode(errors="replace").split("\r\n"):
        name, _, value = line.partition(":")
        if name.lower() == "content-disposition":
            return _header("Content-Disposition", value.strip())
    return Message()


def _header(name: str, value: str) -> Message:
    message = Message()
    message[name] = value
    return message
