"""A call, and the rows that Kamailio writes of it: in `acc`, in `acc_cdrs` and in `missed_calls`."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

Row = dict[str, Any]
REASONS = {
    "200": "OK",
    "401": "Unauthorized",
    "486": "Busy Here",
    "487": "Request Terminated",
    "488": "Not Acceptable",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One dialog. Times are those of the server's clock, which the tables do not name."""

    callid: str
    from_tag: str
    to_tag: str
    caller: str
    callee: str
    source: str
    begun: datetime  # when it was answered, or refused
    talked_ms: int = 0
    code: str = "200"
    callee_hangs_up: bool = False
    held_after_s: tuple[int, ...] = ()  # the callee puts it on hold: INVITEs inside the dialog, from the other end
    refused_hold_after_s: int | None = None  # the same, and the caller does not accept it
    is_bye_challenged: bool = False  # the BYE has to come again with a password
    is_bye_lost: bool = False
    is_invite_lost: bool = False
    is_bye_first: bool = False  # its row is written before that of the INVITE

    @property
    def ended(self) -> datetime:
        return self.begun + timedelta(milliseconds=self.talked_ms)

    @property
    def is_answered(self) -> bool:
        return self.code.startswith("2")


def acc_rows(call: Call) -> Iterator[Row]:
    """In the order in which they are written. Only whole seconds are."""
    invite = [] if call.is_invite_lost else [_row(call, "INVITE", call.code, call.begun)]
    if not call.is_bye_first:
        yield from invite
    for after_s in call.held_after_s:
        yield _row(call, "INVITE", "200", call.begun + timedelta(seconds=after_s), is_from_callee=True)
    if call.refused_hold_after_s is not None:
        moment = call.begun + timedelta(seconds=call.refused_hold_after_s)
        yield _row(call, "INVITE", "488", moment, is_from_callee=True)
    if call.is_answered and not call.is_bye_lost:
        if call.is_bye_challenged:
            yield _row(call, "BYE", "401", call.ended, is_from_callee=call.callee_hangs_up)
        yield _row(call, "BYE", "200", call.ended, is_from_callee=call.callee_hangs_up)
    if call.is_bye_first:
        yield from invite


def missed_rows(call: Call) -> Iterator[Row]:
    if not call.is_answered:
        yield _row(call, "INVITE", call.code, call.begun)


def cdr_row(call: Call) -> Row:
    """A call that was refused has a row too, with nothing but its length to tell it."""
    return {
        "start_time": call.begun.replace(microsecond=0),
        "end_time": call.ended.replace(microsecond=0),
        "duration": call.talked_ms / 1_000,
        "caller": call.caller,
        "callee": call.callee,
        "callid": call.callid,
        "from_tag": call.from_tag,
        "to_tag": call.to_tag,
        "src_ip": call.source,
    }


def _row(call: Call, method: str, code: str, moment: datetime, *, is_from_callee: bool = False) -> Row:
    """The tags are those of the request: of one that the callee sends, the other way round."""
    tags = (call.to_tag, call.from_tag) if is_from_callee else (call.from_tag, call.to_tag)
    ends = (call.callee, call.caller) if is_from_callee else (call.caller, call.callee)
    return {
        "method": method,
        "from_tag": tags[0],
        "to_tag": tags[1],
        "callid": call.callid,
        "sip_code": code,
        "sip_reason": REASONS[code],
        "time": moment.replace(microsecond=0),
        "src_user": ends[0],
        "dst_user": ends[1] if method == "INVITE" else "",  # inside a dialog the far end's address has no user
        "src_ip": call.source,
    }
