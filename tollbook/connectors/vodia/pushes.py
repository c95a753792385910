"""Pushed legs as usage records: one for each leg, of which one is the call.

The trunk's leg is the call. The other legs of it are kept as what they are, legs. Without a trunk's leg the call stayed
inside, once both its extensions' legs are there; until then it is not known, and its leg is a leg.
"""

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from hashlib import blake2b
from zoneinfo import ZoneInfo

from tollbook.connectors.files.amounts import MAX_DURATION_US
from tollbook.connectors.files.defects import MAX_TEXT_BYTES
from tollbook.connectors.pushed import Pushed, unpack
from tollbook.connectors.vodia.legs import Leg, legs_of
from tollbook.connectors.vodia.options import Options
from tollbook.money import MAX_DECIMALS, nanos_of

HASH_BYTES = 16
SECOND_US = 1_000_000
LATEST_S = 4_102_444_800  # 2100
MAX_PRICE = Decimal(10_000_000)  # of one record
MAX_DURATION_CHARACTERS = 40
INTO, OUT_OF = "I", "O"
KINDS = {OUT_OF: "voice_out", INTO: "voice_in"}
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NUMBER = re.compile(r"[+(]?[0-9*#][0-9*#().\- ]*")
_URI = re.compile(r"(?i)^(?:.*<)?\s*(?:sips?|tel):([^@;>?]+)")
_NAME = re.compile(r'\s*"((?:[^"\\]|\\.)*)"|\s*([^"<]*)<')
_SHOWN_CHARACTERS = 60

Record = dict[str, object]


def records_of(line: bytes, number: int, options: Options) -> list[Record]:
    """The records of a line of messages about one call, whichever came first and however often.

    Raises:
        ValueError: it is no such line.
    """
    legs: dict[tuple[str, str], Leg] = {}
    found: list[Record] = []
    messages = unpack(line)
    if not messages:
        raise ValueError("no message is in it")
    for message in messages:
        try:
            legs |= {(leg.system, leg.id): leg for leg in legs_of(message, options)}
        except ValueError as error:
            found.append({"line": number, **_unreadable(message, str(error))})
    of_call = sorted(legs.values(), key=lambda leg: leg.id)
    call = _inside_call(of_call)
    for leg in of_call:
        if leg.is_trunk:
            record = _call(leg, KINDS.get(leg.direction), of_call, options)
        elif leg is call:
            record = _call(leg, "voice_local", of_call, options)
        else:
            record = {
                "start": moment_of(leg.start, options.zone),
                **_defect("leg", _why_a_leg(leg, call, of_call)),
            }
        found.append(
            {"line": number, "record_key": _key(leg), **_bounded(record | {"tenant_ref": leg.tenant or None})}
        )
    return found


def _inside_call(legs: Sequence[Leg]) -> Leg | None:
    """The leg of the extension that called another one; None when a trunk is on the call, or nobody else yet."""
    if any(leg.is_trunk for leg in legs):
        return None
    calling = [leg for leg in legs if leg.extension and leg.direction == INTO and not leg.is_group]
    called = [leg for leg in legs if leg.extension and leg.direction == OUT_OF and not leg.is_group]
    if not calling or not any(leg.extension != calling[0].extension for leg in called):
        return None
    return next((leg for leg in calling if leg.id == leg.call), calling[0])


def _why_a_leg(leg: Leg, inside: Leg | None, legs: Sequence[Leg]) -> str:
    call = inside or next((one for one in legs if one.is_trunk), None)
    said = f"leg of {leg.type or 'extcall'} {leg.extension or '?'}"
    if call is not None:
        return f"{said}; the call is {call.system}/{call.id}"
    return f"{said}; neither a trunk's leg nor another extension's has come"


