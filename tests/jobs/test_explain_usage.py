"""A stored record explains its price from the tariff version it was priced with."""

import pytest

from tests.jobs.office import Office
from tests.jobs.test_import_usage import MONDAY
from tollbook.errors import BadInput
from tollbook.jobs.explain_usage import explain_record
from tollbook.rating.explain import rebuild
from tollbook.usage.queries import select_records


def test_an_explanation_gives_the_price_that_was_charged(office: Office) -> None:
    office.import_(MONDAY)
    mobile = select_records("record_key = '2'", ()).row(0, named=True)

    explained = explain_record(mobile["id"])

    assert rebuild(explained).price_nanos == 46_000_000
    assert "447" in explained.as_text()
    assert "United Kingdom mobile" in explained.as_text()


def test_a_record_that_was_not_priced_says_why(office: Office) -> None:
    office.import_(MONDAY)
    waiting = select_records("record_key = '5'", ()).row(0, named=True)

    with pytest.raises(BadInput, match="no_account"):
        explain_record(waiting["id"])
