"""The event socket's frames: lines of headers, an empty line, and a body when a length was given."""

import json
from dataclasses import dataclass
from urllib.parse import quote


@dataclass(frozen=True, slots=True)
class Event:
    name: str
    headers: dict[str, str]
    body: str = ""


def frame(headers: dict[str, str], body: bytes = b"") -> bytes:
    lines = [f"{name}: {value}" for name, value in headers.items()]
    return "\n".join([*lines, "", ""]).encode() + body


def body_frame(content_type: str, body: str) -> bytes:
    """The length counts bytes."""
    encoded = body.encode()
    return frame({"Content-Type": content_type, "Content-Length": str(len(encoded))}, encoded)


def event_frame(event: Event, form: str) -> bytes:
    """As "plain", with headers percent-encoded and a frame's shape of its own, or as "json"."""
    headers = {"Event-Name": event.name} | event.headers
    if form == "json":
        return body_frame("text/event-json", json.dumps(headers | ({"_body": event.body} if event.body else {})))
    encoded = {name: quote(value, safe=" :/@!*") for name, value in headers.items()}
    if event.body:
        encoded["Content-Length"] = str(len(event.body.encode()))
    return body_frame("text/event-plain", frame(encoded, event.body.encode()).decode())
