"""What the switch sends by itself at a call's end: JSON or XML per leg, or one JSON for the whole call (webcdr).

An outbound call makes two messages, of the extension's leg and of the trunk's; one through a hunt group or an attendant
makes a third. The leg that began the call has the call's own id. The text of times, the XML's element names and the
legs inside a webcdr are not documented: here they are assumptions.
"""

import base64
import http.client
import json
import random
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Literal
from urllib.parse import unquote, urlsplit
from xml.sax.saxutils import escape
from zoneinfo import ZoneInfo

from simulators.vodia.calls import Call, seconds_text
from simulators.vodia.people import Tenant, Trunk, tenants

Scheme = Literal["json", "xml", "webcdr"]
Order = Literal["trunk first", "extension first", "random"]
Dates = Literal["iso", "dashes", "slashes", "unix"]
Leg = dict[str, str]

TYPES: dict[Scheme, str] = {
    "json": "application/json",
    "xml": "text/xml; charset=utf-8",
    "webcdr": "application/json",
}
SYSTEM = "pbx.carrier-one.example"
INTO_THE_PBX, OUT_OF_THE_PBX = "I", "O"
PRICED = 5  # every so many-th call has what the switch itself thinks it costs
SECONDS_TO_ANSWER = 15.0

_TENANTS = {tenant.name: tenant for tenant in tenants()}


def legs(call: Call, dates: Dates = "iso") -> list[Leg]:
    """Of the extension, of the group on the way, of the trunk, as far as the call has them."""
    found = [_extension_leg(call, dates)]
    if call.kind == "internal":
        found.append(_called_leg(call, dates))
    if call.group:
        found.append(_group_leg(call, dates))
    if call.trunk is not None:
        found.append(_trunk_leg(call, dates))
    return found


def messages(call: Call, dates: Dates = "iso", scheme: Scheme = "json") -> list[bytes]:
    """The bodies to send, in the order of `legs`; a webcdr is always one."""
    match scheme:
        case "webcdr":
            return [json.dumps(_webcdr(call), ensure_ascii=False).encode()]
        case "xml":
            return [_xml(leg) for leg in legs(call, dates)]
        case "json":
            return [json.dumps(leg, ensure_ascii=False).encode() for leg in legs(call, dates)]


def send(
    url: str,
    calls: Iterable[Call],
    *,
    scheme: Scheme = "json",
    order: Order = "extension first",
    dates: Dates = "iso",
    repeats: int = 1,
    seed: int = 1,
) -> list[int]:
    """Send all messages, `repeats` times each; the statuses. `http://user:password@…` sends Basic.

    "random" mixes the messages of all calls, so that legs come far apart.
    """
    bodies: list[bytes] = []
    for call in calls:
        found = messages(call, dates, scheme) * repeats
        bodies += reversed(found) if order == "trunk first" else found
    if order == "random":
        random.Random(f"vodia push {seed}").shuffle(bodies)
    with Sender(url, TYPES[scheme]) as sender:
        return [sender.post(body) for body in bodies]


class Sender:
    """One kept connection."""

    def __init__(self, url: str, content_type: str = TYPES["json"]) -> None:
        parts = urlsplit(url)
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        self._connection = kind(parts.hostname or "", parts.port, timeout=SECONDS_TO_ANSWER)
        self._path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        self._headers = {"Content-Type": content_type, "User-Agent": "Vodia-PBX/70.3"}
        if parts.username is not None:
            account = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
            self._headers["Authorization"] = f"Basic {base64.b64encode(account.encode()).decode()}"

    def __enter__(self) -> "Sender":
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def post(self, body: bytes) -> int:
        """The status. The switch does not care for the answer's body."""
        self._connection.request("POST", self._path, body, self._headers)
        with self._connection.getresponse() as answer:
            answer.read()
            return answer.status


def _extension_leg(call: Call, dates: Dates) -> Leg:
    """It comes into the PBX when the extension calls, and goes out of it when the extension is called."""
    is_calling = call.kind in {"outbound", "internal"}
    return _leg(call, dates) | {
        "CallID": call.call_id if is_calling else f"ext-{call.call_id}",
        "Direction": INTO_THE_PBX if is_calling else OUT_OF_THE_PBX,
        "RemoteParty": call.extension,
        "LocalParty": call.called.user if is_calling else call.caller.user,
        "Extension": call.extension,
        "ExtensionName": _name(call, call.extension),
    }


def _called_leg(call: Call, dates: Dates) -> Leg:
    return _leg(call, dates) | {
        "CallID": f"ext-{call.call_id}",
        "Direction": OUT_OF_THE_PBX,
        "RemoteParty": call.called.user,
        "LocalParty": call.extension,
        "Extension": call.called.user,
        "ExtensionName": call.called.name,
    }


