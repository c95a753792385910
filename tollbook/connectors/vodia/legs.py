"""What the PBX sends at the end of a leg or a call, as legs: JSON, XML, and the JSON of a whole call (webcdr)."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from xml.parsers import expat

import msgspec

from tollbook.connectors.pushed import Pushed
from tollbook.connectors.vodia.options import Options
from tollbook.connectors.vodia.people import text

MAX_XML_FIELDS = 1_000
MAX_SHOWN_CHARACTERS = 60  # of what a message says
RECORD = "call-data-record"

Fields = Mapping[str, str]  # names in small letters


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """A leg of a call, as written; "" where nothing is said."""

    system: str
    call: str  # PrimaryCallID: the same for all legs of a call
    id: str
    caller: str = ""  # name-addr
    called: str = ""
    direction: str = ""  # I into the PBX, O out of it
    remote: str = ""
    local: str = ""
    trunk: str = ""
    cost: str = ""
    tenant: str = ""
    start: str = ""
    connected: str = ""
    end: str = ""
    duration: str = ""
    type: str = ""
    extension: str = ""

    @property
    def is_trunk(self) -> bool:
        return bool(self.trunk)

    @property
    def is_group(self) -> bool:
        """Of a hunt group, an attendant or a mailbox."""
        return self.type.lower() not in {"", "extcall"}


def legs_of(message: Pushed, options: Options) -> list[Leg]:
    """The legs of one message; at least one.

    Raises:
        ValueError: it is no message about a call; says why.
    """
    body = message.body.lstrip(b"\xef\xbb\xbf \t\r\n")
    if body.startswith(b"<"):
        return [_leg(_xml_fields(body), options)]
    try:
        told = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError) as error:
        raise ValueError(f"neither JSON nor XML ({error})") from None
    if not isinstance(told, dict):
        raise ValueError("JSON, but no object")
    if isinstance(told.get(options.webcdr_trunks), list) or isinstance(told.get(options.webcdr_extensions), list):
        return list(_webcdr_legs(told, options))
    return [_leg(_lowered(told), options)]


def call_of(message: Pushed, options: Options) -> str:
    """System and call; "" when it cannot be read."""
    try:
        leg = legs_of(message, options)[0]
    except ValueError:
        return ""
    return f"{leg.system}/{leg.call}"


def _leg(told: Fields, options: Options) -> Leg:
    def said(name: str) -> str:
        return told.get(options.leg_names[name].lower(), "")

    if (action := told.get("action", RECORD)) != RECORD:
        raise ValueError(f"action {action[:MAX_SHOWN_CHARACTERS]!r} is no {RECORD}")
    if not said("CallID"):
        raise ValueError("it has no CallID; if the field has another name there, say so by leg_fields")
    return Leg(
        system=said("System"),
        call=said("PrimaryCallID") or said("CallID"),
        id=said("CallID"),
        caller=said("From"),
        called=said("To"),
        direction=said("Direction").upper(),
        remote=said("RemoteParty"),
        local=said("LocalParty"),
        trunk=said("TrunkID") or said("TrunkName"),
        cost=said("Cost"),
        tenant=said("Domain"),
        start=said("TimeStart"),
        connected=said("TimeConnected"),
        end=said("TimeEnd"),
        duration=said("Duration"),
        type=said("Type"),
        extension=said("Extension"),
    )


def _webcdr_legs(told: Mapping[str, object], options: Options) -> Iterator[Leg]:
    """Of the whole call. What a leg does not say of times is the call's."""
    head = _lowered(told)
    call = head.get("callid", "")
    if not call:
        raise ValueError("a call without callid")
    whole = Leg(
        system=head.get("system", ""),
        call=call,
        id="",
        caller=head.get("from", ""),
        called=head.get("to", ""),
        tenant=head.get("domain", ""),
        start=head.get("start", ""),
        connected=head.get("connect", ""),
        end=head.get("end", ""),
    )
    found = [
        _webcdr_leg(whole, _lowered(inner), options, is_trunk=name == options.webcdr_trunks)
        for name in (options.webcdr_trunks, options.webcdr_extensions)
        for inner in _objects(told.get(name))
    ]
    if not found:
        raise ValueError("a call without legs; webcdr_trunks and webcdr_extensions say where they stand")
    seen: Counter[str] = Counter()
    for leg in found:
        seen[leg.id] += 1
        yield leg if seen[leg.id] == 1 else replace(leg, id=f"{leg.id}#{seen[leg.id]}")


def _webcdr_leg(whole: Leg, told: Fields, options: Options, *, is_trunk: bool) -> Leg:
    def said(name: str) -> str:
        return told.get(options.webcdr_names.get(name, "").lower(), "")

    trunk, extension = said("TrunkID") or said("TrunkName"), said("Extension")
    return replace(
        whole,
        id=said("CallID") or f"{whole.call}:{trunk if is_trunk else extension}",
        direction=said("Direction").upper(),
        remote=said("RemoteParty"),
        local=said("LocalParty"),
        trunk=(trunk or "?") if is_trunk else "",
        cost=said("Cost"),
        start=said("TimeStart") or whole.start,
        connected=told.get(options.webcdr_names.get("TimeConnected", "").lower(), whole.connected),
        end=said("TimeEnd") or whole.end,
        duration=said("Duration"),
        type=said("Type"),
        extension="" if is_trunk else extension,
    )


def _objects(told: object) -> list[dict[str, object]]:
    return [one for one in told if isinstance(one, dict)] if isinstance(told, list) else []


def _lowered(told: Mapping[str, object]) -> dict[str, str]:
    return {name.lower(): text(value) for name, value in told.items()}


def _xml_fields(body: bytes) -> dict[str, str]:
    """The texts of elements that have no others in them, by name, without prefixes; of the first of each name.

    A document type is refused, and with it all entities that a sender could define.
    """
    found: dict[str, str] = {}
    stack: list[list[str]] = []

    def begin(_name: str, _attributes: object) -> None:
        if len(found) > MAX_XML_FIELDS or len(stack) > MAX_XML_FIELDS:
            raise ValueError(f"XML of more than {MAX_XML_FIELDS} fields")
        stack.append([])

    def end(name: str) -> None:
        said = "".join(stack.pop()).strip()
        found.setdefault(name.rpartition(":")[2].lower(), said)

    def characters(said: str) -> None:
        if stack:
            stack[-1].append(said)

    def refuse(*_: object) -> None:
        raise ValueError("XML with a document type, which nobody needs here")

    parser = expat.ParserCreate()
    parser.StartElementHandler, parser.EndElementHandler = begin, end
    parser.CharacterDataHandler = characters
    parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = refuse
    try:
        parser.Parse(body, True)
    except (expat.ExpatError, LookupError) as error:  # LookupError: it names an encoding that there is not
        raise ValueError(f"no whole XML ({error})") from None
    return found
