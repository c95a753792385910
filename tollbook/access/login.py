"""Letting somebody in: by login and password, or by login and API token."""

from datetime import datetime

from tollbook.access.errors import LoginRefused, MustChangePassword
from tollbook.access.models import RealmName, User
from tollbook.access.passwords import RIGHT_LATELY, is_token
from tollbook.access.queries import may_come_from, may_come_in, password_has_expired, users
from tollbook.access.throttle import forgive, note_failure, see_that_may_try

MOST_LOGIN_CHARACTERS = 64
WRONG = "login or password is incorrect; passwords are case sensitive"
REALMS_IN_ORDER = (RealmName.STAFF, RealmName.CUSTOMER, RealmName.ACCOUNT)


def log_in(
    *, realm: RealmName | None, login: str, password: str = "", token: str = "", address: str, now: datetime
) -> User:
    """The user whose login and password, or login and token, these are. `realm` None: of whichever realm it is.

    A login that there is not takes as long as a wrong password, and hears the same.

    Raises:
        LoginRefused: they are nobody's, or the user may not come in, or not from there.
        TooManyFailures: there were too many wrong ones.
        MustChangePassword: the password is right, and has expired. A token does not expire.
    """
    known = verified(realm=realm, login=login, password=password, token=token, address=address, now=now)
    if not token and password_has_expired(known, now):
        raise MustChangePassword("the password has expired: change it with Session/change_password, then log in")
    return known


def verified(
    *, realm: RealmName | None, login: str, password: str = "", token: str = "", address: str, now: datetime
) -> User:
    """Likewise, also with a password that has expired: enough to change it, and for nothing else."""
    there = _of_that_login(realm, login)
    # A token cannot be guessed: whoever has it is let in however often others failed with its login.
    known = _by_token(there, token) if token else _lately(there, password)
    if known is None:
        failures = see_that_may_try(login=login, address=address, now=now)
        known = None if token else _by_password(there, password)
        if known is None or not may_come_in(known, now) or not may_come_from(known, address):
            note_failure(login=login, address=address, now=now)
            raise LoginRefused(WRONG)
        if failures:
            forgive(login=login)
    elif not may_come_in(known, now) or not may_come_from(known, address):
        raise LoginRefused(WRONG)
    return known


def _of_that_login(realm: RealmName | None, login: str) -> list[User]:
    if not login or len(login) > MOST_LOGIN_CHARACTERS or "\0" in login:
        return []
    found = {user.realm: user for user in users(realm).filter(login=login)}
    return [found[one] for one in REALMS_IN_ORDER if one in found]


def _lately(there: list[User], password: str) -> User | None:
    return next((one for one in there if RIGHT_LATELY.remembers(password, one.password)), None)


def _by_password(there: list[User], password: str) -> User | None:
    for user in there:
        if RIGHT_LATELY.is_right(password, user.password):
            return user
    if not there:
        RIGHT_LATELY.is_right(password, "")
    return None


def _by_token(there: list[User], token: str) -> User | None:
    return next((user for user in there if user.token_hash and is_token(token, user.token_hash)), None)
