"""Calling methods of the API without HTTP. Each answer is held against what the method's description says."""

import json
from decimal import Decimal
from typing import Any

import msgspec

from tests.api.portabilling.callers import ENCODER
from tollbook.api.portabilling.caller import Caller
from tollbook.api.portabilling.method import METHODS, Attachment, Upload, invoke
from tollbook.api.portabilling.refusals import fault_of
from tollbook.errors import TollbookError


def call(caller: Caller, name: str, params: dict[str, Any] | None = None, upload: Upload | None = None) -> Any:
    """The answer as JSON with amounts as Decimals, or the file."""
    answer = invoke(name, caller, params or {}, upload)
    if isinstance(answer, Attachment):
        return answer
    text = ENCODER.encode(answer)
    msgspec.json.decode(text, type=_described(name))
    return json.loads(text, parse_float=Decimal)


def _described(name: str) -> Any:
    """What a method says it answers, files left out."""
    kind = METHODS[name].answer
    return next(one for one in getattr(kind, "__args__", (kind,)) if one is not Attachment)


def fault(caller: Caller, name: str, params: dict[str, Any] | None = None) -> str:
    """The code of the refusal."""
    try:
        invoke(name, caller, params or {})
    except TollbookError as refusal:
        return fault_of(refusal, name).code
    raise AssertionError(f"{name} was not refused")
