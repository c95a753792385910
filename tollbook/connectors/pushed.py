"""Messages that a switch sends by itself, and the line of evidence in which those about one call are kept.

A line is a JSON list of messages. A body that is text stands there as text, any other in base64, so the bytes that came
can always be had back.
"""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import msgspec


@dataclass(frozen=True, slots=True, kw_only=True)
class Pushed:
    """One message as it was received."""

    received_at: datetime
    content_type: str = ""  # as sent
    query: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


class _Kept(msgspec.Struct, omit_defaults=True):
    at: datetime
    type: str = ""
    query: dict[str, str] = {}
    text: str = ""
    base64: str = ""


_ENCODER = msgspec.json.Encoder()
_DECODER = msgspec.json.Decoder(list[_Kept])


def pack(messages: Sequence[Pushed]) -> bytes:
    """One line of evidence, with its end."""
    return _ENCODER.encode([_kept(message) for message in messages]) + b"\n"


def unpack(line: bytes) -> list[Pushed]:
    """The messages of a line.

    Raises:
        ValueError: it is no such line.
    """
    try:
        kept = _DECODER.decode(line)
    except msgspec.MsgspecError as error:
        raise ValueError(f"no line of pushed messages: {error}") from None
    return [
        Pushed(
            received_at=one.at,
            content_type=one.type,
            query=one.query,
            body=base64.b64decode(one.base64, validate=True) if one.base64 else one.text.encode(),
        )
        for one in kept
    ]


def _kept(message: Pushed) -> _Kept:
    kept = _Kept(at=message.received_at, type=message.content_type, query=dict(message.query))
    try:
        kept.text = message.body.decode()
    except UnicodeDecodeError:
        kept.base64 = base64.b64encode(message.body).decode()
    return kept