def _call(leg: Leg, kind: str | None, legs: Sequence[Leg], options: Options) -> Record:
    start = moment_of(leg.start, options.zone)
    duration_us = _duration_us(leg, options)
    record: Record = {
        "kind": kind,
        "start": start,
        "answered": bool(leg.connected.strip("0.")),
        "duration_us": duration_us,
        "trunk_ref": f"{leg.trunk}@{leg.tenant}" if leg.is_trunk else None,
        **(_incoming(leg, legs, options) if kind == "voice_in" else _outgoing(leg, legs, options)),
        **_price(leg, options),
    }
    if record.get("defect"):
        return record
    if start is None:
        return {**record, **_defect("bad_time", f"TimeStart {_shown(leg.start)} is no time")}
    if kind is None:
        says = f"Direction {_shown(leg.direction)} of a trunk's leg is neither I (into the PBX) nor O (out of it)"
        return {**record, **_defect("unknown_kind", says)}
    if duration_us is None:
        times = (
            f"TimeConnected {_shown(leg.connected)}, TimeEnd {_shown(leg.end)}, Duration {_shown(leg.duration)}"
        )
        return {**record, **_defect("bad_quantity", f"{times} give no duration from 0 to 366 days")}
    return record


def _outgoing(leg: Leg, legs: Sequence[Leg], options: Options) -> Record:
    """It is the local party's, if that is an extension; else that of the extension whose leg came into the PBX."""
    calling = leg.extension if not leg.is_trunk else leg.local if _is_extension(leg.local, options) else ""
    calling = calling or _only(one.extension for one in legs if one.direction == INTO and not one.is_group)
    calling = calling or _only(one.extension for one in legs if not one.is_group)
    dialled = leg.remote if leg.is_trunk else leg.local
    cli = calling if not leg.is_trunk else leg.local or calling
    return {
        "account_ref": f"{calling}@{leg.tenant}" if calling else None,
        "cli": cli or None,
        "cld": dialled or _user(leg.called) or None,
        "display_text": None if _NUMBER.fullmatch(cli) else _name(leg.caller) or cli or None,
    }


def _incoming(leg: Leg, legs: Sequence[Leg], options: Options) -> Record:
    """Of a DID it is whoever has it; of an extension or a group, its own; of a name, the extension's that it rang."""
    caller = leg.remote or _user(leg.caller)
    called = leg.local or _user(leg.called)
    common: Record = {"cli": caller if _NUMBER.fullmatch(caller) else None}
    if _is_extension(called, options):
        return {
            **common,
            "account_ref": f"{called}@{leg.tenant}",
            "cld": options.unknown_did or called,
            "display_text": None,
        }
    if _NUMBER.fullmatch(called):
        return {**common, "account_ref": None, "cld": called, "display_text": None}
    rung = _only(one.extension for one in legs if not one.is_group)
    return {
        **common,
        "account_ref": f"{rung}@{leg.tenant}" if rung else None,
        "cld": options.unknown_did or None,
        "display_text": called or _name(leg.called) or None,
    }


def _price(leg: Leg, options: Options) -> Record:
    if not options.currency or not leg.cost:
        return {"platform_price_nanos": None, "platform_currency": None}
    try:
        amount = Decimal(leg.cost.replace(",", "."))
        is_price = amount.is_finite() and 0 <= amount <= MAX_PRICE
    except InvalidOperation:
        is_price = False
    if not is_price:
        return _defect("unreadable", f"Cost {_shown(leg.cost)} is no price; set cost_is_price to no if it is none")
    nanos = nanos_of(amount.quantize(Decimal(1).scaleb(-MAX_DECIMALS)))
    return {"platform_price_nanos": nanos, "platform_currency": options.currency}


def _duration_us(leg: Leg, options: Options) -> int | None:
    """Talked time: end minus connect, or Duration where that is as good as the same and has the fraction they lack."""
    if not leg.connected.strip("0."):
        return 0
    said = _seconds_us(leg.duration)
    if options.is_duration_field:
        return said
    connected, end = moment_of(leg.connected, options.zone), moment_of(leg.end, options.zone)
    if connected is None or end is None:
        return None
    talked = (end - connected) // timedelta(microseconds=1)
    if said is not None and talked % SECOND_US == 0 and abs(said - talked) < SECOND_US:
        return said
    return talked if 0 <= talked <= MAX_DURATION_US else None


