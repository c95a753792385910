"""A call and its two legs, with the variables that the switch sets on a channel.

Seconds are counted as the switch counts them: from the whole second of one moment to the whole second of another, so
that 2,506 milliseconds are two seconds or three.
"""

import uuid
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal
from zoneinfo import ZoneInfo

Way = Literal["outbound", "inbound", "local"]
LegName = Literal["a", "b"]
CAUSES = {"NORMAL_CLEARING": "16", "USER_BUSY": "17", "NO_ANSWER": "19", "ORIGINATOR_CANCEL": "487"}
WALL_CLOCK = "%Y-%m-%d %H:%M:%S"


@dataclass(frozen=True, slots=True)
class Call:
    """Times are milliseconds since 1970 in UTC."""

    uuid: str  # of the a leg
    way: Way  # as the customer sees it
    domain: str
    accountcode: str  # "" where the dial plan sets none
    caller_id_name: str
    caller_id_number: str
    destination_number: str
    start: int
    answer: int | None  # None: nobody answered
    end: int
    hangup_cause: str = "NORMAL_CLEARING"
    gateway: str = ""  # that an outbound call leaves by
    sets_direction: bool = True  # the dial plan sets call_direction, as FusionPBX's does
    is_transferred: bool = False  # it has two callflows

    @property
    def leg(self) -> "Leg":
        return Leg(self, "a")

    @property
    def other_leg(self) -> "Leg":
        """The one to the called party. A call that failed at once has it too: the switch tried."""
        return Leg(self, "b")

    @property
    def billmsec(self) -> int:
        return 0 if self.answer is None else self.end - self.answer

    @property
    def billsec(self) -> int:
        return 0 if self.answer is None else self.end // 1000 - self.answer // 1000

    def moved(self, milliseconds: int, id: str) -> "Call":
        """The same call at another time."""
        answer = None if self.answer is None else self.answer + milliseconds
        times = (self.start + milliseconds, answer, self.end + milliseconds)
        return replace(self, uuid=id, start=times[0], answer=times[1], end=times[2])


@dataclass(frozen=True, slots=True)
class Leg:
    """What one CDR is about. Seen from the switch, the a leg of every call is inbound."""

    call: Call
    name: LegName

    @property
    def uuid(self) -> str:
        return self.call.uuid if self.name == "a" else str(uuid.uuid5(uuid.UUID(self.call.uuid), "b"))

    @property
    def direction(self) -> str:
        return "inbound" if self.name == "a" else "outbound"

    @property
    def context(self) -> str:
        return "public" if self.call.way == "inbound" else self.call.domain

    @property
    def channel(self) -> str:
        call = self.call
        if self.name == "a":
            profile = "external" if call.way == "inbound" else "internal"
            return f"sofia/{profile}/{call.caller_id_number}@{call.domain}"
        return (
            f"sofia/external/{call.destination_number}" if call.gateway else f"sofia/internal/{call.accountcode}"
        )

    @property
    def bridged_to(self) -> str:
        call = self.call
        if call.gateway:
            return f"sofia/gateway/{call.gateway}/{call.destination_number}"
        return f"user/{call.accountcode or call.destination_number}@{call.domain}"

    def variables(self, zone: str = "UTC") -> dict[str, str]:
        """Names and values as the switch has them, not yet encoded; `zone` is of the machine's clock."""
        call = self.call
        found = {
            "uuid": self.uuid,
            "direction": self.direction,
            "call_uuid": call.uuid,
            "channel_name": self.channel,
            "sip_call_id": f"{self.uuid[:8]}@192.0.2.30",
            "sip_network_ip": "192.0.2.40",
            "domain_name": call.domain,
            "domain_uuid": str(uuid.uuid5(uuid.NAMESPACE_DNS, call.domain)),
            "user_context": self.context,
            "accountcode": call.accountcode,
            "caller_id_name": call.caller_id_name,
            "caller_id_number": call.caller_id_number,
            "destination_number": call.destination_number,
            "call_direction": call.way if call.sets_direction and self.name == "a" else "",
            "originating_leg_uuid": call.uuid if self.name == "b" else "",
            "signal_bond": (call.other_leg if self.name == "a" else call.leg).uuid,
            "bleg_uuid": call.other_leg.uuid if self.name == "a" else "",
            "sip_gateway_name": call.gateway if self.name == "b" else "",
            "last_app": "bridge" if self.name == "a" else "",
            "last_arg": self.bridged_to if self.name == "a" else "",
            "read_codec": "PCMU",
            "write_codec": "PCMU",
            "hangup_cause": call.hangup_cause,
            "hangup_cause_q850": CAUSES[call.hangup_cause],
            **_times(call, zone),
        }
        return {name: value for name, value in found.items() if value}


def _times(call: Call, zone: str) -> dict[str, str]:
    """Moments and lengths. A moment that never was is 0, and has no stamp."""
    answer = call.answer or 0
    return {
        "start_stamp": stamp(call.start, zone),
        "answer_stamp": stamp(call.answer, zone),
        "end_stamp": stamp(call.end, zone),
        "start_epoch": str(call.start // 1000),
        "answer_epoch": str(answer // 1000),
        "end_epoch": str(call.end // 1000),
        "start_uepoch": str(call.start * 1000),
        "answer_uepoch": str(answer * 1000),
        "end_uepoch": str(call.end * 1000),
        "duration": str(call.end // 1000 - call.start // 1000),
        "mduration": str(call.end - call.start),
        "billsec": str(call.billsec),
        "billmsec": str(call.billmsec),
    }


def stamp(milliseconds: int | None, zone: str) -> str:
    """As the machine's clock shows it; "" for a moment that never was."""
    if milliseconds is None:
        return ""
    return f"{datetime.fromtimestamp(milliseconds // 1000, ZoneInfo(zone)):{WALL_CLOCK}}"