def _group_leg(call: Call, dates: Dates) -> Leg:
    return _leg(call, dates) | {
        "CallID": f"{call.kind}-{call.call_id}",
        "Direction": INTO_THE_PBX,
        "RemoteParty": call.caller.user,
        "LocalParty": call.group,
        "Type": call.kind,
        "Extension": call.group,
        "ExtensionName": _name(call, call.group),
    }


def _trunk_leg(call: Call, dates: Dates) -> Leg:
    """The one to bill: the outside number is the remote party, the extension or the DID the local one."""
    is_calling = call.kind == "outbound"
    return _leg(call, dates) | {
        "CallID": f"trunk-{call.call_id}" if is_calling else call.call_id,
        "Direction": OUT_OF_THE_PBX if is_calling else INTO_THE_PBX,
        "RemoteParty": call.outside if is_calling else call.caller.user,
        "LocalParty": call.extension if is_calling else call.called.user,
        "TrunkName": _trunk(call).name,
        "TrunkID": str(call.trunk),
        "Cost": f"0.{call.id % 90 + 10:04}" if is_calling and call.id % PRICED == 0 else "",
        "IPAdr": "udp:192.0.2.17:5060",
    }


def _leg(call: Call, dates: Dates) -> Leg:
    """What the legs of a call have in common, and all fields there are."""
    seconds = call.duration_ms // 1000
    return {
        "action": "call-data-record",
        "System": SYSTEM,
        "PrimaryCallID": call.call_id,
        "CallID": "",
        "From": call.caller.address(call.tenant),
        "To": call.called.address(call.tenant),
        "Direction": "",
        "RemoteParty": "",
        "LocalParty": "",
        "TrunkName": "",
        "TrunkID": "",
        "Cost": "",
        "CMC": "",
        "Domain": call.tenant,
        "TimeStart": date_text(call.start, dates),
        "TimeConnected": "" if call.connect is None else date_text(call.connect, dates),
        "TimeEnd": date_text(call.end, dates),
        "LocalTime": date_text(call.start, dates, _tenant(call).timezone),
        "DurationHHMMSS": f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}",
        "Duration": seconds_text(call.duration_ms),
        "RecordLocation": "",
        "Type": "extcall",
        "Extension": "",
        "ExtensionName": "",
        "IdleDuration": "0",
        "RingDuration": seconds_text((call.connect or call.end) - call.start),
        "HoldDuration": "0",
        "IvrDuration": "0",
        "AccountNumber": "",
        "IPAdr": "",
        "Quality": "",
    }


def date_text(milliseconds: int, dates: Dates, zone: str = "") -> str:
    """In UTC, or by a zone's clock; a Unix time is the same everywhere."""
    moment = datetime.fromtimestamp(milliseconds / 1000, ZoneInfo(zone) if zone else UTC)
    match dates:
        case "iso":
            return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        case "dashes":
            return f"{moment:%Y-%m-%d %H:%M:%S}"
        case "slashes":
            return f"{moment:%Y/%m/%d %H:%M:%S}"
        case "unix":
            return seconds_text(milliseconds)


def _webcdr(call: Call) -> dict[str, object]:
    told = call.record()
    trunk_legs = [leg for leg in legs(call) if leg["TrunkID"]]
    extension_legs = [leg for leg in legs(call) if leg["Extension"]]
    return {
        "version": "70.3",
        "system": SYSTEM,
        "domain": call.tenant,
        "callid": call.call_id,
        "from": told["from"],
        "to": told["to"],
        "cmc": "",
        "comment": "",
        "category": "",
        "rating": "",
        "abandoned": told["abandoned"],
        "available": "true",
        "start": told["start"],
        "connect": told["connect"],
        "end": told["end"],
        "trunks": [_inner_leg(call, leg, "TrunkID", "TrunkName") for leg in trunk_legs],
        "extensions": [_inner_leg(call, leg, "Extension", "ExtensionName") for leg in extension_legs],
        "recordings": [],
        "states": [],
        "log": [],
    }


def _inner_leg(call: Call, leg: Leg, id: str, name: str) -> dict[str, object]:
    told = call.record()
    return {
        "id": leg[id],
        "name": leg[name],
        "callid": leg["CallID"],
        "type": leg["Type"],
        "direction": leg["Direction"],
        "remote": leg["RemoteParty"],
        "local": leg["LocalParty"],
        "start": told["start"],
        "connect": told["connect"],
        "end": told["end"],
    }


def _xml(leg: Leg) -> bytes:
    fields = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in leg.items() if name != "action")
    return f'<?xml version="1.0" encoding="utf-8"?>\n<CallDataRecord>{fields}</CallDataRecord>\n'.encode()


def _tenant(call: Call) -> Tenant:
    return _TENANTS[call.tenant]


def _trunk(call: Call) -> Trunk:
    return next(trunk for trunk in _tenant(call).trunks if trunk.id == call.trunk)


def _name(call: Call, number: str) -> str:
    account = _tenant(call).account(number)
    return account.display if account else ""
