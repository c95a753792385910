"""Special price lists of a customer or an account: small tariffs whose prefixes come before the product's."""

from datetime import datetime

from django.db import transaction
from django.db.models import Max, QuerySet

from tollbook.catalog.operations import special_list
from tollbook.customers.models import MAX_SPECIALS, Account, Customer, SpecialTariff
from tollbook.errors import BadInput
from tollbook.records import KINDS


@transaction.atomic
def set_special(
    *, owner: Customer | Account, kind: str, tariff: str, since: datetime | None, until: datetime | None
) -> SpecialTariff:
    """Let a tariff's prefixes come first for usage that starts in `[since, until)`. Safe to repeat.

    The same tariff from the same moment gets its new end; any other is asked after those that are there.

    Raises:
        BadInput: an unknown kind, no such tariff or one without prefixes, one in another currency than the customer's,
            an end before its beginning, or too many lists.
    """
    customer = owner.customer if isinstance(owner, Account) else owner
    whose = named(owner)
    if kind not in KINDS:
        raise BadInput(f"{whose}: unknown kind {kind!r}; kinds are {', '.join(KINDS)}")
    if since is not None and until is not None and until <= since:
        raise BadInput(f"{whose}: {tariff!r} would end before it begins; give --until a later day than --from")
    chosen = special_list(whose, tariff)
    if chosen.currency != customer.currency:
        raise BadInput(
            f"{whose}: {tariff!r} is in {chosen.currency}, and customer {customer.code} pays in {customer.currency}; "
            "name a list in that currency"
        )
    type(owner).objects.select_for_update().get(pk=owner.pk)
    lists = _lists(owner).filter(kind=kind)
    known = lists.filter(tariff=chosen, active_from=since).first()
    if known is not None:
        known.active_until = until
        known.save(update_fields=["active_until"])
        return known
    if lists.count() >= MAX_SPECIALS:
        raise BadInput(
            f"{whose} has {MAX_SPECIALS} special lists of {kind}; put some together, or remove one first"
        )
    last = lists.aggregate(place=Max("place"))["place"]
    return SpecialTariff.objects.create(
        **{_field(owner): owner},
        kind=kind,
        tariff=chosen,
        place=0 if last is None else last + 1,
        active_from=since,
        active_until=until,
    )


def remove_special(*, owner: Customer | Account, kind: str, tariff: str) -> int:
    """Take a special list away, whenever it held, as if it had never been there; how many times it held.

    What it priced stays priced. To end one, give it an end (`set_special`).

    Raises:
        BadInput: the owner has no such list.
    """
    count, _ = _lists(owner).filter(kind=kind, tariff__name=tariff).delete()
    if not count:
        raise BadInput(f"{named(owner)} has no special list {tariff!r} of {kind}")
    return count


def named(owner: Customer | Account) -> str:
    """As messages name it."""
    return f"{_field(owner)} {owner.code!r}"


def _lists(owner: Customer | Account) -> QuerySet[SpecialTariff]:
    return SpecialTariff.objects.filter(**{_field(owner): owner})


def _field(owner: Customer | Account) -> str:
    return "account" if isinstance(owner, Account) else "customer"
