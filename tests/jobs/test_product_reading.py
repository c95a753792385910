"""A product may say how the numbers of its calls are written, and what of them costs nothing."""

from datetime import date
from typing import Any

import pytest

from tests.jobs.office import NOON, Office, price_tariff
from tollbook.billing.calls import calls_of_month
from tollbook.catalog.operations import set_product
from tollbook.customers.models import Account, Customer
from tollbook.errors import BadInput
from tollbook.jobs.rate_usage import PriceBook
from tollbook.jobs.reprocess_usage import reprocess_usage
from tollbook.jobs.retry_set_aside import retry_set_aside
from tollbook.phone import NumberRules
from tollbook.usage.models import ImportRun, UsageRecord

RATES = (
    "prefix,destination,price,increment\n1416,Toronto,0.0100,1/1\n4420,London,0.0300,1/1\n1,America,0.0200,1/1\n"
)


@pytest.fixture
def switch(office: Office) -> Office:
    """A switch in Canada: Ann is in Toronto, Bob sits in London and dials as one does there."""
    price_tariff("retail", RATES, office.folder)
    office.source.number_rules = {"country": "CA", "strip_prefixes": ["77"]}
    office.source.save()
    london = product("london", number_rules={"country": "GB"})
    product("voice")
    Account.objects.filter(code="bob-1").update(product=london)
    return office


def product(code: str, **more: Any) -> Any:
    return set_product(code=code, name=code.title(), tariffs={"voice_out": "retail", "voice_in": None}, **more)


def make(office: Office, calls: str, kind: str = "voice_out") -> ImportRun:
    rows = [line.split() for line in calls.strip().splitlines()]
    lines = [
        f"{account}>{cld},2017-06-19T08:00:00Z,60,48220000000,{cld},yes,{account},{kind}" for account, cld in rows
    ]
    return office.import_("\n".join(["record_id,start,duration_s,cli,cld,answered,account,kind", *lines]))


def became(key: str) -> tuple[str | None, str | None, int | None]:
    row = UsageRecord.objects.exclude(outcome__in=["superseded", "undone"]).get(record_key=key)
    return row.cld, row.reason, row.price_nanos


@pytest.mark.req("W2")
def test_numbers_called_are_read_by_the_products_rules(switch: Office) -> None:
    make(switch, "ann-1 4165550100\nbob-1 02079460000\nbob-1 0014165550100\nann-1 02079460000")

    assert became("ann-1>4165550100") == ("14165550100", None, 10_000_000)
    assert became("bob-1>02079460000") == ("442079460000", None, 30_000_000)
    assert became("bob-1>0014165550100") == ("14165550100", None, 10_000_000)
    assert became("ann-1>02079460000")[1] in {"bad_number", "no_rate"}


def test_what_is_the_switchs_stays(switch: Office) -> None:
    make(switch, "bob-1 7702079460000")

    assert became("bob-1>7702079460000") == ("442079460000", None, 30_000_000)


def test_without_a_country_single_rules_are_replaced() -> None:
    canada = NumberRules.from_mapping({"country": "CA", "extension_lengths": [3], "emergency": ["911"]})

    assert canada.overridden({}) == canada
    changed = canada.overridden({"add_country_code": False})
    assert (changed.country_code, changed.add_country_code, changed.emergency) == ("1", False, ("911",))
    britain = canada.overridden({"country": "GB", "trunk_prefix": "9"})
    assert (britain.country_code, britain.trunk_prefix, britain.extension_lengths) == ("44", "9", (3,))
    assert britain.exit_codes == NumberRules.for_country("GB").exit_codes
    assert "911" not in britain.emergency


@pytest.mark.req("W2")
def test_the_did_called_is_the_number_read_for_incoming_calls(switch: Office) -> None:
    price_tariff("inbound", "prefix,kind,price,increment\n4420,voice_in,0.0400,60/60\n", switch.folder)
    set_product(code="london", name="London", tariffs={"voice_in": "inbound"}, number_rules={"country": "GB"})
    make(switch, "bob-1 02079460000", "voice_in")

    assert became("bob-1>02079460000") == ("442079460000", None, 40_000_000)


