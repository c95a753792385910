"""AccessControl: one-time passwords, sent by mail."""

from typing import Literal

from tollbook.access.otp import DIGITS, GOOD_FOR, make_code, use_code
from tollbook.access.sessions import live_session
from tollbook.alarms.models import Channel, Message
from tollbook.api.portabilling.caller import Caller
from tollbook.api.portabilling.faults import CHECK_AUTH_FAILED, NO_DELIVERY_ADDRESS, Fault, denied
from tollbook.api.portabilling.fields import Id
from tollbook.api.portabilling.method import EVERYBODY, Request, Success, method
from tollbook.customers.actors import Realm
from tollbook.customers.models import Account


class CreateOtp(Request):
    operation: str
    send_to: Literal["account", "customer"] = "account"
    id: str | None = None  # of the account
    i_account: Id | None = None
    i_customer: Id | None = None
    notification_type: Literal["mail"] = "mail"


@method("AccessControl/create_otp", realms=EVERYBODY, writes=True)
def create_otp(caller: Caller, asked: CreateOtp) -> Success:
    """Send a one-time password by mail to an account, or to a customer."""
    session = live_session(_session_id(caller), now=caller.now)
    subject, address = _recipient(caller, asked)
    if not address:
        raise Fault(NO_DELIVERY_ADDRESS, f"{subject} has no mail address to send a one-time password to")
    code = make_code(session, operation=asked.operation, now=caller.now)
    Message.objects.create(
        channel=Channel.MAIL,
        address=address,
        subject="One-time password",
        body=f"Your one-time password is {code}. It is valid for {GOOD_FOR.seconds // 60} minutes.\n\n"
        "If you did not ask for it, somebody else did: do not pass it on.\n",
        written_at=caller.now,
        next_attempt_at=caller.now,
    )
    caller.made(subject, {"operation": asked.operation, "sent to": address})
    return Success()


class VerifyOtp(Request):
    one_time_password: str
    operation: str


# What a wrong code counts must stay when it is refused: no transaction around it.
@method("AccessControl/verify_otp", realms=EVERYBODY)
def verify_otp(caller: Caller, asked: VerifyOtp) -> Success:
    """See whether a one-time password is right; only in the session that asked for it, and once."""
    session = live_session(_session_id(caller), now=caller.now)
    use_code(
        session, operation=asked.operation, code=asked.one_time_password.strip()[: DIGITS + 1], now=caller.now
    )
    return Success()


def _session_id(caller: Caller) -> str:
    if not caller.session_id:
        raise Fault(CHECK_AUTH_FAILED, "one-time passwords belong to a session; log in with Session/login first")
    return caller.session_id


def _recipient(caller: Caller, asked: CreateOtp) -> tuple[str, str]:
    """Who is meant, and their mail address."""
    if asked.send_to == "customer":
        if caller.realm is Realm.ACCOUNT:
            raise denied(caller.method)
        customer = caller.customer(asked.i_customer)
        return f"customer {customer.pk}", customer.email
    account = caller.account(asked.i_account or _named(caller, asked.id))
    return f"account {account.pk}", account.email or account.customer.email


def _named(caller: Caller, code: str | None) -> int | None:
    """The account of an id; one that is not theirs is refused as one that is not there."""
    if code is None:
        return None
    found = Account.objects.filter(code=code).values_list("pk", flat=True).first()
    if found is None:
        raise denied(caller.method)
    return found
