"""WebLog: who changed what."""

from typing import Any

import msgspec

from tollbook.access.models import AuditEntry
from tollbook.api.portabilling.caller import Caller
from tollbook.api.portabilling.faults import invalid, missing
from tollbook.api.portabilling.fields import Id, Time, TimeText, time_text
from tollbook.api.portabilling.lists import ListRequest, page
from tollbook.api.portabilling.method import STAFF, method

# As clients name kinds of things, and as the audit does.
ENTITIES = {
    "Customers": "customer",
    "Accounts": "account",
    "Users": "user",
    "Products": "product",
    "Tariffs": "tariff",
    "DIDs": "number",
    "Invoices": "invoice",
}


class GetWebLogList(ListRequest):
    entity_type: str | None = None
    i_entity: Id | None = None
    login: str | None = None
    method: str | None = None
    from_date: Time | None = None
    to_date: Time | None = None


class WebLogEntry(msgspec.Struct, kw_only=True):
    i_web_log: int
    date: TimeText | None
    login: str
    i_user: int | None
    realm: str
    ip_address: str
    method: str
    entity: str
    before: dict[str, Any]
    after: dict[str, Any]


class WebLogList(msgspec.Struct):
    web_log_list: list[WebLogEntry]
    total: int | msgspec.UnsetType = msgspec.UNSET


@method("WebLog/get_web_log_list", realms=(STAFF,))
def get_web_log_list(caller: Caller, asked: GetWebLogList) -> WebLogList:
    """What was changed through the API, the newest first."""
    rows = AuditEntry.objects.order_by("-pk")
    if asked.entity_type is not None:
        kind = ENTITIES.get(asked.entity_type, asked.entity_type.lower())
        rows = (
            rows.filter(subject=f"{kind} {asked.i_entity}")
            if asked.i_entity
            else rows.filter(subject__startswith=f"{kind} ")
        )
    elif asked.i_entity is not None:
        raise missing(caller.method, "entity_type", "a request with i_entity")
    equal = {"who": asked.login, "method": asked.method, "at__gte": asked.from_date, "at__lt": asked.to_date}
    rows = rows.filter(**{name: value for name, value in equal.items() if value is not None})
    if asked.from_date and asked.to_date and asked.from_date > asked.to_date:
        raise invalid(caller.method, "to_date", "it is before from_date")
    found, total = page(caller, rows, asked)
    return WebLogList([_entry(one) for one in found], total)


def _entry(one: AuditEntry) -> WebLogEntry:
    return WebLogEntry(
        i_web_log=one.pk,
        date=time_text(one.at),
        login=one.who,
        i_user=one.user_id,
        realm=one.realm,
        ip_address=one.address,
        method=one.method,
        entity=one.subject,
        before=one.before,
        after=one.after,
    )
