"""`/rest/Service/method`: from a request to its answer."""

import re
from datetime import UTC, datetime

from django.db import transaction
from django.http import HttpRequest, HttpResponse

from tollbook.access.audit import entry
from tollbook.access.models import AuditEntry, RealmName
from tollbook.access.options import options
from tollbook.api.portabilling import services  # noqa: F401  serves the methods
from tollbook.api.portabilling.address import address_of
from tollbook.api.portabilling.answers import Answer, answer, fault_answer
from tollbook.api.portabilling.authenticate import caller_of, credentials, nobody, realm_of_this_port
from tollbook.api.portabilling.caller import Caller, Written
from tollbook.api.portabilling.encodings import Asked, read_asked
from tollbook.api.portabilling.faults import BAD_REQUEST, METHOD_NOT_FOUND, Fault
from tollbook.api.portabilling.method import METHODS, invoke
from tollbook.api.portabilling.metrics import COUNTS
from tollbook.api.portabilling.openapi import INTERFACES, document
from tollbook.api.portabilling.pace import PACE
from tollbook.api.portabilling.refusals import fault_of
from tollbook.api.portabilling.services.session import Tokens
from tollbook.errors import TollbookError

ADDRESSED = re.compile(r"/rest/+([A-Za-z_0-9]{1,64})/+([A-Za-z_0-9]{1,64})(/.*)?", re.DOTALL)
ASKS_NOBODY = frozenset({"Session/login", "Session/refresh_access_token"})  # whatever old token is sent along


def rest(request: HttpRequest) -> HttpResponse:
    """Any address below `/rest`."""
    COUNTS.count_call()
    addressed = ADDRESSED.fullmatch(request.path_info)
    name = f"{addressed[1]}/{addressed[2]}" if addressed else "api"
    try:
        if addressed is None or name not in METHODS:
            raise _not_found(name)
        return _answered(request, name, addressed[3] or "")
    except Exception as error:
        fault = fault_of(error, name)
        COUNTS.count_fault(fault.code)
        return fault_answer(fault)


def description(request: HttpRequest, interface: str) -> HttpResponse:  # noqa: ARG001
    """`/doc/api/AdminInterface.json` and its like: OpenAPI, of the realms that this port serves."""
    own = realm_of_this_port()
    served = [name for name, realm in INTERFACES.items() if own in (None, realm)]
    if interface not in served:
        return fault_answer(
            Fault(METHOD_NOT_FOUND, f"{interface}.json is not here; {', '.join(served)} can be read")
        )
    return answer(document(interface))


def _answered(request: HttpRequest, name: str, path: str) -> HttpResponse:
    if request.method not in ("POST", "GET"):
        raise Fault(BAD_REQUEST, f"methods are called by POST; {request.method} does nothing here")
    now, address = datetime.now(UTC), address_of(request)
    PACE.count(f"address {address}")
    asked = read_asked(request, path)
    caller = _caller(request, name, asked, address, now)
    if caller.user_id:
        PACE.count(f"user {caller.user_id}")
    result = call(name, caller, asked)
    made = answer(result)
    if isinstance(result, Tokens):
        _set_cookies(made, result, is_secure=request.scheme == "https")
    return made


def call(name: str, caller: Caller, asked: Asked) -> object:
    """Have a method done. What writes does so in one transaction, its audit in the same."""
    if not METHODS[name].writes:
        return invoke(name, caller, asked.params, asked.upload)
    with transaction.atomic():
        result = invoke(name, caller, asked.params, asked.upload)
        keep_audit(caller)
    return result


def keep_audit(caller: Caller) -> None:
    """Write down what a call changed; that there was a call, even when it found nothing to change."""
    AuditEntry.objects.bulk_create(
        entry(
            at=caller.now,
            who=caller.login,
            user_id=caller.user_id or None,
            realm=RealmName(caller.realm),
            address=caller.address,
            method=caller.method,
            subject=one.subject,
            before=one.before,
            after=one.after,
        )
        for one in caller.written or [Written("", {}, {})]
    )
    caller.written = []


def _caller(request: HttpRequest, name: str, asked: Asked, address: str, now: datetime) -> Caller:
    given = {} if name in ASKS_NOBODY else credentials(request, asked.auth)
    if METHODS[name].needs_login:
        return caller_of(given, address=address, now=now)
    try:
        return caller_of(given, address=address, now=now) if given else nobody({}, address=address, now=now)
    except TollbookError:  # a dead session may be asked about, an expired password changed
        return nobody(given, address=address, now=now)


def _not_found(name: str) -> Fault:
    COUNTS.count_unknown(name)
    return Fault(METHOD_NOT_FOUND, f"{name} is not served here; docs/api-methods.md lists what is")


def _set_cookies(made: Answer, tokens: Tokens, *, is_secure: bool) -> None:
    pairs = [(options().token_cookie, tokens.access_token), (options().session_cookie, tokens.session_id)]
    for name, value in pairs:
        if isinstance(value, str):
            made.set_cookie(
                name, value, max_age=tokens.expires_in, httponly=True, samesite="Strict", secure=is_secure
            )
