"""What is refused below, as the faults that clients switch on. Nothing of an unexpected error's text gets out."""

import uuid

import structlog
from django.db import Error
from django.db import connection as database

from tollbook.access import errors as access
from tollbook.api.portabilling import faults
from tollbook.api.portabilling.faults import Fault, refused
from tollbook.connections.secrets import OtherKey
from tollbook.customers import errors as customers
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
# Of rules: the last part of the code; an error that is not here has its parent's.
REASONS: dict[type[BadInput], str] = {
    customers.AgreementExceeded: "agreement_limit_exceeded",
    customers.NotInAgreement: "product_not_in_agreement",
    customers.BlockedByStaff: "blocked_by_administrator",
    customers.DuplicateCode: "duplicate_id",
    customers.NumberNotYours: "number_not_available",
    customers.NumberTaken: "number_in_use",
    customers.NotTheirs: "access_denied",
    customers.DoesNotGoWith: "product_combination_not_allowed",
    access.DuplicateLogin: "duplicate_login",
    access.WeakPassword: "password_not_allowed",
    access.CodeRefused: "invalid_one_time_password",
    BadInput: "not_allowed",
}
READ_ONLY = "25006"  # PostgreSQL's read_only_sql_transaction


def fault_of(error: Exception, method: str) -> Fault:
    """The fault that answers an error of a method (Service/name)."""
    if isinstance(error, Fault):
        return error
    if isinstance(error, OtherKey):  # names files of the house
        return _unexpected(error, method)
    for kind in type(error).__mro__:
        if kind in ACCESS:
            return Fault(ACCESS[kind], str(error))
        if kind in REASONS:
            return refused(method, REASONS[kind], str(error))
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
