"""Suggestions as the matching makes them, for a person to accept or refuse."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from tollbook.connections.models import Connection
from tollbook.customers.models import ForeignCustomer, Suggestion, SuggestionState
from tollbook.customers.pairing import Suggested

ROWS_PER_STATEMENT = 5_000


@transaction.atomic
def set_suggestions(*, connection: Connection, suggested: Iterable[Suggested], now: datetime) -> list[Suggestion]:
    """Make these the open suggestions of a connection; the new ones come back.

    What somebody accepted or refused stays as it is. An open one that nothing speaks for any more goes.
    """
    ids = dict(ForeignCustomer.objects.filter(connection=connection).values_list("foreign_id", "pk"))
    wanted = {(ids[one.foreign_id], one.customer_id): one for one in suggested if one.foreign_id in ids}
    stored = {
        (one.foreign_id, one.customer_id): one for one in Suggestion.objects.filter(foreign__connection=connection)
    }
    is_over = [one.pk for pair, one in stored.items() if one.state == SuggestionState.OPEN and pair not in wanted]
    Suggestion.objects.filter(pk__in=is_over).delete()
    changed, new = [], []
    for (foreign_pk, customer_id), one in wanted.items():
        known = stored.get((foreign_pk, customer_id))
        if known is None:
            new.append(
                Suggestion(
                    foreign_id=foreign_pk,
                    customer_id=customer_id,
                    score=one.score,
                    hints=list(one.hints),
                    made_at=now,
                )
            )
        # An accepted one whose pairing was ended is refused: the matching does not name it.
        elif known.state == SuggestionState.OPEN and (known.score, known.hints) != (one.score, list(one.hints)):
            known.score, known.hints = one.score, list(one.hints)
            changed.append(known)
    Suggestion.objects.bulk_update(changed, ["score", "hints"], batch_size=ROWS_PER_STATEMENT)
    return Suggestion.objects.bulk_create(new, batch_size=ROWS_PER_STATEMENT)
