"""Users, their passwords and tokens, and roles."""

import re
import secrets
from collections.abc import Sequence
from datetime import datetime
from ipaddress import ip_network

from django.db import IntegrityError, transaction

from tollbook.access.audit import entry
from tollbook.access.errors import DuplicateLogin
from tollbook.access.login import MOST_LOGIN_CHARACTERS
from tollbook.access.models import RealmName, Role, User
from tollbook.access.passwords import check_password_rules, hashed, token_hash
from tollbook.access.sessions import end_sessions_of
from tollbook.access.throttle import forgive
from tollbook.customers.models import Account, Customer
from tollbook.errors import BadInput

PATTERN = re.compile(r"[A-Za-z*?]+/[a-z_A-Z0-9*?]+|\*")
MOST_PATTERNS = 500
MOST_NETWORKS = 100
CHANGEABLE = frozenset({"name", "email", "role", "allowed_addresses", "is_blocked", "must_change_password"})


@transaction.atomic
def add_user(
    *,
    realm: RealmName,
    login: str,
    password: str = "",
    customer: Customer | None = None,
    account: Account | None = None,
    role: Role | None = None,
    now: datetime,
    **facts: object,
) -> User:
    """Somebody new who may log in. Without a password only an API token lets them in.

    Raises:
        DuplicateLogin, WeakPassword, BadInput: what is wrong with it.
    """
    user = User(
        realm=realm,
        login=_checked_login(login),
        customer=account.customer if account else customer,
        account=account,
        role=_checked_role(role, realm),
        created_at=now,
    )
    _put(user, facts)
    if password:
        _put_password(user, password, now)
    try:
        with transaction.atomic():
            user.save()
    except IntegrityError:
        raise _taken(realm, login) from None
    return user


@transaction.atomic
def change_user(*, user: User, now: datetime, **facts: object) -> User:
    """Change name, email, role, allowed_addresses, is_blocked or must_change_password.

    Who is blocked, or must change the password, is thrown out at once.
    """
    if "role" in facts:
        role = facts["role"]
        _checked_role(role if isinstance(role, Role) else None, RealmName(user.realm))
    _put(user, facts)
    user.save()
    if user.is_blocked or facts.get("must_change_password"):
        end_sessions_of(user, now=now)
    return user


@transaction.atomic
def set_password(*, user: User, password: str, now: datetime, but: str = "", must_change: bool = False) -> None:
    """Give the user a new password. Sessions end, but for the one of the id `but`.

    Raises:
        WeakPassword: the rules do not allow it.
    """
    _put_password(user, password, now)
    user.must_change_password = must_change
    user.save(update_fields=["password", "password_changed_at", "must_change_password"])
    end_sessions_of(user, now=now, but=but)
    forgive(login=user.login)


@transaction.atomic
def make_token_for(*, user: User, now: datetime) -> str:
    """A new API token, the only time it can be read. One that there was is void."""
    token = secrets.token_urlsafe(24)
    user.token_hash, user.token_made_at = token_hash(token), now
    user.save(update_fields=["token_hash", "token_made_at"])
    return token


@transaction.atomic
def remove_token_of(*, user: User) -> None:
    """No token lets the user in any more."""
    user.token_hash, user.token_made_at = "", None
    user.save(update_fields=["token_hash", "token_made_at"])


@transaction.atomic
def set_login(
    *,
    realm: RealmName | str,
    customer: Customer | None = None,
    account: Account | None = None,
    login: str,
    password: str,
    by: str,
    now: datetime,
) -> User | None:
    """Login and password of a customer, or of an account, as they shall be; an empty login takes it away.

    An empty password leaves the one there is. Noted in the audit as done by `by`.

    Raises:
        DuplicateLogin, WeakPassword, BadInput: what is wrong with it.
    """
    realm = RealmName(realm)
    owned = {"account": account} if account else {"customer": customer, "account": None}
    user = User.objects.select_for_update().filter(realm=realm, **owned).order_by("pk").first()
    before = {"login": user.login} if user else {}
    if not login:
        if user is not None:
            user.delete()
        user = None
    elif user is None:
        if not password:
            raise BadInput(f"login {login!r} needs a password; give both")
        user = add_user(realm=realm, login=login, password=password, customer=customer, account=account, now=now)
    else:
        _rename(user, login)
        if password:
            set_password(user=user, password=password, now=now)
    whose = f"account {account.pk}" if account else f"customer {customer.pk if customer else 0}"
    after = {"login": login, "password": "changed" if password else "as it was"} if login else {}
    entry(at=now, who=by, realm=realm, method="access/set_login", subject=whose, before=before, after=after).save()
    return user


