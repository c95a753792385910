"""Imports, corrections, undoing, retrying and closing the month in any order: the books are right after every step."""

from datetime import date
from random import Random

import pytest
from django.db import connection

from tests.jobs.office import NOON, Office
from tollbook.billing.models import Seller
from tollbook.billing.operations import set_seller
from tollbook.jobs.check_ledger import check_ledger
from tollbook.jobs.issue_invoices import issue_invoices
from tollbook.jobs.retry_set_aside import retry_set_aside
from tollbook.jobs.reverse_usage import undo_import
from tollbook.usage.models import ImportRun

STEPS = 14
SEEDS, SEEDS_IN_FULL = 6, 60
HEAD = "record_id,start,duration_s,cli,cld,answered"
# A key leads to its one record that still stands, and every such record has its key.
LOOSE_KEYS = """
    SELECT coalesce(i.key, u.record_key) FROM usage_usageidentity i
      FULL JOIN (SELECT * FROM usage_usagerecord WHERE outcome NOT IN ('superseded', 'undone')) u
             ON u.id = i.usage_id AND u.record_key = i.key AND u.connection_id = i.connection_id
     WHERE u.id IS NULL OR i.key IS NULL
"""


@pytest.mark.parametrize(
    "seed", [*range(SEEDS), *(pytest.param(n, marks=pytest.mark.full) for n in range(SEEDS, SEEDS_IN_FULL))]
)
def test_the_books_are_right_after_every_step(office: Office, seed: int) -> None:
    chance = Random(seed)
    seller = set_seller(name="Example Telecom", country="PL", logo=None)
    files = ["\n".join([HEAD, *(_line(chance) for _ in range(chance.randint(1, 5)))]) for _ in range(4)]
    told = []
    for _ in range(STEPS):
        told.append(_step(chance, office, files, seller))
        assert [finding for finding in check_ledger() if finding.problems] == [], told
        with connection.cursor() as cursor:
            cursor.execute(LOOSE_KEYS)
            assert cursor.fetchall() == [], told

    for run in ImportRun.objects.exclude(state="undone"):
        undo_import(run, posted_at=NOON)
    assert retry_set_aside(office.source, now=NOON).tried == 0, told
    assert [finding for finding in check_ledger() if finding.problems] == [], told


def _line(chance: Random) -> str:
    """One of three records with one of the things that may be said about it; some of them cannot be charged."""
    key = chance.choice("abc")
    seconds = chance.choice([0, 60, 61, 6000])
    cli = chance.choice(["48221000001", "48221000003", "48229999999"])
    cld = chance.choice(["442079460000", "447700900000", "33100000000"])
    start = chance.choice(["2017-05-31T22:30:00Z", "2017-06-19T08:00:00Z", "nonsense"])
    return f"{key},{start},{seconds},{cli},{cld},yes"


def _step(chance: Random, office: Office, files: list[str], seller: Seller) -> str:
    """Do something; what it was, for whom the books are not right."""
    what = chance.choice(["import", "import", "import", "longer", "undo", "undo", "retry", "close"])
    number = chance.randrange(len(files))
    if what == "longer":
        files[number] += "\n" + _line(chance)
    if what in {"import", "longer"}:
        office.import_(files[number], f"{number}.csv", batch_rows=chance.choice([1, 2, 100]))
    elif what == "retry":
        retry_set_aside(office.source, now=NOON)
    elif what == "close":
        issue_invoices(seller=seller, month=date(2017, 6, 1), issued_on=date(2017, 7, 1), now=NOON)
    elif runs := list(ImportRun.objects.order_by("pk")):
        number = chance.choice(runs).pk
        undo_import(ImportRun.objects.get(pk=number), posted_at=NOON)
    return f"{what} {number}"
