"""The files of mod_cdr_csv: Master.csv with every call, and one file per account code. A legs only, no header.

Values stand in quotes and are not escaped; times are the machine's; one that never was is empty.
"""

from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

from simulators.freeswitch.calls import Call, stamp

Template = Literal["default", "example", "asterisk", "opencdrrate"]
MASTER = "Master"
COMMON = (
    *("caller_id_name", "caller_id_number", "destination_number", "context", "start_stamp", "answer_stamp"),
    *("end_stamp", "duration", "billsec", "hangup_cause", "uuid", "bleg_uuid"),
)
TEMPLATES: dict[Template, tuple[str, ...]] = {
    "default": (*COMMON, "accountcode"),
    "example": (*COMMON, "accountcode", "read_codec", "write_codec"),
    "asterisk": (
        *("accountcode", "caller_id_number", "destination_number", "context", "caller_id", "channel_name"),
        *("bridge_channel", "last_app", "last_arg", "start_stamp", "answer_stamp", "end_stamp", "duration"),
        *("billsec", "hangup_cause", "amaflags", "uuid", "userfield"),
    ),
    "opencdrrate": (
        *("uuid", "signal_bond", "direction", "ani", "destination_number", "answer_stamp", "end_stamp", "billsec"),
        *("accountcode", "userfield", "network_addr", "digits_of_name", "sip_gateway_name"),
    ),
}


def csv_files(
    folder: Path,
    calls: Iterable[Call],
    template: Template = "default",
    *,
    zone: str = "UTC",
    rotated_at: int | None = None,
) -> list[Path]:
    """Write the files into `<folder>/cdr-csv`, which is made; their paths by name.

    Calls that ended before `rotated_at` (milliseconds since 1970) are in files with that moment behind their names.
    """
    lines: defaultdict[str, list[str]] = defaultdict(list)
    for call in calls:
        is_rotated = rotated_at is not None and call.end < rotated_at
        suffix = f".{stamp(rotated_at, zone).replace(' ', '-').replace(':', '-')}" if is_rotated else ""
        for name in (MASTER, call.accountcode):
            if name:
                lines[f"{name}.csv{suffix}"].append(line(call, template, zone))
    place = folder / "cdr-csv"
    place.mkdir(exist_ok=True)
    for name, found in lines.items():
        (place / name).write_text("".join(found), encoding="utf-8")
    return [place / name for name in sorted(lines)]


def line(call: Call, template: Template, zone: str = "UTC") -> str:
    """With its end. The built-in template has a blank before its last field."""
    known = call.leg.variables(zone) | {
        "context": call.leg.context,
        "caller_id": f'"{call.caller_id_name}" <{call.caller_id_number}>',
        "bridge_channel": call.other_leg.channel,
        "ani": call.caller_id_number,
        "network_addr": "192.0.2.40",
        "amaflags": "",
        "digits_of_name": "".join(letter for letter in call.caller_id_name if letter.isdigit()),
    }
    *first, last = [f'"{known.get(name, "")}"' for name in TEMPLATES[template]]
    return f"{','.join(first)},{' ' if template == 'default' else ''}{last}\n"
