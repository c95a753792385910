"""FS PBX's REST API, version 1, over the same database.

What is not publicly told is guessed: calls come newest first and without far legs, as the page shows them; a deletion
answers with the object's key and `deleted`; `suspended` is FS PBX's own and keeps no telephone from registering.
"""

import json
from collections.abc import Callable, Iterable
from typing import Any
from uuid import UUID, uuid4

from simulators.fusionpbx import fspbx_items as items
from simulators.fusionpbx.cdr import Row
from simulators.fusionpbx.database import Database
from simulators.fusionpbx.fspbx_items import Item
from simulators.fusionpbx.schema import CALLS
from simulators.fusionpbx.switch import Switch
from simulators.web import Answer, Request

BASE = "/api/v1/"
MOST = 500  # of a page, and its size when none is asked for
STATUSES = ("answered", "no answer", "cancelled", "voicemail", "missed call", "abandoned")
DIRECTIONS = ("inbound", "outbound", "local")
CHANGEABLE = {
    "extensions": {*items.EXTENSION_TEXTS, *items.EXTENSION_NAMES, *items.FORWARDS, *items.FLAGS, "suspended"},
    "domains": {"domain_enabled", "domain_description"},
}
BOOLEANS = {*items.FLAGS, "suspended", "domain_enabled"}
KINDS_OF_CODE = {"unauthenticated": "authentication_error", "forbidden": "permission_error"}


class Refused(Exception):
    def __init__(self, status: int, code: str, message: str, param: str | None = None) -> None:
        super().__init__(message)
        self.status, self.code, self.param = status, code, param

    def answer(self) -> Answer:
        kind = KINDS_OF_CODE.get(self.code, "invalid_request_error")
        error = {"type": kind, "message": str(self), "code": self.code, "param": self.param}
        return Answer.json({"error": error}, status=self.status)


class FsPbx:
    """The application. `forbidden` are the collections that the token's owner has no permission for."""

    def __init__(self, database: Database, switch: Switch) -> None:
        self.token = f"1|{uuid4().hex}"
        self.forbidden: set[str] = set()
        self.suspended: set[UUID] = set()
        self._database = database
        self._switch = switch
        self._lists: dict[str, Callable[[Request, Row], Answer]] = {
            "extensions": self._extensions,
            "phone-numbers": self._phone_numbers,
            "cdrs": self._cdrs,
            "active-calls": self._active_calls,
            "registrations": self._registrations,
        }

    def revoke_token(self) -> None:
        """The token is worth nothing from now on; there is a new one."""
        self.token = f"1|{uuid4().hex}"

    def handle(self, request: Request) -> Answer:
        try:
            return self._routed(request)
        except Refused as refused:
            return refused.answer()

    def _routed(self, request: Request) -> Answer:
        if request.headers.get("Authorization", "") != f"Bearer {self.token}":
            raise Refused(401, "unauthenticated", "Unauthenticated.")
        if not request.path.startswith(BASE):
            raise _missing(request.path)
        parts = request.path.removeprefix(BASE).rstrip("/").split("/")
        if (parts[2] if len(parts) > 2 else parts[0]) in self.forbidden:
            raise Refused(403, "forbidden", "You do not have permission to do this.")
        match request.method, parts:
            case "GET", ["domains"]:
                return self._domains(request)
            case "GET" | "PATCH", ["domains", domain]:
                return self._one_domain(request, self._domain(domain))
            case "GET", ["domains", domain, collection] if collection in self._lists:
                return self._lists[collection](request, self._domain(domain))
            case "GET" | "PATCH", ["domains", domain, "extensions", extension]:
                return self._one_extension(request, self._domain(domain), extension)
            case "DELETE", ["domains", domain, "active-calls" | "registrations" as collection, key]:
                return self._delete(self._domain(domain), collection, key)
        raise _missing(request.path)

    def _domains(self, request: Request) -> Answer:
        rows = self._database.rows("SELECT * FROM v_domains ORDER BY domain_name, domain_uuid")
        for name in ("domain_name", "domain_enabled"):
            if (wanted := _one(request, name)) is not None:
                rows = [row for row in rows if str(row[name]).lower() == wanted.lower()]
        return _page(request, map(items.domain, rows), "domain_uuid")

    def _one_domain(self, request: Request, row: Row) -> Answer:
        if request.method == "PATCH" and (changes := _changes(request, "domains")):
            self._database.change("v_domains", row["domain_uuid"], changes)
            row = self._domain(str(row["domain_uuid"]))
        return Answer.json(items.domain(row))

    def _extensions(self, request: Request, domain: Row) -> Answer:
        query = "SELECT * FROM v_extensions WHERE domain_uuid = %s ORDER BY extension, extension_uuid"
        rows = self._database.rows(query, domain["domain_uuid"])
        return _page(request, (items.extension(row, self.suspended) for row in rows), "extension_uuid")

    def _one_extension(self, request: Request, domain: Row, text: str) -> Answer:
        row = self._extension(domain, text)
        if request.method == "PATCH":
            changes = _changes(request, "extensions")
            suspended = changes.pop("suspended", None)
            if suspended is not None:
                (self.suspended.add if suspended else self.suspended.discard)(row["extension_uuid"])
            if changes:
                self._database.change("v_extensions", row["extension_uuid"], changes)
                self._switch.forget(f"directory:{row['extension']}@{row['user_context']}")
            row = self._extension(domain, text)
        return Answer.json(items.extension(row, self.suspended))

    def _phone_numbers(self, request: Request, domain: Row) -> Answer:
        query = "SELECT * FROM v_destinations WHERE domain_uuid = %s ORDER BY destination_number, destination_uuid"
        rows = self._database.rows(query, domain["domain_uuid"])
        return _page(request, map(items.phone_number, rows), "destination_uuid")

    def _cdrs(self, request: Request, domain: Row) -> Answer:
        wheres, values = ["domain_uuid = %s", "coalesce(leg, 'a') = 'a'"], [domain["domain_uuid"]]
        for name, comparison in (("date_from", ">="), ("date_to", "<=")):
            if (text := _one(request, name)) is not None:
                wheres.append(f"start_epoch {comparison} %s")
                values.append(_number(name, text, 0, None))
        for name, allowed in (("direction", DIRECTIONS), ("status", STATUSES)):
            if (text := _one(request, name)) is not None:
                if text not in allowed:
                    raise Refused(400, "invalid_request", f"The selected {name} is invalid.", name)
                wheres.append(f"{name} = %s")
                values.append(next((own for own, told in items.STATUS.items() if told == text), text))
        if (text := _one(request, "extension_uuid")) is not None:
            wheres.append("extension_uuid = %s")
            values.append(_uuid(text, "extension_uuid"))
        if (text := _one(request, "search")) is not None:
            wheres.append(
                "position(%s IN concat_ws(' ', caller_id_name, caller_id_number, destination_number)) > 0"
            )
            values.append(text)
        order = "ORDER BY start_epoch DESC, xml_cdr_uuid DESC"
        rows = self._database.rows(f"SELECT * FROM {CALLS} WHERE {' AND '.join(wheres)} {order}", *values)
        return _page(request, map(items.cdr, rows), "xml_cdr_uuid")

    def _active_calls(self, request: Request, domain: Row) -> Answer:
        with self._switch.lock:
            channels = [each for each in self._switch.channels.values() if each.domain == domain["domain_name"]]
        return _page(request, map(items.active_call, channels), "call_uuid")

    def _registrations(self, request: Request, domain: Row) -> Answer:
        return _page(request, self._registered(domain), "call_id")

    def _registered(self, domain: Row) -> list[Item]:
        uuid, name = domain["domain_uuid"], domain["domain_name"]
        with self._switch.lock:
            users = sorted(user for user, where in self._switch.registrations if where == name)
        return [items.registration(uuid, user, name) for user in users]

    def _delete(self, domain: Row, collection: str, key: str) -> Answer:
        if collection == "active-calls":
            channel = self._switch.channels.get(key)
            is_done = channel is not None and channel.domain == domain["domain_name"] and self._switch.hang_up(key)
            told = {"call_uuid": key, "object": "active_call", "deleted": True}
        else:
            users = [each["extension"] for each in self._registered(domain) if each["call_id"] == key]
            is_done = any(self._switch.flush(user, domain["domain_name"]) for user in users)
            told = {"call_id": key, "object": "registration", "deleted": True}
        if not is_done:
            raise _missing(key)
        return Answer.json(told)

    def _domain(self, text: str) -> Row:
        rows = self._database.rows("SELECT * FROM v_domains WHERE domain_uuid::text = %s", text.lower())
        if not rows:
            raise _missing(text)
        return rows[0]

    def _extension(self, domain: Row, text: str) -> Row:
        query = "SELECT * FROM v_extensions WHERE domain_uuid = %s AND extension_uuid::text = %s"
        rows = self._database.rows(query, domain["domain_uuid"], text.lower())
        if not rows:
            raise _missing(text)
        return rows[0]