@pytest.mark.req("W4")
def test_an_emergency_number_of_the_switch_or_of_the_product_is_free(switch: Office) -> None:
    make(switch, "bob-1 911\nbob-1 999\nann-1 911\nann-1 999")

    assert [became(f"bob-1>{number}")[1] for number in ("911", "999")] == ["emergency", "emergency"]
    assert became("ann-1>911")[1] == "emergency"
    assert became("ann-1>999")[1] != "emergency"


@pytest.mark.req("W4")
def test_what_a_product_excludes_costs_nothing_for_it_alone(switch: Office) -> None:
    shown, hidden = {"pattern": "416*", "is_hidden": False}, {"pattern": "6045550100", "is_hidden": True}
    product("voice", exclusions=[shown, hidden])
    product("london", number_rules={"country": "GB"}, exclusions=[{"pattern": "020*", "is_hidden": False}])
    make(switch, "ann-1 4165550100\nann-1 6045550100\nann-1 5145550100\nbob-1 02079460000\nbob-1 0014165550100")

    assert became("ann-1>4165550100")[1:] == ("excluded", 0)
    assert became("ann-1>6045550100")[1:] == ("hidden", 0)
    assert became("ann-1>5145550100")[1:] == (None, 20_000_000)
    assert became("bob-1>02079460000")[1:] == ("excluded", 0)
    assert became("bob-1>0014165550100")[1:] == (None, 10_000_000)


@pytest.mark.parametrize(("hides", "reason", "listed"), [(True, "hidden", 0), (False, "unanswered", 1)])
def test_what_is_hidden_is_not_shown_when_nobody_answered_either(
    switch: Office, hides: bool, reason: str, listed: int
) -> None:
    product("voice", exclusions=[{"pattern": "416*", "is_hidden": hides}])
    switch.import_(
        "record_id,start,duration_s,cli,cld,answered,account,kind\n"
        "busy,2017-06-19T08:00:00Z,0,48220000000,4165550100,no,ann-1,voice_out\n"
    )

    assert became("busy")[1] == reason
    assert calls_of_month(Customer.objects.get(code="ann"), date(2017, 6, 1)).height == listed


def test_of_connection_and_product_the_one_that_hides_wins(switch: Office) -> None:
    switch.source.exclusions = [{"pattern": "416*", "is_hidden": False}, {"pattern": "604*", "is_hidden": True}]
    switch.source.save()
    product("voice", exclusions=[{"pattern": "416*", "is_hidden": True}, {"pattern": "604*", "is_hidden": False}])
    make(switch, "ann-1 4165550100\nann-1 6045550100\nbob-1 0014165550100")

    assert became("ann-1>4165550100")[1] == "hidden"
    assert became("ann-1>6045550100")[1] == "hidden"
    # What the connection excludes is so for every product, however its numbers are dialled.
    assert became("bob-1>0014165550100")[1] == "excluded"


def test_rules_of_today_read_what_is_tried_or_read_again(switch: Office) -> None:
    run = make(switch, "ann-1 02079460000\nann-1 4165550100")
    assert became("ann-1>02079460000")[2] is None
    product("voice", number_rules={"country": "GB"})

    assert retry_set_aside(switch.source, now=NOON).charged == 1
    assert became("ann-1>02079460000") == ("442079460000", None, 30_000_000)
    product("voice")
    reprocess_usage(ImportRun.objects.get(pk=run.pk), now=NOON)
    assert became("ann-1>02079460000")[2] is None
    assert became("ann-1>4165550100") == ("14165550100", None, 10_000_000)


def test_a_product_that_says_nothing_costs_no_reading(office: Office) -> None:
    assert PriceBook.current(office.source).product_readings == {}


def test_rules_that_cannot_be_are_refused(switch: Office) -> None:
    with pytest.raises(BadInput, match="number rules: there is no country 'XX'"):
        product("london", number_rules={"country": "XX"})
