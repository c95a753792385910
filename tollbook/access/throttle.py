"""Guessing passwords is slowed down: who failed too often waits, even with the right one."""

from datetime import datetime, timedelta

from django.db.models import Count, Q

from tollbook.access.errors import TooManyFailures
from tollbook.access.models import LoginFailure, User
from tollbook.access.passwords import token_hash

WINDOW = timedelta(minutes=15)
MOST_OF_A_LOGIN = 10  # within the window, from wherever
MOST_OF_AN_ADDRESS = 30  # for whatever login


def see_that_may_try(*, login: str, address: str, now: datetime) -> int:
    """Before a password is looked at: how many failures of that login there were lately.

    A login is counted in all realms together: on a port for all of them one try tries each.

    Raises:
        TooManyFailures: there were too many failures within the window.
    """
    counts = LoginFailure.objects.filter(at__gt=now - WINDOW).aggregate(
        of_login=Count("pk", filter=Q(login_hash=_hash(login))), of_address=Count("pk", filter=Q(address=address))
    )
    if counts["of_login"] >= MOST_OF_A_LOGIN or counts["of_address"] >= MOST_OF_AN_ADDRESS:
        raise TooManyFailures(
            f"too many wrong logins within {WINDOW.seconds // 60} minutes; wait that long, then try again"
        )
    return int(counts["of_login"])


def note_failure(*, login: str, address: str, now: datetime) -> None:
    """Somebody was refused. What is older than the window is forgotten."""
    LoginFailure.objects.filter(at__lte=now - WINDOW).delete()
    LoginFailure.objects.create(at=now, address=address, login_hash=_hash(login))


def forget_failures(*, login: str) -> None:
    """Staff let somebody in again."""
    LoginFailure.objects.filter(login_hash=_hash(login)).delete()


def forgive(*, login: str) -> None:
    """The right password was given, or a new one: failures of before do not count any more.

    Not where several have the login, each in a realm: whoever knows one password must not be free to guess another.
    """
    if User.objects.filter(login=login).count() == 1:
        forget_failures(login=login)


def _hash(login: str) -> str:
    return token_hash(f"login {login}")
