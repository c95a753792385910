"""Who there is, and whether they may come in."""

from datetime import datetime, timedelta
from ipaddress import ip_address, ip_network

from django.db.models import QuerySet

from tollbook.access.models import RealmName, Role, User
from tollbook.access.options import options
from tollbook.customers.models import AccountState, CustomerState
from tollbook.errors import BadInput


def users(realm: str | None = None) -> QuerySet[User]:
    """All users, or those of a realm, with what they belong to."""
    found = User.objects.select_related("customer", "account", "role").order_by("realm", "login")
    return found.filter(realm=realm) if realm else found


def named_user(realm: str, login: str) -> User:
    """The user of that login.

    Raises:
        BadInput: there is none.
    """
    if (found := users(realm).filter(login=login).first()) is None:
        raise BadInput(
            f"there is no user {login!r} of the realm {realm}; `tollbook users list` shows who there is"
        )
    return found


def named_role(realm: str, name: str) -> Role:
    """The role of that name.

    Raises:
        BadInput: there is none.
    """
    if (found := Role.objects.filter(realm=realm, name=name).first()) is None:
        raise BadInput(
            f"there is no role {name!r} of the realm {realm}; `tollbook roles list` shows which there are"
        )
    return found


def may_come_in(user: User, now: datetime) -> bool:
    """Whether they are let in at all: not blocked, their customer not closed, their account not ended."""
    if user.is_blocked or (user.customer is not None and user.customer.state == CustomerState.CLOSED):
        return False
    if user.account is None:
        return True
    until = user.account.active_until
    return user.account.state != AccountState.TERMINATED and (until is None or until > now)


def may_come_from(user: User, address: str) -> bool:
    """Whether the user may come from that address."""
    if not user.allowed_addresses:
        return True
    try:
        there = ip_address(address)
    except ValueError:
        return False
    return any(there in ip_network(network) for network in user.allowed_addresses)


def password_has_expired(user: User, now: datetime) -> bool:
    """Whether it must be changed before anything else."""
    days = options().password_days
    if user.must_change_password:
        return True
    return bool(days and user.password_changed_at and user.password_changed_at + timedelta(days=days) <= now)


def permissions_of(user: User) -> tuple[str, ...]:
    """Patterns of Service/method that the user may call."""
    return ("*",) if user.role is None else tuple(user.role.permissions)


def realm_of(text: str) -> RealmName:
    """A realm by its name.

    Raises:
        BadInput: it is none.
    """
    try:
        return RealmName(text)
    except ValueError:
        raise BadInput(f"{text!r} is no realm; give staff, customer or account") from None
