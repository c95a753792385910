"""The check of the books knows pools and tiers: what was taken, what was counted, and what that changed."""

import pytest
from django.db import connection

from tests.jobs.included import include, subscribe, use
from tests.jobs.office import Office
from tests.jobs.test_check_ledger import broken
from tests.jobs.test_tiers import tiers

POOL = "a pool has given what usage records took of it"
COUNT = "a count of tiers is what usage records were counted for"
POSTED = "what tiers made of usage posted before is posted"


@pytest.fixture
def used(office: Office) -> Office:
    """Ann-1 has 10 minutes and uses 4. Bob uses 9 minutes at 0.60, then 2: beyond 10 all cost 0.30, 2.70 less."""
    include(10)
    subscribe("ann-1")
    tiers("volume", (0, "0.60"), (10, "0.30"))
    use(office, "a 1 2017-06-01T10:00 240 442079460000\nb 3 2017-06-01T10:00 540 442079460000")
    use(office, "c 3 2017-06-02T10:00 120 442079460000", "later.csv")
    assert broken() == {}
    return office


@pytest.mark.parametrize(
    ("change", "law", "problem"),
    [
        ("UPDATE billing_allowancepool SET taken = 300", POOL, "has given 300, and usage records took 240 of it"),
        ("DELETE FROM billing_allowancetaken", POOL, "has given 240, and usage records took 0 of it"),
        (
            "UPDATE billing_tiercount SET units = 540",
            COUNT,
            # 9 minutes of 0.60 and 2 of 0.30 are 6.00; a nano-unit has 60 sixtieths
            "has 540 units worth 360000000000, and usage records were counted for 660 worth 360000000000",
        ),
        (
            "UPDATE billing_tiercount SET difference_nanos = -2600000000",
            POSTED,
            "voice_out of 2017-06: tiers changed -2600000000 nano-units, and -2700000000 are posted",
        ),
    ],
)
def test_what_is_broken_by_force_is_found(used: Office, change: str, law: str, problem: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(change)
    (only,) = broken()[law]
    assert only.endswith(problem)
    assert list(broken()) == [law]