def moment_of(text: str, zone: ZoneInfo) -> datetime | None:
    """Unix seconds or milliseconds, or a date and time with dashes or slashes; without a zone it is that one's."""
    if re.fullmatch(r"\d{9,13}(\.\d+)?", text, re.ASCII):
        seconds = Decimal(text)
        seconds = seconds / 1_000 if seconds > LATEST_S else seconds
        return EPOCH + timedelta(microseconds=int(seconds * SECOND_US)) if seconds <= LATEST_S else None
    if not re.match(r"\d{4}[-/]\d{2}[-/]\d{2}[T ]\d{2}:\d{2}", text, re.ASCII):
        return None
    try:
        moment = datetime.fromisoformat(text.replace("/", "-").replace(" ", "T", 1).replace(" ", ""))
    except ValueError:
        return None
    try:
        if moment.tzinfo is not None:
            return moment.astimezone(UTC)
        there = moment.replace(tzinfo=zone).astimezone(UTC)
        # In the hour that spring leaves out there is no time.
        return there if there.astimezone(zone).replace(tzinfo=None) == moment else None
    except OverflowError:  # beside the first or the last day of a calendar
        return None


def _seconds_us(text: str) -> int | None:
    """Of seconds with a fraction, or hh:mm:ss."""
    if len(text) > MAX_DURATION_CHARACTERS:
        return None
    if clock := re.fullmatch(r"(?:(\d+):)?(\d+):(\d+(?:\.\d+)?)", text, re.ASCII):
        hours, minutes, seconds = clock.groups()
        whole = Decimal(hours or 0) * 3600 + Decimal(minutes) * 60 + Decimal(seconds)
    elif re.fullmatch(r"\d+(\.\d+)?", text, re.ASCII):
        whole = Decimal(text)
    else:
        return None
    duration_us = int(whole * SECOND_US)
    return duration_us if duration_us <= MAX_DURATION_US else None


def _is_extension(text: str, options: Options) -> bool:
    return bool(re.fullmatch(rf"[0-9*#]{{1,{options.extension_digits}}}", text, re.ASCII))


def _only(extensions: Iterable[str]) -> str:
    """The one that there is; "" when there is none, or several."""
    known = set(filter(None, extensions))
    return known.pop() if len(known) == 1 else ""


def _user(address: str) -> str:
    found = _URI.match(address)
    return (found[1] if found else "").replace("%2B", "+").replace("%2b", "+").strip()


def _name(address: str) -> str:
    found = _NAME.match(address)
    if not found:
        return ""
    return re.sub(r"\\(.)", r"\1", found[1]) if found[1] is not None else found[2].strip()


def _key(leg: Leg) -> str:
    """One that no index could hold is known by its hash."""
    key = f"{leg.system}/{leg.id}"
    return (
        key if len(key.encode()) <= MAX_TEXT_BYTES else blake2b(key.encode(), digest_size=HASH_BYTES).hexdigest()
    )


def _bounded(record: Record) -> Record:
    """A text that no index could hold makes it unreadable."""
    for name in ("cli", "cld", "account_ref", "tenant_ref", "trunk_ref", "display_text"):
        value = record.get(name)
        if isinstance(value, str) and len(value.encode()) > MAX_TEXT_BYTES:
            return _defect("unreadable", f"{name} is longer than {MAX_TEXT_BYTES} bytes")
    return record


def _defect(reason: str, detail: str) -> Record:
    return {"defect": reason, "defect_detail": detail}


def _unreadable(message: Pushed, why: str) -> Record:
    """The content is the key: the same message again is the same record."""
    key = f"unreadable:{blake2b(message.body, digest_size=HASH_BYTES).hexdigest()}"
    shown = message.body[:_SHOWN_CHARACTERS].decode("utf-8", "backslashreplace")
    return {"record_key": key, **_defect("unreadable", f"no call: {why}: {_shown(shown)}")}


def _shown(text: str) -> str:
    return repr(text[:_SHOWN_CHARACTERS])
