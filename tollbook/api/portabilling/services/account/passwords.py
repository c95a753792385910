"""Passwords: somebody's own with the old one, those of customers and accounts also by staff."""

from tollbook.access.errors import WeakPassword
from tollbook.access.models import User
from tollbook.access.operations import set_password
from tollbook.api.portabilling.caller import Caller
from tollbook.api.portabilling.faults import refused
from tollbook.api.portabilling.fields import Id
from tollbook.api.portabilling.method import EVERYBODY, OWNERS, Request, method
from tollbook.api.portabilling.services.session import Changed, change_own_password
from tollbook.customers.actors import Realm


class OfCustomer(Request, kw_only=True):
    """Whose password, what it was, and what it shall be; staff leave the old one out."""

    i_customer: Id | None = None
    old_password: str | None = None
    new_password: str


class OfAccount(Request, kw_only=True):
    """Whose password, what it was, and what it shall be; who manages the account leaves the old one out."""

    i_account: Id | None = None
    old_password: str | None = None
    new_password: str


@method("Customer/change_password", realms=OWNERS, writes=True)
def change_customer_password(caller: Caller, asked: OfCustomer) -> Changed:
    """Change the password with which a customer logs in."""
    customer = caller.customer(asked.i_customer)
    if caller.realm is Realm.CUSTOMER:
        return _own(caller, f"customer {customer.pk}", asked)
    user = User.objects.filter(realm=Realm.CUSTOMER, customer=customer).order_by("pk").first()
    return _set(caller, user, f"customer {customer.pk}", asked.new_password)


@method("Account/change_password", realms=EVERYBODY, writes=True)
def change_account_password(caller: Caller, asked: OfAccount) -> Changed:
    """Change the password with which an account logs in."""
    account = caller.account(asked.i_account)
    if caller.realm is Realm.ACCOUNT:
        return _own(caller, f"account {account.pk}", asked)
    user = User.objects.filter(realm=Realm.ACCOUNT, account=account).order_by("pk").first()
    return _set(caller, user, f"account {account.pk}", asked.new_password)


def _own(caller: Caller, whose: str, asked: OfCustomer | OfAccount) -> Changed:
    changed = change_own_password(caller, caller.login, asked.old_password or "", asked.new_password)
    caller.made(whose, {"password": "changed" if changed.success else "not changed"})
    return changed


def _set(caller: Caller, user: User | None, whose: str, password: str) -> Changed:
    if user is None:
        text = f"{whose} has no login; set one with login and password in update_customer or update_account"
        raise refused(caller.method, "no_login", text)
    try:
        set_password(user=user, password=password, now=caller.now)
    except WeakPassword as error:
        return Changed(0, {"new_password": str(error)})
    caller.made(whose, {"password": "changed"})
    return Changed(1)
