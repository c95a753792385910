"""What is stored of the accounts that a platform lists: links, accounts, numbers, each with one query a batch."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import polars as pl
from django.db.models import Exists, OuterRef, Q

from tollbook.connections.models import Connection
from tollbook.connectors.base import PlatformAccount
from tollbook.customers.models import (
    Account,
    AccountLink,
    AccountMark,
    AccountState,
    ForeignNumber,
    MarkKind,
    Number,
)
from tollbook.phone import MIN_E164_DIGITS, NumberClass, NumberRules, normalise

SAME_CODE = 10  # accounts that may have one code at the platforms
_LINKED = AccountLink.objects.filter(account=OuterRef("account"), active_until=None)
_LINKS = AccountLink.objects.filter(account=OuterRef("pk"))
_NUMBERS = Number.objects.filter(account=OuterRef("pk"))


@dataclass(slots=True)
class Stored:
    """What is stored of one batch."""

    open_links: dict[str, AccountLink]  # foreign id → link, with its account and customer
    once_linked: frozenset[str]  # foreign ids
    numbers: dict[int, dict[int, Number]]  # account → digits → what it holds now
    adoptable: dict[int, list[Account]]  # digits → accounts without a link that hold it now
    by_code: dict[str, Account]  # accounts without a link and without numbers
    taken_codes: set[str]
    dids: dict[str, set[int]]  # foreign id → digits that the platform's list of DIDs has on it
    described: frozenset[str]  # foreign ids that somebody has described as part of an account (its marks)


def stored_accounts(
    connection: Connection,
    listed: Sequence[PlatformAccount],
    wanted: Mapping[str, Collection[int]],
    payers: Mapping[str, Collection[int]],
    *,
    at: datetime,
) -> Stored:
    """Everything that is stored of these accounts and numbers at that moment.

    `wanted` is foreign account to its digits. `payers` is foreign customer to customers here: an account whose
    customer is none of them may be made anew.
    """
    ids = [account.foreign_id for account in listed]
    links = AccountLink.objects.filter(connection=connection, foreign_id__in=ids)
    open_links = {
        link.foreign_id: link
        for link in links.filter(active_until=None).select_related("account__customer").order_by("pk")
    }
    numbers: defaultdict[int, dict[int, Number]] = defaultdict(dict)
    of_links = Number.objects.filter(account_id__in={link.account_id for link in open_links.values()})
    for number in of_links.filter(holds_at(at)):
        numbers[number.account_id][number.digits] = number
    unlinked = [one.foreign_id for one in listed if one.foreign_id not in open_links]
    adoptable = _adoptable({digits for id in unlinked for digits in wanted.get(id, ())}, numbers, at)
    new = [
        wanted_code(one)
        for one in listed
        if (link := open_links.get(one.foreign_id)) is None
        or link.account.customer_id not in payers.get(one.customer_id, ())
    ]
    # One array instead of a placeholder for each: a statement with fifty thousand placeholders takes seconds to write.
    variants = [variant for code in new for variant in code_variants(code, connection.name)]
    same_code = list(
        Account.objects.extra(where=["customers_account.code = ANY(%s)"], params=[variants])
        .select_related("customer")
        .annotate(is_used=Exists(_LINKS) | Exists(_NUMBERS))
    )
    dids: defaultdict[str, set[int]] = defaultdict(set)
    its_dids = ForeignNumber.objects.filter(connection=connection, account_id_there__in=ids)
    for foreign_id, did in its_dids.values_list("account_id_there", "digits"):
        dids[foreign_id].add(did)
    return Stored(
        open_links=open_links,
        once_linked=frozenset(links.values_list("foreign_id", flat=True)),
        numbers=dict(numbers),
        adoptable=adoptable,
        by_code={account.code: account for account in same_code if not account.is_used},
        taken_codes={account.code for account in same_code},
        dids=dict(dids),
        described=frozenset(
            AccountMark.objects.filter(
                holds_at(at), connection=connection, kind=MarkKind.ACCOUNT, value__in=ids
            ).values_list("value", flat=True)
        ),
    )


def _adoptable(
    digits: Collection[int], numbers: defaultdict[int, dict[int, Number]], at: datetime
) -> dict[int, list[Account]]:
    """Accounts that are linked to no platform and hold one of these numbers; their numbers are added."""
    holding = Number.objects.filter(~Exists(_LINKED), holds_at(at), digits__in=digits)
    in_use = holding.exclude(account__state=AccountState.TERMINATED).exclude(account__active_until__lte=at)
    held_by = set(in_use.values_list("account_id", flat=True))
    found: defaultdict[int, list[Account]] = defaultdict(list)
    for number in Number.objects.filter(holds_at(at), account_id__in=held_by).select_related("account__customer"):
        numbers[number.account_id][number.digits] = number
        found[number.digits].append(number.account)
    return dict(found)


def holds_at(moment: datetime) -> Q:
    """Whether a period holds then, or will: one that is still to begin is not free either."""
    return Q(active_until=None) | Q(active_until__gt=moment)


def wanted_code(account: PlatformAccount) -> str:
    """What the account would be called here."""
    return account.code or (account.numbers[0] if account.numbers else account.foreign_id)


def code_variants(code: str, connection: str) -> list[str]:
    """The code, and what it becomes when that is taken."""
    size = Account._meta.get_field("code").max_length or 0
    ends = ["", f"@{connection}", *(f"@{connection}-{place}" for place in range(2, SAME_CODE))]
    return [code[: max(size - len(end), 0)] + end[:size] for end in ends]


def read_numbers(texts: Iterable[str], rules: NumberRules) -> tuple[dict[str, int], set[str]]:
    """Numbers as written to their digits, and those that cannot be read.

    An extension or a short number is in neither: it is nobody's alone.
    """
    written = sorted(set(texts))
    read = normalise(pl.Series(written, dtype=pl.String), rules)
    found: dict[str, int] = {}
    unreadable = set()
    for text, digits, number_class in zip(written, read["digits"], read["number_class"], strict=True):
        if text.isdecimal() and len(text) < MIN_E164_DIGITS:
            continue
        if number_class == NumberClass.E164 and int(digits) > 0:
            found[text] = int(digits)
        elif number_class in (NumberClass.UNREADABLE, NumberClass.WITHHELD, NumberClass.E164):
            unreadable.add(text)
    return found, unreadable