def _page(request: Request, all_items: Iterable[Item], key: str) -> Answer:
    found = list(all_items)
    limit = _number("limit", _one(request, "limit") or str(MOST), 1, MOST)
    first = 0
    if (after := _one(request, "starting_after")) is not None:
        places = [place for place, item in enumerate(found) if item[key] == after]
        if not places:
            raise Refused(400, "invalid_request", "The starting_after cursor is unknown.", "starting_after")
        first = places[0] + 1
    page = found[first : first + limit]
    has_more = first + limit < len(found)
    return Answer.json({"object": "list", "url": request.path, "has_more": has_more, "data": page})


def _changes(request: Request, collection: str) -> dict[str, Any]:
    try:
        fields = json.loads(request.body)
    except ValueError:
        fields = None
    if not isinstance(fields, dict):
        raise Refused(400, "invalid_request", "The body is no JSON object.")
    for name, value in fields.items():
        if name not in CHANGEABLE[collection]:
            raise Refused(400, "invalid_request", f"The field {name} is unknown.", name)
        if name in BOOLEANS and not isinstance(value, bool):
            raise Refused(400, "invalid_request", f"The {name} field must be true or false.", name)
        if name not in BOOLEANS and not isinstance(value, str | None):
            raise Refused(400, "invalid_request", f"The {name} field must be a string.", name)
    return fields


def _one(request: Request, name: str) -> str | None:
    return request.query.get(name, [None])[-1]


def _number(name: str, text: str, least: int, most: int | None) -> int:
    if not text.isdecimal() or int(text) < least or (most is not None and int(text) > most):
        raise Refused(
            400, "invalid_request", f"The {name} field must be a number from {least} to {most or 'any'}.", name
        )
    return int(text)


def _uuid(text: str, name: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Refused(400, "invalid_request", f"The {name} field must be a valid UUID.", name) from None


def _missing(what: str) -> Refused:
    return Refused(404, "resource_missing", f"No such resource: {what}")
