"""One call from end to end: unpack it, see who asks, whether they may, do it, answer as the platform does."""

from collections.abc import Callable
from datetime import UTC, datetime

from simulators.portabilling.books import Books
from simulators.portabilling.call import Call, Method
from simulators.portabilling.refusals import STANDALONE, Refusal
from simulators.portabilling.services import account, catalog, cdr, customer, did, session
from simulators.portabilling.sessions import Session, Sessions
from simulators.portabilling.transport import Envelope, open_envelope
from simulators.web import Answer, Handle, Request

SERVICES: dict[str, dict[str, Method]] = {
    "Session": session.METHODS,
    "Customer": customer.METHODS,
    "Account": account.METHODS,
    "Product": catalog.PRODUCT,
    "Tariff": catalog.TARIFF,
    "Rate": catalog.RATE,
    "Invoice": catalog.INVOICE,
    "DID": did.METHODS,
    "CDR": cdr.METHODS,
    "Generic": catalog.GENERIC,
    "Env": catalog.ENV,
    "User": catalog.USER | session.USER,
}
READS = ("get_", "validate_")
NOBODY = Session("", "", "", "", 0, None, None, 0, 0)  # who asks before a login
STAFF_ONLY = {"DID/add_number", "DID/assign_did_to_customer", "DID/release_number", "User/get_user_list"}
STAFF_ONLY |= {"User/change_password"}
STAFF_ONLY |= {f"Customer/{verb}_customer" for verb in ("add", "terminate", "suspend", "unsuspend")}
STAFF_ONLY |= {"Customer/make_transaction", "Account/make_transaction"}
STAFF = {"admin", "reseller"}


class App:
    """The methods, what the API user may call of them, and whether the site is read-only."""

    def __init__(self, books: Books, sessions: Sessions, *, clock: Callable[[], float]) -> None:
        self.books = books
        self.sessions = sessions
        self.denied: set[str] = set()  # "Service/method" that the role lacks
        self.standalone = False  # the disaster site: read only
        self._clock = clock

    def realm(self, realm: str) -> Handle:
        """The application as one port shows it."""

        def handle(request: Request) -> Answer:
            try:
                envelope = open_envelope(request)
                method = _method(envelope)
                answer = self._call(realm, envelope, method)
            except Refusal as refusal:
                return refusal.answer()
            return answer if isinstance(answer, Answer) else Answer.json(answer)

        return handle

    def _call(self, realm: str, envelope: Envelope, method: Method) -> Answer | dict[str, object]:
        is_open = envelope.service == "Session"
        who = NOBODY if is_open else self.sessions.check(realm, envelope.auth, envelope.bearer)
        call = Call(
            service=envelope.service,
            method=envelope.method,
            realm=realm,
            params=envelope.params,
            auth=envelope.auth,
            bearer=envelope.bearer,
            session=who,
            sessions=self.sessions,
            books=self.books,
            now=datetime.fromtimestamp(int(self._clock()), UTC),
            files=envelope.files,
        )
        name = f"{call.service}/{call.method}"
        if name in self.denied or (name in STAFF_ONLY and realm not in STAFF):
            call.denied()
        if is_open or call.method.startswith(READS):
            return method(call)
        if self.standalone:
            raise Refusal(STANDALONE)
        with self.books.lock:
            return method(call)


def _method(envelope: Envelope) -> Method:
    method = SERVICES.get(envelope.service, {}).get(envelope.method)
    if method is None:
        raise Refusal("Client.api.method_not_found", f"There is no method {envelope.service}/{envelope.method}")
    return method
