"""One row of v_xml_cdr as the importer writes it, with the columns of the newest generation."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from simulators.fusionpbx.tenants import Extension, Tenant

Row = dict[str, Any]  # column → value

IMPORT_DELAY = timedelta(seconds=20)
Q850 = {
    "NORMAL_CLEARING": 16,
    "USER_BUSY": 17,
    "NO_ANSWER": 19,
    "ORIGINATOR_CANCEL": 16,
    "LOSE_RACE": 502,
    "UNALLOCATED_NUMBER": 1,
    "NORMAL_TEMPORARY_FAILURE": 41,
    "CALL_REJECTED": 21,
}
UNANSWERED = {"NO_ANSWER": "no_answer", "ORIGINATOR_CANCEL": "cancelled", "USER_BUSY": "busy"}


@dataclass(frozen=True, kw_only=True)
class Call:
    """What is to be told of one leg. Times are UTC."""

    uuid: UUID
    tenant: Tenant
    extension: Extension | None
    start: datetime
    billsec: int
    destination: str
    caller: str
    direction: str | None = "outbound"
    ring_s: int = 6
    cause: str = "NORMAL_CLEARING"
    was_answered: bool | None = None  # None: when it has seconds
    caller_name: str = ""
    caller_destination: str | None = None
    accountcode: str = ""
    leg: str | None = "a"
    app: str = "bridge"
    arg: str = ""
    originating_leg: UUID | None = None
    bridge: UUID | None = None
    import_delay: timedelta = IMPORT_DELAY
    more: Row = field(default_factory=dict)  # columns that are otherwise


def row(call: Call) -> Row:
    """All columns that this leg fills; the others are null.

    `duration` is what was billed, as FusionPBX has it. Two guesses: of an unanswered call `answer_stamp` is null and
    `answer_epoch` is 0; `call_disposition` has the words of `status`.
    """
    answered = call.billsec > 0 if call.was_answered is None else call.was_answered
    answer = call.start + timedelta(seconds=call.ring_s) if answered else None
    end = call.start + timedelta(seconds=call.ring_s + call.billsec)
    milliseconds = call.billsec * 1000 + int(call.uuid.int % 900) if answered else 0
    status = _status(call)
    return {
        "xml_cdr_uuid": call.uuid,
        "domain_uuid": call.tenant.uuid,
        "domain_name": call.tenant.name,
        "extension_uuid": call.extension.uuid if call.extension else None,
        "sip_call_id": f"{call.uuid.hex[:20]}@192.0.2.{1 + call.uuid.int % 200}",
        "accountcode": call.accountcode,
        "direction": call.direction,
        "default_language": "en",
        "context": call.extension.user_context if call.extension else "public",
        "caller_id_name": call.caller_name or call.caller,
        "caller_id_number": call.caller,
        "caller_destination": call.caller_destination,
        "source_number": call.caller,
        "destination_number": call.destination,
        "start_epoch": epoch(call.start),
        "start_stamp": call.start,
        "answer_epoch": epoch(answer) if answer else 0,
        "answer_stamp": answer,
        "end_epoch": epoch(end),
        "end_stamp": end,
        "duration": call.billsec,
        "mduration": milliseconds,
        "billsec": call.billsec,
        "billmsec": milliseconds,
        "hold_accum_seconds": 0,
        "bridge_uuid": str(call.bridge) if call.bridge else None,
        "read_codec": "PCMU",
        "read_rate": "8000",
        "write_codec": "PCMU",
        "write_rate": "8000",
        "network_addr": f"192.0.2.{1 + call.uuid.int % 200}",
        "leg": call.leg,
        "originating_leg_uuid": call.originating_leg,
        "pdd_ms": 0,
        "last_app": call.app,
        "last_arg": call.arg,
        "voicemail_message": call.destination.startswith("*99"),
        "missed_call": status == "missed",
        "hangup_cause": call.cause,
        "hangup_cause_q850": Q850[call.cause],
        "sip_hangup_disposition": "send_bye" if answered else "recv_cancel",
        "status": status,
        "call_disposition": status,
        "insert_date": end + call.import_delay,
    } | call.more


def _status(call: Call) -> str:
    if call.destination.startswith("*99"):
        return "voicemail"
    if call.billsec > 0:
        return "answered"
    if call.direction == "inbound" and call.cause == "ORIGINATOR_CANCEL":
        return "missed"
    return UNANSWERED.get(call.cause, "answered" if call.cause == "NORMAL_CLEARING" else "failed")


def epoch(moment: datetime) -> int:
    """Whole seconds, without a float on the way."""
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(seconds=1)
