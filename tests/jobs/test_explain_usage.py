"""A stored record explains its price from the tariff version it was priced with, or why it has none."""

import json

from tests.jobs.office import NOON, Office
from tests.jobs.test_import_usage import MONDAY
from tollbook.jobs.explain_usage import ExplainedRecord, explain_record
from tollbook.jobs.reverse_usage import undo_import
from tollbook.rating.explain import rebuild
from tollbook.usage.queries import select_records


def explained(record_id: str) -> ExplainedRecord:
    record: int = select_records("record_key = %s", (record_id,))["id"][0]
    return explain_record(record)


def test_an_explanation_gives_the_price_that_was_charged(office: Office) -> None:
    office.import_(MONDAY)

    mobile = explained("2")

    assert mobile.price is not None
    assert rebuild(mobile.price).price_nanos == 46_000_000
    assert "prefix 447 (United Kingdom mobile), price list line 3" in mobile.as_text()


def test_it_says_where_the_record_is_from_and_whose_it_is(office: Office) -> None:
    run = office.import_(MONDAY)

    mobile = explained("2")

    assert mobile.as_text().splitlines()[:4] == [
        f"record {mobile.record}: calls.csv, line 3 (run {run.pk}, connection office)",
        "customer ann, account ann-1",
        "tariff standard, version 1",
        "charged 0.046 EUR without tax",
    ]
    assert json.loads(mobile.to_json())["price"]["price"] == "0.046"


def test_a_record_that_was_not_priced_says_why(office: Office) -> None:
    office.import_(MONDAY)

    waiting = explained("5").as_text().splitlines()

    assert waiting[1] == "set aside: it belongs to no account (no_account)"


def test_a_free_record_says_why(office: Office) -> None:
    office.import_(MONDAY)

    assert "free: it was not answered, or lasted 0 s (unanswered)" in explained("3").as_text()


def test_an_undone_record_says_so_before_what_it_once_cost(office: Office) -> None:
    undo_import(office.import_(MONDAY), posted_at=NOON)

    mobile, nobody = explained("2").as_text(), explained("3")

    assert mobile.index("undone: its import was undone") < mobile.index("charged 0.046 EUR")
    assert nobody.price is None
