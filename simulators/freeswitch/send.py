"""Sending one CDR: the four encodings, retries, and the file that is left when nobody took it.

A module configured with `disable-100-continue` forgets its own content type, whatever the body is.
"""

import base64
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from simulators.freeswitch.calls import Call, Leg, LegName
from simulators.freeswitch.documents import encoded, json_document, xml_document
from simulators.freeswitch.post import Posted, post

XmlEncode = Literal["true", "base64", "false", "textxml"]
JsonEncode = Literal["true", "base64", "false"]
FORM = "application/x-www-form-urlencoded"
BASE64_FORM = "application/x-www-form-base64-encoded"
PLAIN_FORM = "application/x-www-form-plaintext"
XML_AGENT, JSON_AGENT = "freeswitch-xml/1.0", "freeswitch-json/1.0"
DELAY_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Message:
    """What one request has; `kept` is what a file in err-log-dir would have."""

    uuid: str  # in the address
    agent: str
    content_type: str
    body: bytes
    kept: bytes
    file_name: str


@dataclass(frozen=True, slots=True)
class Delivery:
    posted: tuple[Posted, ...]  # every try
    file: Path | None = None  # written when none was taken

    @property
    def is_taken(self) -> bool:
        return self.posted[-1].is_taken


def xml_message(leg: Leg, *, encode: XmlEncode = "true", prefix_a_leg: bool = False, zone: str = "UTC") -> Message:
    text = xml_document(leg, zone)
    name = f"a_{leg.uuid}" if prefix_a_leg and leg.name == "a" else leg.uuid
    if encode == "textxml":
        return Message(name, XML_AGENT, "text/xml", text.encode(), text.encode(), f"{name}.cdr.xml")
    kept = _encoded(text, encode)
    content_type = {"true": FORM, "base64": BASE64_FORM, "false": PLAIN_FORM}[encode]
    return Message(name, XML_AGENT, content_type, b"cdr=" + kept, kept, f"{name}.cdr.xml")


def json_message(
    leg: Leg,
    *,
    encode: JsonEncode = "false",
    encode_values: bool = True,
    prefix_a_leg: bool = False,
    zone: str = "UTC",
) -> Message:
    """The prefix is in the file's name only, not in the address."""
    text = json_document(leg, zone, encode_values=encode_values)
    file_name = f"{'a_' if prefix_a_leg and leg.name == 'a' else ''}{leg.uuid}.cdr.json"
    kept = _encoded(text, encode)
    if encode == "false":
        return Message(leg.uuid, JSON_AGENT, "application/json", kept, kept + b"\n", file_name)
    content_type = FORM if encode == "true" else BASE64_FORM
    return Message(leg.uuid, JSON_AGENT, content_type, b"cdr=" + kept, kept + b"\n", file_name)


def send_xml(
    url: str,
    call: Call,
    *,
    leg: LegName = "a",
    encode: XmlEncode = "true",
    prefix_a_leg: bool = False,
    cred: str = "",
    expect: bool = True,
    disable_100_continue: bool = False,
    retries: int = 0,
    delay_s: float = DELAY_SECONDS,
    err_log_dir: Path | None = None,
    zone: str = "UTC",
) -> Delivery:
    """Send a leg's XML. `cred` is "user:password"; `retries` come after the first try."""
    message = xml_message(_leg(call, leg), encode=encode, prefix_a_leg=prefix_a_leg, zone=zone)
    way = _Way(url, cred, expect and not disable_100_continue, disable_100_continue, retries, delay_s, err_log_dir)
    return _deliver(message, way)


def send_json(
    url: str,
    call: Call,
    *,
    leg: LegName = "a",
    encode: JsonEncode = "false",
    encode_values: bool = True,
    prefix_a_leg: bool = False,
    cred: str = "",
    expect: bool = True,
    disable_100_continue: bool = False,
    retries: int = 0,
    delay_s: float = DELAY_SECONDS,
    err_log_dir: Path | None = None,
    zone: str = "UTC",
) -> Delivery:
    """Send a leg's JSON; as `send_xml`."""
    message = json_message(
        _leg(call, leg), encode=encode, encode_values=encode_values, prefix_a_leg=prefix_a_leg, zone=zone
    )
    way = _Way(url, cred, expect and not disable_100_continue, disable_100_continue, retries, delay_s, err_log_dir)
    return _deliver(message, way)


def address(url: str, uuid: str) -> str:
    return f"{url}{'&' if '?' in url else '?'}uuid={uuid}"


def headers(message: Message, cred: str = "") -> dict[str, str]:
    found = {"User-Agent": message.agent, "Accept": "*/*", "Content-Type": message.content_type}
    if cred:
        found["Authorization"] = f"Basic {base64.b64encode(cred.encode()).decode()}"
    return found


@dataclass(frozen=True, slots=True)
class _Way:
    url: str
    cred: str
    expects: bool
    forgets_type: bool
    retries: int
    delay_s: float
    err_log_dir: Path | None


def _deliver(message: Message, way: _Way) -> Delivery:
    sent = headers(message, way.cred)
    if way.forgets_type:
        sent["Content-Type"] = FORM
    posted: list[Posted] = []
    for number in range(1 + way.retries):
        if number:
            time.sleep(way.delay_s)
        posted.append(post(address(way.url, message.uuid), sent, message.body, expect=way.expects))
        if posted[-1].is_taken:
            return Delivery(tuple(posted))
    if way.err_log_dir is None:
        return Delivery(tuple(posted))
    file = way.err_log_dir / message.file_name
    file.write_bytes(message.kept)
    return Delivery(tuple(posted), file)


def _encoded(text: str, encode: str) -> bytes:
    """Base64 goes into the form as it is: with "+", "/" and "="."""
    match encode:
        case "true":
            return encoded(text).encode()
        case "base64":
            return base64.b64encode(text.encode())
    return text.encode()


def _leg(call: Call, name: LegName) -> Leg:
    return call.leg if name == "a" else call.other_leg