@transaction.atomic
def remove_logins_of(account: Account, *, by: str, now: datetime) -> None:
    """Nobody logs in for the account any more, and its logins are free for others; `by` stands in the audit."""
    for user in User.objects.filter(account=account).order_by("pk"):
        entry(
            at=now,
            who=by,
            realm=RealmName.ACCOUNT,
            method="access/remove_logins",
            subject=f"account {account.pk}",
            before={"login": user.login},
            after={},
        ).save()
        user.delete()


@transaction.atomic
def set_role(*, realm: RealmName, name: str, permissions: Sequence[str]) -> Role:
    """A role with these patterns of Service/method, as Customer/get_*; made if there is none of the name.

    Raises:
        BadInput: a pattern makes no sense.
    """
    if not name.strip() or len(name) > 64:
        raise BadInput(f"{name!r} is no name of a role; give 1 to 64 characters")
    if len(permissions) > MOST_PATTERNS:
        raise BadInput(f"role {name}: {len(permissions)} patterns; at most {MOST_PATTERNS} are allowed")
    for pattern in permissions:
        if not PATTERN.fullmatch(pattern):
            raise BadInput(
                f"role {name}: {pattern!r} is no pattern of methods; write Account/add_account, Account/get_* or *"
            )
    role, _ = Role.objects.update_or_create(realm=realm, name=name, defaults={"permissions": list(permissions)})
    return role


def remove_role(role: Role) -> None:
    """Take a role away that nobody has.

    Raises:
        BadInput: somebody has it.
    """
    if holders := list(role.users.values_list("login", flat=True)[:5]):
        raise BadInput(f"role {role.name} is held by {', '.join(holders)}; give them another one first")
    role.delete()


def _put(user: User, facts: dict[str, object]) -> None:
    for name, value in facts.items():
        if name not in CHANGEABLE:
            raise BadInput(f"user {user.login}: {name!r} cannot be set; {', '.join(sorted(CHANGEABLE))} can")
        setattr(user, name, value)
    if "allowed_addresses" in facts:
        user.allowed_addresses = _networks(user.login, user.allowed_addresses)


def _put_password(user: User, password: str, now: datetime) -> None:
    check_password_rules(password)
    user.password, user.password_changed_at = hashed(password), now


def _rename(user: User, login: str) -> None:
    if user.login == login:
        return
    user.login = _checked_login(login)
    try:
        with transaction.atomic():
            user.save(update_fields=["login"])
    except IntegrityError:
        raise _taken(RealmName(user.realm), login) from None


def _checked_login(login: str) -> str:
    if not 1 <= len(login) <= MOST_LOGIN_CHARACTERS or not login.isprintable() or login != login.strip():
        raise BadInput(
            f"{login[:80]!r} is no login; give 1 to {MOST_LOGIN_CHARACTERS} characters without blanks around them"
        )
    return login


def _checked_role(role: Role | None, realm: RealmName) -> Role | None:
    if role is not None and role.realm != realm:
        raise BadInput(
            f"role {role.name} is of the realm {role.realm}, the user of {realm}; choose one of {realm}"
        )
    return role


def _networks(login: str, given: Sequence[str]) -> list[str]:
    if len(given) > MOST_NETWORKS:
        raise BadInput(f"user {login}: {len(given)} networks; at most {MOST_NETWORKS} are allowed")
    try:
        return [str(ip_network(one)) for one in given]
    except ValueError as error:
        raise BadInput(f"user {login}: {error}; write networks as 192.0.2.7 or 198.51.100.0/24") from None


def _taken(realm: RealmName, login: str) -> DuplicateLogin:
    return DuplicateLogin(f"login {login!r} is taken in the realm {realm}; choose another")
