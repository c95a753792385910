"""The switch's routes below /rest/.

Where the vendor's documents leave it open: pages are counted from one, `start` and `end` of `cdrs` are days of the
tenant's clock and both belong to the period, a write answers `{}`, lists are plain JSON lists.
"""

import json
import threading
from collections.abc import Callable, Mapping
from datetime import datetime
from urllib.parse import unquote
from zoneinfo import ZoneInfo

from simulators.vodia import answers, month
from simulators.vodia.calls import Call, TimeStyle
from simulators.vodia.people import Account, Tenant
from simulators.vodia.sessions import Scope, Sessions, unauthorized
from simulators.web import Answer, Request

REST = "/rest/"
FIRST_PAGE = 1
USUAL_SIZE = 50
MAX_SIZE = 500  # more are not answered, whatever is asked
DAY_MS = 86_400_000
DONE = Answer.json({})


class Refused(Exception):
    """The status says why."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


class Switch:
    """The application: tenants, their calls and what is ordered of them."""

    def __init__(self, tenants: list[Tenant], calls: list[Call], sessions: Sessions, now: int) -> None:
        self.tenants = tenants
        self.calls = calls  # in the order in which they ended
        self.sessions = sessions
        self.now = now  # milliseconds since 1970
        self.times: TimeStyle = "text"
        self.keep_days: int | None = None  # older calls are forgotten
        self.first_page = FIRST_PAGE
        self.max_size = MAX_SIZE
        self.is_ignoring_orders = False
        self.is_denying_api = False
        self.arrivals: list[tuple[int, int]] = []  # so many calls, after so many more pages
        self.cleared: list[str] = []  # accounts whose registrations were dropped, `200@tenant`
        self.lock = threading.Lock()

    def handle(self, request: Request) -> Answer:
        path = unquote(request.path).rstrip("/")
        try:
            with self.lock:
                if path == "/rest/system/session":
                    return self.sessions.answer(request)
                scope = self.sessions.scope(request.headers)
                if scope is None:
                    return unauthorized()
                if self.is_denying_api and not scope.extension:
                    raise Refused(403, "Forbidden")
                return self._answer(request, path, scope)
        except Refused as refusal:
            return Answer.text(str(refusal), status=refusal.status)

    def _answer(self, request: Request, path: str, scope: Scope) -> Answer:
        match path.removeprefix(REST).split("/"):
            case ["system", name]:
                return self._of_system(request, name, scope)
            case ["domain", tenant, *rest]:
                return self._of_tenant(request, tenant, rest, scope)
        raise Refused(404, "Not found")

    def _of_system(self, request: Request, name: str, scope: Scope) -> Answer:
        if not scope.is_system:
            raise Refused(403, "Forbidden")
        match request.method, name:
            case "GET", "domains":
                return Answer.json([answers.tenant(one) for one in self.tenants])
            case "GET", "did":
                return Answer.json([did for tenant in self.tenants for did in answers.dids(tenant)])
            case "GET", "cdrs":
                return Answer.json(len(self._kept(None)))
        raise Refused(404, "Not found")

    def _of_tenant(self, request: Request, name: str, rest: list[str], scope: Scope) -> Answer:
        account = rest[1] if rest[:1] == ["user_settings"] and len(rest) == 2 else ""
        if not scope.covers(name, account):
            raise Refused(403, "Forbidden")
        tenant = self.tenant(name)
        if account:
            return self._settings_of_account(request, tenant, account, scope)
        route = self._reads() if request.method == "GET" else self._writes()
        found = route.get("/".join(rest))
        if found is None or request.method not in {"GET", "POST"}:
            raise Refused(404, "Not found")
        return found(request, tenant)

    def _reads(self) -> Mapping[str, Callable[[Request, Tenant], Answer]]:
        return {
            "settings": lambda _, tenant: Answer.json(answers.tenant_settings(tenant)),
            "users": self._list_users,
            "extensions": self._list_extensions,
            "userlist/extensions": self._list_extensions,
            "did": lambda _, tenant: Answer.json(answers.dids(tenant)),
            "domain_trunks": lambda _, tenant: Answer.json([answers.trunk(one) for one in tenant.trunks]),
            "cdrs": self._list_calls,
            "cdr": self._one_call,
        }

    def _writes(self) -> Mapping[str, Callable[[Request, Tenant], Answer]]:
        return {
            "settings": self._change_tenant,
            "did": self._assign_did,
            "addacc": self._add_account,
            "domain_trunks": self._change_trunk,
            "domain_action": self._act,
        }

    def tenant(self, name: str) -> Tenant:
        found = next((one for one in self.tenants if one.name == name), None)
        if found is None:
            raise Refused(404, "Not found")
        return found

    def _list_users(self, request: Request, tenant: Tenant) -> Answer:
        kind = _text(request, "usertype")
        return Answer.json([answers.user(one) for one in tenant.accounts if kind in {"", one.kind}])

    def _list_extensions(self, request: Request, tenant: Tenant) -> Answer:
        wanted = _text(request, "account")
        return Answer.json([answers.user(one) for one in tenant.extensions if wanted in {"", one.number}])

    def _list_calls(self, request: Request, tenant: Tenant) -> Answer:
        """A page, the newest first. Calls that are to arrive do so when it has been cut out."""
        page = _whole(request, "page", self.first_page)
        size = min(_whole(request, "size", USUAL_SIZE), self.max_size)
        if page < self.first_page or size < 1:
            raise Refused(400, "Bad page")
        since, until = _text(request, "start"), _text(request, "end")
        zone = ZoneInfo(tenant.timezone)
        kept = [call for call in self._kept(tenant) if _is_between(call, since, until, zone)]
        kept.reverse()
        first = (page - self.first_page) * size
        shown = [call.record(self.times) for call in kept[first : first + size]]
        self._let_arrive(tenant)
        return Answer.json(shown)

    def _one_call(self, request: Request, tenant: Tenant) -> Answer:
        id = _whole(request, "id", 0)
        found = next((call for call in self._kept(tenant) if call.id == id), None)
        if found is None:
            raise Refused(404, "Not found")
        return Answer.json(found.record(self.times))

    def _kept(self, tenant: Tenant | None) -> list[Call]:
        oldest = 0 if self.keep_days is None else self.now - self.keep_days * DAY_MS
        return [
            call for call in self.calls if call.end >= oldest and (tenant is None or call.tenant == tenant.name)
        ]

    def _let_arrive(self, tenant: Tenant) -> None:
        waiting = [(count, pages - 1) for count, pages in self.arrivals]
        self.arrivals = [one for one in waiting if one[1] > 0]
        for count in (count for count, pages in waiting if pages <= 0):
            self.add_calls(tenant, count)

    def add_calls(self, tenant: Tenant, count: int) -> list[int]:
        """New calls of a tenant, newer than all others; their ids."""
        arrived = month.arriving(tenant, self.calls[-1].id + 1, count, self.now)
        self.calls.extend(arrived)
        self.now = arrived[-1].end if arrived else self.now
        return [call.id for call in arrived]

    def _settings_of_account(self, request: Request, tenant: Tenant, number: str, scope: Scope) -> Answer:
        found = tenant.account(number)
        if found is None:
            raise Refused(404, "Not found")
        if request.method == "GET":
            return Answer.json(answers.user_settings(found))
        if scope.extension or request.method not in {"POST", "PUT"}:
            raise Refused(403, "Forbidden")
        self._merge(found, _texts(request))
        return DONE

    def _merge(self, account: Account, changes: dict[str, str]) -> None:
        if not self.is_ignoring_orders:
            if "alias" in changes:
                account.dids = changes.pop("alias").split()
            account.settings |= changes

    def _change_tenant(self, request: Request, tenant: Tenant) -> Answer:
        changes = _texts(request)
        if not self.is_ignoring_orders:
            tenant.settings |= changes
        return DONE

    def _assign_did(self, request: Request, tenant: Tenant) -> Answer:
        wanted = _texts(request)
        account = tenant.account(wanted.get("account", ""))
        if account is None or not wanted.get("did"):
            raise Refused(400, "Bad request")
        if not self.is_ignoring_orders:
            for one in tenant.accounts:
                one.dids = [did for did in one.dids if did != wanted["did"]]
            account.dids.append(wanted["did"])
        return DONE

    def _add_account(self, request: Request, tenant: Tenant) -> Answer:
        """An extension without anything; one that is there is refused."""
        wanted = _texts(request)
        number = wanted.get("account_ext", "")
        if wanted.get("type") != "extensions" or not number.isdigit() or tenant.account(number) is not None:
            raise Refused(400, "Bad request")
        if not self.is_ignoring_orders:
            tenant.accounts.append(Account(number, "extensions", "", "", []))
        return DONE

    def _change_trunk(self, request: Request, tenant: Tenant) -> Answer:
        id, wanted = _whole(request, "trunk", 0), _texts(request).get("dis")
        trunk = next((one for one in tenant.trunks if one.id == id), None)
        if trunk is None:
            raise Refused(404, "Not found")
        if wanted not in {"true", "false"}:
            raise Refused(400, "Bad request")
        if not self.is_ignoring_orders:
            trunk.is_disabled = wanted == "true"
        return DONE

    def _act(self, request: Request, tenant: Tenant) -> Answer:
        """Accounts that are not there are passed over without a word; so is an action that is not known."""
        wanted = _texts(request)
        named = wanted.get("selected", "").split()
        if self.is_ignoring_orders or wanted.get("type") != "accounts":
            return DONE
        for account in (one for one in tenant.accounts if one.number in named):
            match wanted.get("action"):
                case "disable_selected":
                    account.settings["disabled"] = "true"
                case "enable_selected":
                    account.settings["disabled"] = "false"
                case "clear_reg":
                    self.cleared.append(f"{account.number}@{tenant.name}")
        return DONE


def _is_between(call: Call, since: str, until: str, zone: ZoneInfo) -> bool:
    day = f"{datetime.fromtimestamp(call.start // 1000, zone):%Y%m%d}"
    return (not since or day >= since) and (not until or day <= until)


def _text(request: Request, name: str) -> str:
    return request.query.get(name, [""])[-1]


def _whole(request: Request, name: str, usual: int) -> int:
    text = _text(request, name)
    if text and not (text.isascii() and text.isdigit()):
        raise Refused(400, f"Bad {name}")
    return int(text) if text else usual


def _texts(request: Request) -> dict[str, str]:
    try:
        found = json.loads(request.body)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise Refused(400, "Bad request")
    return {name: value if isinstance(value, str) else json.dumps(value) for name, value in found.items()}
