"""The audit: who changed what, how it was before and how it is after. Secrets never get in."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from tollbook.access.models import AuditEntry, RealmName

# Last line of defence: whoever notes something leaves secrets out.
SECRET_NAME = re.compile(r"pass(word|wd|phrase)|secret|token|credential|\bpin\b|private_key|cvv", re.IGNORECASE)
HIDDEN = "•••"
COMMAND_LINE = "command line"
MOST_SUBJECT_CHARACTERS = 200


def entry(
    *,
    at: datetime,
    who: str,
    realm: RealmName,
    method: str,
    subject: str,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    user_id: int | None = None,
    address: str = "",
) -> AuditEntry:
    """An entry of the audit, to be saved with what it tells of."""
    return AuditEntry(
        at=at,
        who=who,
        user_id=user_id,
        realm=realm,
        address=address,
        method=method,
        subject=subject[:MOST_SUBJECT_CHARACTERS],
        before=without_secrets(before),
        after=without_secrets(after),
    )


def without_secrets(value: Any) -> Any:
    """Likewise, with whatever is named like a secret hidden, at any depth."""
    if isinstance(value, Mapping):
        return {
            str(name): HIDDEN if one and SECRET_NAME.search(str(name)) else without_secrets(one)
            for name, one in value.items()
        }
    if isinstance(value, (list, tuple, set, frozenset)):
        return [without_secrets(one) for one in value]
    return value.replace("\0", "") if isinstance(value, str) else value


def note_by_hand(
    *, method: str, subject: str, before: Mapping[str, Any], after: Mapping[str, Any], now: datetime
) -> None:
    """What somebody did at the command line."""
    entry(
        at=now,
        who=COMMAND_LINE,
        realm=RealmName.STAFF,
        method=method,
        subject=subject,
        before=before,
        after=after,
    ).save()
