"""FS PBX's objects, from the rows of the database."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID, uuid5

from simulators.fusionpbx.cdr import Row
from simulators.fusionpbx.switch import Channel

Item = dict[str, Any]

STATUS = {"no_answer": "no answer", "missed": "missed call"}  # the others are the database's words
CDR_TEXTS = (
    "direction",
    "caller_id_name",
    "caller_id_number",
    "caller_destination",
    "destination_number",
    "hangup_cause",
    "voicemail_message",
    "cc_cancel_reason",
    "cc_cause",
    "sip_hangup_disposition",
    "call_disposition",
    "call_flow",
)
CDR_NUMBERS = ("start_epoch", "answer_epoch", "end_epoch", "duration", "hangup_cause_q850")
EXTENSION_TEXTS = ("extension", "number_alias", "accountcode", "user_context", "toll_allow", "description")
EXTENSION_NAMES = ("effective_caller_id_name", "effective_caller_id_number", "outbound_caller_id_number")
FLAGS = ("forward_all_enabled", "forward_busy_enabled", "forward_no_answer_enabled", "do_not_disturb", "enabled")
FORWARDS = ("forward_all_destination", "forward_busy_destination", "forward_no_answer_destination")


def domain(row: Row) -> Item:
    return {
        "domain_uuid": str(row["domain_uuid"]),
        "object": "domain",
        "domain_name": row["domain_name"],
        "domain_enabled": row["domain_enabled"],
        "domain_description": row["domain_description"],
    }


def extension(row: Row, suspended: Iterable[UUID]) -> Item:
    texts = {name: row[name] for name in (*EXTENSION_TEXTS, *EXTENSION_NAMES, *FORWARDS)}
    keys = {
        "extension_uuid": str(row["extension_uuid"]),
        "object": "extension",
        "domain_uuid": str(row["domain_uuid"]),
    }
    flags = {name: row[name] in {True, "true"} for name in FLAGS}
    return keys | texts | flags | {"suspended": row["extension_uuid"] in suspended}


def phone_number(row: Row) -> Item:
    names = ("destination_type", "destination_number", "destination_prefix", "destination_area_code")
    return {
        "destination_uuid": str(row["destination_uuid"]),
        "object": "phone_number",
        "domain_uuid": str(row["domain_uuid"]),
        **{name: row[name] for name in names},
        "destination_enabled": row["destination_enabled"] in {True, "true"},
        "destination_description": row["destination_description"],
    }


def cdr(row: Row) -> Item:
    """Without billsec and accountcode. Columns that the generation lacks are null."""
    numbers = {name: None if row[name] is None else int(row[name]) for name in CDR_NUMBERS}
    return {
        "xml_cdr_uuid": str(row["xml_cdr_uuid"]),
        "object": "cdr",
        "domain_uuid": str(row["domain_uuid"]),
        "sip_call_id": row["sip_call_id"],
        "extension_uuid": _text(row["extension_uuid"]),
        "call_center_queue_uuid": _text(row.get("call_center_queue_uuid")),
        "recording_uuid": None,
        **{name: row.get(name) for name in CDR_TEXTS},
        **numbers,
        "status": STATUS.get(row["status"], row["status"]),
    }


def active_call(channel: Channel) -> Item:
    """The fields are a guess."""
    return {
        "call_uuid": channel.uuid,
        "object": "active_call",
        "extension": channel.extension,
        "destination_number": channel.number,
    }


def registration(domain_uuid: UUID, user: str, domain_name: str) -> Item:
    """The fields are a guess."""
    return {
        "call_id": str(uuid5(domain_uuid, user)),
        "object": "registration",
        "extension": user,
        "user": f"{user}@{domain_name}",
    }


def _text(uuid: UUID | None) -> str | None:
    return None if uuid is None else str(uuid)
