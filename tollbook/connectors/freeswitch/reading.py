"""Evidence back into columns: a line of messages is one CDR. A line that is none is kept apart."""

import hashlib
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import polars as pl

from tollbook.connectors.base import UsageBatch
from tollbook.connectors.freeswitch.document import Document, NoDocument, from_flows, read_document
from tollbook.connectors.freeswitch.mapping import FACTS, usage_of
from tollbook.connectors.freeswitch.options import Options, filled
from tollbook.connectors.pushed import Pushed, unpack

A_LEG = "a_"  # before the uuid in the address, when the module is told to mark a legs
MAX_UUID_CHARACTERS = 200
Row = dict[str, object]


def read_usage(file: Path, options: Options, *, batch_rows: int, is_complete: bool) -> Iterator[UsageBatch]:
    """The evidence's records, one for each line, in batches of `batch_rows` lines."""
    done, bytes_read = 0, 0
    with file.open("rb") as stream:
        lines = list(islice(stream, batch_rows))
        while True:
            following = list(islice(stream, batch_rows))
            unfinished = None
            if not following and not is_complete and lines and not lines[-1].endswith(b"\n"):
                unfinished = lines.pop()
            bytes_read += sum(map(len, lines))
            rows = [_row(line, number, options) for number, line in enumerate(lines, done + 1) if line.strip()]
            yield UsageBatch(
                usage=usage_of(pl.DataFrame(rows, schema=FACTS), options),
                bytes_read=bytes_read,
                is_last=not following,
                unfinished=unfinished,
            )
            if not following:
                return
            done, lines = done + len(lines), following


def _row(line: bytes, number: int, options: Options) -> Row:
    """What a line says, as text; or why it says nothing."""
    try:
        messages = unpack(line)
        if not messages:
            raise NoDocument("no message")
        message = messages[-1]
        document = read_document(message.body, decodes_json=options.decodes_json)
        return {"line": number, **_facts(document, message, options)}
    except ValueError as error:
        sha256 = hashlib.sha256(line.strip()).hexdigest()
        return {"line": number, "why_not": str(error).replace("\0", " "), "uuid": f"unreadable: {sha256}"}


def _facts(document: Document, message: Pushed, options: Options) -> Row:
    known, flows = document.variables, document.flows
    uuid = known.get("uuid") or from_flows(flows, "uuid")
    if not 0 < len(uuid) <= MAX_UUID_CHARACTERS:
        raise NoDocument("it has no uuid, or one that is too long")
    began_by = known.get("originating_leg_uuid") or known.get("call_uuid", "")
    is_marked_a = message.query.get("uuid", "").startswith(A_LEG)
    facts = {
        "uuid": uuid,
        "leg": "b" if not is_marked_a and (began_by not in {"", uuid} or document.has_originator) else "a",
        "other_leg": began_by if began_by != uuid else "",
        "said": known.get("call_direction"),
        "leg_direction": known.get("direction"),
        "contexts": "\n".join([known.get("user_context", ""), *(flow.get("context", "") for flow in flows)]),
        "last_arg": known.get("last_arg") if known.get("last_app") == "bridge" else None,
        "gateway": known.get("sip_gateway_name"),
        "hangup_cause": known.get("hangup_cause"),
        "cli": known.get("caller_id_number") or from_flows(flows, "caller_id_number"),
        "name": known.get("caller_id_name") or from_flows(flows, "caller_id_name"),
        "dialled": known.get("destination_number") or from_flows(flows, "destination_number"),
        "called": known.get("caller_destination")
        or known.get("destination_number")
        or from_flows(flows, "destination_number", oldest=True),
        "account_ref": filled(options.account, known),
        "tenant_ref": filled(options.tenant, known),
        "start_us": known.get("start_uepoch") or from_flows(flows, "created_time", oldest=True),
        "answer_us": known.get("answer_uepoch") or from_flows(flows, "answered_time"),
        "bridge_us": known.get("bridge_uepoch") or from_flows(flows, "bridged_time"),
        "end_us": known.get("end_uepoch") or from_flows(flows, "hangup_time"),
        **{
            name: known.get(name) for name in ("start_epoch", "answer_epoch", "start_stamp", "billmsec", "billsec")
        },
    }
    return {name: value.replace("\0", "\ufffd") if value else None for name, value in facts.items()}
