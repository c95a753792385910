"""Metroport's routes.

Errors have a short text: their real shape is not publicly known, nor is what an upload answers. An ended session is
a 401, times are Warsaw's, and both ends of a period belong to it.
"""

import json
import threading
from datetime import datetime
from urllib.parse import parse_qs, unquote

from simulators.metroport.month import Month
from simulators.metroport.records import TRAFFIC_TYPES, Record
from simulators.metroport.sessions import COOKIE, Sessions
from simulators.metroport.upload import UploadedFile, uploaded_file
from simulators.metroport.user_writes import Refused, change_user, create_user, digits
from simulators.metroport.users import User
from simulators.metroport.warsaw import WALL_CLOCK
from simulators.web import JSON, Answer, Request

NOTHING = Answer(204)
LOGIN = "/admins/auth/login"
FORM = "application/x-www-form-urlencoded"


class Platform:
    """The application: one provider's month behind a login."""

    def __init__(self, month: Month, sessions: Sessions) -> None:
        self.month = month
        self.sessions = sessions
        self.price_lists: list[UploadedFile] = []
        self.lock = threading.Lock()

    def handle(self, request: Request) -> Answer:
        path = unquote(request.path).rstrip("/").lower()
        try:
            with self.lock:
                if (request.method, path) == ("POST", LOGIN):
                    return self._log_in(request)
                if not self.sessions.has(request.headers):
                    return Answer.text("Unauthorized", status=401)
                return self._answer(request, path)
        except Refused as refusal:
            return Answer.text(str(refusal), status=refusal.status)

    def _answer(self, request: Request, path: str) -> Answer:
        lists_and_forms = {
            ("GET", "/users/users"): self._list_users,
            ("POST", "/users/users"): self._create_user,
            ("GET", "/mvno/mobiles"): self._list_mobiles,
            ("GET", "/mvno/billings"): self._list_billings,
            ("GET", "/mvno/billings/traffictypes"): self._list_traffic_types,
            ("POST", "/mvno/retailrates/importrates"): self._import_rates,
        }
        of_one_user = {"GET": self._one_user, "PUT": self._change_user}
        if (answer := lists_and_forms.get((request.method, path))) is not None:
            return answer(request)
        collection, _, id = path.rpartition("/")
        if collection == "/users/users" and request.method in of_one_user:
            return of_one_user[request.method](request, _whole("id", id))
        raise Refused(404, f"No {request.method} {request.path}")

    def _log_in(self, request: Request) -> Answer:
        fields = _json_object(request)
        session = self.sessions.open(fields.get("login"), fields.get("password"))
        if session is None:
            return Answer.text("Wrong login or password", status=401)
        cookies = (("Set-Cookie", f"{COOKIE}={session}; path=/; HttpOnly"), ("Set-Cookie", "lang=pl; path=/"))
        return Answer.json({"status": "ok"}, headers=cookies)

    def _list_users(self, request: Request) -> Answer:
        found = self.month.users
        if (usertype := _number(request, "usertype")) is not None:
            found = [user for user in found if user.usertype == usertype]
        for name in ("nip", "pesel"):
            if wanted := digits(_text(request, name)):
                found = [user for user in found if digits(getattr(user, name)) == wanted]
        return Answer.json([len(found), [user.fields() for user in found]]) if found else NOTHING

    def _create_user(self, request: Request) -> Answer:
        return Answer.json(create_user(self.month.users, _json_object(request)).id)

    def _one_user(self, _: Request, id: int) -> Answer:
        user: User | None = next((user for user in self.month.users if user.id == id), None)
        if user is None:
            raise Refused(404, f"User {id} not found")
        return Answer.json(user.fields())

    def _change_user(self, request: Request, id: int) -> Answer:
        change_user(self.month.users, id, _form(request))
        return Answer.json(True)

    def _list_traffic_types(self, _: Request) -> Answer:
        return Answer.json([{"id": id, "type": kind} for kind, id in TRAFFIC_TYPES.items()])

    def _list_mobiles(self, request: Request) -> Answer:
        userid = _number(request, "userid")
        found = [mobile.fields() for mobile in self.month.mobiles if userid in {None, mobile.userid}]
        return Answer.json(found) if found else NOTHING

    def _list_billings(self, request: Request) -> Answer:
        since, until = _moment(request, "datestart"), _moment(request, "dateend")
        userid, id_after = _number(request, "userid"), _number(request, "id_after")

        def is_wanted(record: Record) -> bool:
            return (
                (userid is None or record.userid == userid)
                and (id_after is None or record.id > id_after)
                and (not since or record.calldate >= since)
                and (not until or record.calldate <= until)
            )

        found = [record.text() for record in self.month.records if is_wanted(record)]
        if not found:
            return NOTHING
        return Answer(200, (("Content-Type", JSON),), f"[{len(found)}, [{', '.join(found)}]]".encode())

    def _import_rates(self, request: Request) -> Answer:
        file = uploaded_file(request.headers.get("Content-Type", ""), request.body, "file")
        if file is None:
            raise Refused(400, "No file in the form")
        if not file.content.strip():
            raise Refused(400, f"File {file.name} is empty")
        self.price_lists.append(file)
        lines = len(file.content.splitlines())
        return Answer.text(f"Imported {file.name}: {lines} lines")


def _text(request: Request, name: str) -> str:
    return request.query.get(name, [""])[-1]


def _number(request: Request, name: str) -> int | None:
    text = _text(request, name)
    return _whole(name, text) if text else None


def _whole(name: str, text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise Refused(400, f"Field {name} must be a number")
    return int(text)


def _moment(request: Request, name: str) -> str:
    """As the clock in Warsaw shows it; such texts sort as the moments do."""
    text = _text(request, name)
    try:
        return datetime.strptime(text, WALL_CLOCK).strftime(WALL_CLOCK) if text else ""  # noqa: DTZ007
    except ValueError:
        raise Refused(400, f"Field {name} must be YYYY-MM-DD HH:MM:SS") from None


def _json_object(request: Request) -> dict[str, object]:
    try:
        fields = json.loads(request.body)
    except ValueError:
        fields = None
    if not isinstance(fields, dict):
        raise Refused(400, "Body must be a JSON object")
    return fields


def _form(request: Request) -> dict[str, object]:
    if not request.headers.get("Content-Type", "").startswith(FORM):
        raise Refused(400, f"Body must be {FORM}")
    fields = parse_qs(request.body.decode(errors="replace"), keep_blank_values=True)
    return {name: values[-1] for name, values in fields.items()}
