"""The CDR of a leg as mod_xml_cdr and mod_json_cdr write it.

Values of variables are percent-encoded, in JSON unless `encode-values` is off; what stands in a callflow is not.
"""

import json
from urllib.parse import quote
from xml.sax.saxutils import escape, quoteattr

from simulators.freeswitch.calls import Leg

CORE_UUID = "6a1c9f30-46e5-11e7-9d7e-5f0e8a4b2c11"
SWITCH_NAME = "lantern-switch"
UNESCAPED = "/!$'()*,~"  # what the switch leaves as it is, besides letters, digits, "-", "_" and "."
MOMENTS = (
    *(
        "created",
        "profile_created",
        "progress",
        "progress_media",
        "answered",
        "bridged",
        "last_hold",
        "hold_accum",
    ),
    *("hangup", "resurrect", "transfer"),
)


def xml_document(leg: Leg, zone: str = "UTC") -> str:
    """The document's text. `zone` is of the machine's clock, for stamps."""
    variables = "".join(_tag(name, encoded(value)) for name, value in leg.variables(zone).items())
    applications = "".join(
        f"<application app_name={quoteattr(one['app_name'])} app_data={quoteattr(one['app_data'])}"
        f' app_stamp="{one["app_stamp"]}"></application>'
        for one in _applications(leg)
    )
    data = "".join(_tag(name, value) for name, value in _channel_data(leg).items())
    flows = "".join(_xml_flow(leg, index, destination) for index, destination in _profiles(leg))
    return (
        f'<?xml version="1.0"?>\n<cdr core-uuid="{CORE_UUID}" switchname="{SWITCH_NAME}">\n'
        f"  <channel_data>{data}</channel_data>\n  <variables>{variables}</variables>\n"
        f"  <app_log>{applications}</app_log>\n{flows}</cdr>\n"
    )


def json_document(leg: Leg, zone: str = "UTC", *, encode_values: bool = True) -> str:
    """The document's text, without blanks between its parts."""
    variables = leg.variables(zone)
    document = {
        "core-uuid": CORE_UUID,
        "switchname": SWITCH_NAME,
        "channel_data": _channel_data(leg),
        "callStats": {"audio": {"inbound": {"mos": 4.5}, "outbound": {}}},
        "variables": {name: encoded(value) if encode_values else value for name, value in variables.items()},
        "app_log": {"applications": _applications(leg)},
        "callflow": [_json_flow(leg, index, destination) for index, destination in _profiles(leg)],
    }
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False)


def encoded(value: str) -> str:
    return quote(value, safe=UNESCAPED)


def _channel_data(leg: Leg) -> dict[str, str]:
    return {
        "state": "CS_REPORTING",
        "direction": leg.direction,
        "state_number": "11",
        "flags": "0=1;1=1;3=1;20=1;38=1;40=1;53=1",
        "caps": "1=1;2=1;3=1;4=1;5=1;6=1",
    }


def _applications(leg: Leg) -> list[dict[str, str]]:
    if leg.name == "b":
        return []
    began = leg.call.start * 1000
    return [
        {"app_name": "set", "app_data": "hangup_after_bridge=true", "app_stamp": str(began + 1_500)},
        {"app_name": "bridge", "app_data": leg.bridged_to, "app_stamp": str(began + 2_100)},
    ]


def _profiles(leg: Leg) -> list[tuple[int, str]]:
    """Index and number called, the last one first: a transferred call first went to the operator's desk."""
    number = leg.call.destination_number
    return [(2, number), (1, "100")] if leg.call.is_transferred and leg.name == "a" else [(1, number)]


def _caller_profile(leg: Leg, destination: str) -> dict[str, str]:
    call = leg.call
    return {
        "username": call.accountcode,
        "dialplan": "XML",
        "caller_id_name": call.caller_id_name,
        "caller_id_number": call.caller_id_number,
        "callee_id_name": "",
        "callee_id_number": "",
        "ani": call.caller_id_number,
        "aniii": "",
        "network_addr": "192.0.2.40",
        "rdnis": "",
        "destination_number": destination,
        "uuid": leg.uuid,
        "source": "mod_sofia",
        "context": leg.context,
        "chan_name": leg.channel,
    }


def _moments(leg: Leg) -> dict[str, str]:
    """Microseconds since 1970; 0 for what never was."""
    call = leg.call
    answered = call.answer or 0
    known = {
        "created": call.start,
        "profile_created": call.start,
        "progress": call.start + 400,
        "answered": answered,
        "bridged": answered,
        "hangup": call.end,
    }
    return {f"{name}_time": str(known.get(name, 0) * 1000) for name in MOMENTS}


def _xml_flow(leg: Leg, index: int, destination: str) -> str:
    profile = "".join(_tag(name, escape(value)) for name, value in _caller_profile(leg, destination).items())
    times = "".join(_tag(name, value) for name, value in _moments(leg).items())
    return (
        f'  <callflow dialplan="XML" unique-id="{leg.uuid}" profile_index="{index}">\n'
        f'    <extension name="outside" number={quoteattr(destination)}></extension>\n'
        f"    <caller_profile>{profile}</caller_profile>\n    <times>{times}</times>\n  </callflow>\n"
    )


def _json_flow(leg: Leg, index: int, destination: str) -> dict[str, object]:
    return {
        "dialplan": "XML",
        "unique-id": leg.uuid,
        "profile_index": str(index),
        "extension": {"name": "outside", "number": destination, "applications": _applications(leg)},
        "caller_profile": _caller_profile(leg, destination),
        "times": _moments(leg),
    }


def _tag(name: str, text: str) -> str:
    return f"<{name}>{text}</{name}>"
