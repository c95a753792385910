"""One-time passwords: six digits, good once, for some minutes, in the session that asked for them."""

import secrets
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F

from tollbook.access.errors import CodeRefused
from tollbook.access.models import ApiSession, OneTimePassword
from tollbook.access.passwords import is_token, token_hash
from tollbook.errors import BadInput

DIGITS = 6
GOOD_FOR = timedelta(minutes=10)
MOST_ATTEMPTS = 5
LEAST_BETWEEN = timedelta(seconds=30)  # two codes for one operation
MOST_OPERATION_CHARACTERS = 64


@transaction.atomic
def make_code(session: ApiSession, *, operation: str, now: datetime) -> str:
    """A new code; one of before is void.

    Raises:
        BadInput: the last one was made a moment ago, or the operation has no usable name.
    """
    if not 1 <= len(operation) <= MOST_OPERATION_CHARACTERS:
        raise BadInput(f"operation has 1 to {MOST_OPERATION_CHARACTERS} characters; send another")
    last = OneTimePassword.objects.select_for_update().filter(session=session, operation=operation).first()
    if last is not None and last.made_at > now - LEAST_BETWEEN:
        raise BadInput(f"a code was sent a moment ago; ask again after {LEAST_BETWEEN.seconds} seconds")
    code = f"{secrets.randbelow(10**DIGITS):0{DIGITS}}"
    OneTimePassword.objects.update_or_create(
        session=session,
        operation=operation,
        defaults={
            "code_hash": _hash(session, code),
            "made_at": now,
            "expires_at": now + GOOD_FOR,
            "attempts": 0,
            "used_at": None,
        },
    )
    return code


def use_code(session: ApiSession, *, operation: str, code: str, now: datetime) -> None:
    """Take a code; it is void afterwards. Not inside a transaction that a wrong one would undo: wrong ones count.

    Raises:
        CodeRefused: it is wrong, too old, used, or was tried too often; which it is, is not said.
    """
    mine = OneTimePassword.objects.filter(
        session=session, operation=operation, used_at=None, expires_at__gt=now, attempts__lt=MOST_ATTEMPTS
    )
    # Counted before it is looked at, so that many tries at once are not one.
    if not mine.update(attempts=F("attempts") + 1):
        raise _wrong()
    kept = OneTimePassword.objects.get(session=session, operation=operation)
    is_right = is_token(_text(session, code), kept.code_hash)
    if not is_right or not OneTimePassword.objects.filter(pk=kept.pk, used_at=None).update(used_at=now):
        raise _wrong()


def _hash(session: ApiSession, code: str) -> str:
    return token_hash(_text(session, code))


def _text(session: ApiSession, code: str) -> str:
    return f"{session.id_hash} {code}"


def _wrong() -> CodeRefused:
    return CodeRefused("the one-time password is wrong or not valid any more; ask for a new one in this session")
