"""A call as the switch remembers it, and the record that REST answers have of it."""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["outbound", "inbound", "inbound by name", "hunt", "attendant", "internal"]
TimeStyle = Literal["text", "float"]


@dataclass(frozen=True, slots=True)
class Party:
    """One side of a call: what stands before the @, and the name that is shown."""

    user: str
    name: str = ""

    def address(self, domain: str) -> str:
        uri = f"<sip:{self.user}@{domain}>"
        name = self.name.replace('"', '\\"')
        return f'"{name}" {uri}' if name else uri


@dataclass(frozen=True, slots=True)
class Call:
    """Times are milliseconds since 1970 in UTC."""

    id: int
    call_id: str
    tenant: str
    kind: Kind
    caller: Party
    called: Party  # as it was dialled; inbound by name: no number at all
    outside: str  # the number outside, "+" and digits or an emergency number; "" when internal
    did: str  # of ours that was called; "" when outbound or internal
    extension: str  # that called, or answered or rang
    group: str  # the hunt group or the attendant on the way, or ""
    trunk: int | None
    start: int
    connect: int | None  # None: nobody answered
    end: int

    @property
    def duration_ms(self) -> int:
        """Of the conversation."""
        return 0 if self.connect is None else self.end - self.connect

    def record(self, times: TimeStyle = "text") -> dict[str, object]:
        """As `cdrs` has it. No direction, no duration, no cost; a name in place of the number is nothing unusual."""
        involved = [one for one in (self.group, self.extension) if one]
        if self.kind == "internal":
            involved.append(self.called.user)
        return {
            "id": self.id,
            "call_id": self.call_id,
            "from": self.caller.address(self.tenant),
            "to": self.called.address(self.tenant),
            "start": _moment(self.start, times),
            "connect": "" if self.connect is None else _moment(self.connect, times),
            "end": _moment(self.end, times),
            "rating": "",
            "pcap": "false",
            "abandoned": "true" if self.connect is None else "false",
            "extensions": [] if self.kind == "inbound by name" else involved,
            "trunks": [] if self.trunk is None else [self.trunk],
        }


def seconds_text(milliseconds: int) -> str:
    return f"{milliseconds // 1000}.{milliseconds % 1000:03}"


def _moment(milliseconds: int, times: TimeStyle) -> str | float:
    return seconds_text(milliseconds) if times == "text" else milliseconds / 1000
