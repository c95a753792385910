"""What is refused below, as the faults that clients switch on. Nothing of an unexpected error's text gets out."""

import uuid

import structlog
from django.db import Error
from django.db import connection as database

from tollbook.access import errors as access
from tollbook.api.portabilling import faults
from tollbook.api.portabilling.faults import Fault, refused
from tollbook.errors import BadInput, TollbookError

LOG = structlog.get_logger()

# Of logins and sessions: the same words whatever exactly is wrong.
ACCESS: dict[type[TollbookError], str] = {
    access.LoginRefused: faults.AUTH_FAILED,
    access.TooManyFailures: faults.BRUTE_FORCE,
    access.MustChangePassword: faults.MUST_CHANGE_PASSWORD,
    access.SessionOver: faults.CHECK_AUTH_FAILED,
    access.BadToken: faults.BAD_ACCESS_TOKEN,
    access.RefreshRefused: faults.REFRESH_FAILED,
}
# Of rules: the last part of the code, by the error's name; a class that is not here has its parent's.
REASONS: dict[str, str] = {
    "AgreementExceeded": "agreement_limit_exceeded",
    "NotInAgreement": "product_not_in_agreement",
    "BlockedByStaff": "blocked_by_administrator",
    "DuplicateCode": "duplicate_id",
    "DuplicateLogin": "duplicate_login",
    "WeakPassword": "password_not_allowed",
    "CodeRefused": "invalid_one_time_password",
    "NumberNotYours": "number_not_available",
    "NumberTaken": "number_in_use",
    "NotTheirs": "access_denied",
    "DoesNotGoWith": "product_combination_not_allowed",
    "BadInput": "not_allowed",
    "TollbookError": "not_possible",
}
READ_ONLY = "25006"  # PostgreSQL's read_only_sql_transaction


def fault_of(error: Exception, method: str) -> Fault:
    """The fault that answers an error of a method (Service/name)."""
    if isinstance(error, Fault):
        return error
    for kind in type(error).__mro__:
        if kind in ACCESS:
            return Fault(ACCESS[kind], str(error))
    if isinstance(error, TollbookError):
        reason = next(REASONS[kind.__name__] for kind in type(error).__mro__ if kind.__name__ in REASONS)
        return refused(method, reason, str(error)) if isinstance(error, BadInput) else _unexpected(error, method)
    if isinstance(error, Error) and getattr(error.__cause__, "sqlstate", "") == READ_ONLY:
        return Fault(faults.STANDALONE, f"{method} is not possible now: the database can only be read")
    return _unexpected(error, method)


def _unexpected(error: Exception, method: str) -> Fault:
    """Logged under an id that the fault names, so that whoever is told of it finds it."""
    number = uuid.uuid4().hex[:12]
    LOG.error("a call of the API failed", id=number, method=method, exc_info=error)
    if isinstance(error, Error) and not database.in_atomic_block:
        database.close()  # the next call tries anew
    return Fault(
        faults.INTERNAL_ERROR, f"{method} failed for a reason of its own; tell the operator this id: {number}"
    )
