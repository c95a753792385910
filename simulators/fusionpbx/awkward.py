"""What must be in every month, each kind at least three times, under a name by which a test finds it.

b_leg: the far leg of a call whose own leg is there too
no_leg: leg is null
lose_race: a telephone of a ring group that another one was faster than
ring_group_double: a leg of an enterprise ring group whose originating leg is present: the same call twice
ring_group_orphan: such a leg whose originating leg is not there: the call's only row
nobody_domain_code, nobody_extension_code, nobody_no_code: no extension_uuid; accountcode has the
    domain, the extension, nothing
no_direction_out, no_direction_in: direction is empty or null; only last_arg and caller_destination tell
forwarded_in, forwarded_out: a call to a number, and the outbound leg by which the extension's forwarding sent it on
unanswered, busy, failed: calls that were not answered
zero_seconds: answered and ended within the second
over_local_month_end, over_utc_month_end: begun before midnight of Toronto or of UTC, ended after it
late_insert: imported hours after the call's end
quoted_name: quotation marks and commas in the caller's name
twin: two calls identical in everything but the uuid
emergency, toll_free, feature_code, voicemail: 911, 1-800, *97, *99 and an extension
ten_digits, eleven_digits, exit_code, plus: an outbound number as it was dialled
empty_outbound_id: by an extension without a number of its own to show
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

from simulators.fusionpbx.calls import Caller, abroad, month_bounds, sent, toll_free
from simulators.fusionpbx.cdr import Call
from simulators.fusionpbx.tenants import Extension, Tenant, ten_digits

EACH = 3
FAILURES = ("NORMAL_TEMPORARY_FAILURE", "CALL_REJECTED", "UNALLOCATED_NUMBER")
ODD_NAMES = ('Tremblay, "Bob" & Fils', '"Quoted"', "O'Neil, A., Dr.")
Named = tuple[str, Call]
Kind = Callable[[Caller, Tenant, datetime, int], Iterator[Named]]


def awkward(caller: Caller, month: str) -> Iterator[Named]:
    """Each kind at three tenants, at noon of different days."""
    first, end = month_bounds(month)
    tenants = caller.switchboard.tenants[:EACH]
    for day, kind in enumerate(KINDS):
        for number, tenant in enumerate(tenants):
            start = first + timedelta(days=day % 25, hours=12 + day // 25, minutes=7 * number)
            yield from kind(caller, tenant, start, number)
    for number, tenant in enumerate(tenants):
        yield from _over_midnight(caller, tenant, end, number)


def _legs(caller: Caller, tenant: Tenant, start: datetime, _: int) -> Iterator[Named]:
    far = caller.new_uuid()
    near = caller.outbound(tenant, start, 61, ten_digits(caller.random), bridge=far)
    yield "a_leg", near
    yield "b_leg", replace(near, uuid=far, leg="b", bridge=near.uuid, extension=None)
    yield "no_leg", replace(caller.outbound(tenant, start, 60, ten_digits(caller.random)), leg=None)


def _ring_group(caller: Caller, tenant: Tenant, start: datetime, _: int) -> Iterator[Named]:
    parent = caller.inbound(tenant, start, 90)
    slow, fast = tenant.extensions[2:4]
    yield "ring_group_parent", parent
    yield "ring_group_double", _branch(caller, parent, fast)
    lost = replace(_branch(caller, parent, slow), billsec=0, cause="LOSE_RACE")
    yield "lose_race", lost
    yield (
        "ring_group_orphan",
        replace(_branch(caller, parent, fast), originating_leg=caller.new_uuid(), billsec=45),
    )


def _branch(caller: Caller, parent: Call, extension: Extension) -> Call:
    return replace(
        parent,
        uuid=caller.new_uuid(),
        extension=extension,
        destination=extension.extension,
        originating_leg=parent.uuid,
        arg=f"user/{extension.extension}@{parent.tenant.name}",
    )


def _nobody(caller: Caller, tenant: Tenant, start: datetime, number: int) -> Iterator[Named]:
    codes = {"domain": tenant.name, "extension": tenant.extensions[number].extension, "no": ""}
    for name, code in codes.items():
        call = caller.outbound(tenant, start, 62, ten_digits(caller.random), extension=None, accountcode=code)
        yield f"nobody_{name}_code", call


def _no_direction(caller: Caller, tenant: Tenant, start: datetime, number: int) -> Iterator[Named]:
    empty = None if number else ""
    yield (
        "no_direction_out",
        replace(caller.outbound(tenant, start, 63, ten_digits(caller.random)), direction=empty),
    )
    yield "no_direction_in", replace(caller.inbound(tenant, start, 64), direction=empty)


def _forwarded(caller: Caller, tenant: Tenant, start: datetime, _: int) -> Iterator[Named]:
    extension = next(each for each in tenant.extensions if each.forwarded_to)
    came_in = caller.inbound(tenant, start, 120, extension=extension)
    went_out = caller.outbound(
        tenant,
        start + timedelta(seconds=1),
        119,
        extension.forwarded_to,
        extension=None,
        caller=came_in.caller,
        bridge=came_in.uuid,
    )
    yield "forwarded_in", replace(came_in, bridge=went_out.uuid, arg=went_out.arg)
    yield "forwarded_out", went_out


def _not_answered(caller: Caller, tenant: Tenant, start: datetime, number: int) -> Iterator[Named]:
    call = caller.outbound(tenant, start, 0, ten_digits(caller.random), ring_s=31)
    yield "unanswered", replace(call, cause="NO_ANSWER")
    yield "busy", replace(call, uuid=caller.new_uuid(), cause="USER_BUSY", ring_s=2)
    yield "failed", replace(call, uuid=caller.new_uuid(), cause=FAILURES[number], ring_s=0)
    yield "zero_seconds", replace(call, uuid=caller.new_uuid(), was_answered=True)


def _late(caller: Caller, tenant: Tenant, start: datetime, number: int) -> Iterator[Named]:
    call = caller.outbound(tenant, start, 65, ten_digits(caller.random))
    yield "late_insert", replace(call, import_delay=timedelta(hours=5 + 20 * number))


def _names(caller: Caller, tenant: Tenant, start: datetime, number: int) -> Iterator[Named]:
    yield "quoted_name", caller.inbound(tenant, start, 66, caller_name=ODD_NAMES[number])


def _twins(caller: Caller, tenant: Tenant, start: datetime, _: int) -> Iterator[Named]:
    first = caller.outbound(tenant, start, 67, ten_digits(caller.random))
    same = {
        "sip_call_id": f"{first.uuid.hex[:20]}@192.0.2.9",
        "network_addr": "192.0.2.9",
        "billmsec": 67_200,
        "mduration": 67_200,
    }
    for uuid in (first.uuid, caller.new_uuid()):
        yield "twin", replace(first, uuid=uuid, more=same)


def _numbers(caller: Caller, tenant: Tenant, start: datetime, _: int) -> Iterator[Named]:
    dialled = {
        "emergency": "911",
        "toll_free": toll_free(caller.random),
        "ten_digits": ten_digits(caller.random),
        "eleven_digits": f"1{ten_digits(caller.random)}",
        "exit_code": f"011{abroad(caller.random)}",
        "plus": f"+{abroad(caller.random)}",
    }
    for minute, (name, destination) in enumerate(dialled.items()):
        yield name, caller.outbound(tenant, start + timedelta(minutes=minute), 68, destination)


def _codes(caller: Caller, tenant: Tenant, start: datetime, _: int) -> Iterator[Named]:
    yield "feature_code", caller.feature(tenant, start, 21, "*97")
    yield "voicemail", caller.feature(tenant, start, 22, f"*99{tenant.extensions[0].extension}")


def _empty_outbound_id(caller: Caller, tenant: Tenant, start: datetime, _: int) -> Iterator[Named]:
    extension = next(each for each in tenant.extensions if not each.outbound_number)
    yield "empty_outbound_id", caller.outbound(tenant, start, 69, ten_digits(caller.random), extension=extension)


def _over_midnight(caller: Caller, tenant: Tenant, end: datetime, number: int) -> Iterator[Named]:
    before = timedelta(seconds=30 + number)
    call = caller.outbound(tenant, end - before, 120, ten_digits(caller.random))
    yield "over_local_month_end", call
    utc_midnight = datetime.combine(end.date(), time(), UTC)
    destination = ten_digits(caller.random)
    arg = f"sofia/gateway/{tenant.gateway.uuid}/{sent(destination)}"
    other = replace(call, uuid=caller.new_uuid(), start=utc_midnight - before, destination=destination, arg=arg)
    yield "over_utc_month_end", other


KINDS: tuple[Kind, ...] = (
    _legs,
    _ring_group,
    _nobody,
    _no_direction,
    _forwarded,
    _not_answered,
    _late,
    _names,
    _twins,
    _numbers,
    _codes,
    _empty_outbound_id,
)
