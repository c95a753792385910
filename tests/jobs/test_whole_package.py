"""One package with everything that packages have, and a month of calls that a clerk can price on paper."""

from datetime import date
from decimal import Decimal

import pytest

from tests.jobs.included import became, include, subscribe
from tests.jobs.office import NOON, Office, price_tariff
from tests.jobs.test_import_usage import owed
from tollbook.catalog.operations import plans, put_markups, set_product
from tollbook.catalog.operations.tiers import TierPrice, set_tiers
from tollbook.customers.models import Customer
from tollbook.customers.operations import set_special
from tollbook.jobs.explain_usage import explain_record
from tollbook.usage.queries import select_records

RETAIL = """\
prefix,destination,price,increment,connect_fee,minimum_duration,active_from,active_until
44,United Kingdom,0.10,60/6,0.05,,,2017-06-15
44,United Kingdom,0.20,60/6,0.05,,2017-06-15,
48,Poland,0.30,1/1,,30,,
33,France,0.90,1/1,,,,
"""
MONTH = """
    record_id, start,                     kind,      duration_s, quantity, cli,          cld
    a,         2017-06-01T10:00:00+02:00, voice_out, 61,         ,         48221000003,  442079460000
    b,         2017-06-02T10:00:00+02:00, voice_out, 90,         ,         48221000003,  442079460000
    c,         2017-06-20T10:00:00+02:00, voice_out, 60,         ,         48221000003,  442079460000
    d,         2017-06-03T10:00:00+02:00, voice_out, 10,         ,         48221000003,  48500600700
    e,         2017-06-04T10:00:00+02:00, voice_out, 120,        ,         48221000003,  48500600700
    f,         2017-06-05T10:00:00+02:00, voice_out, 60,         ,         48221000003,  33142685300
    g,         2017-06-06T10:00:00+02:00, voice_out, 60,         ,         48221000003,  448001111111
    h,         2017-06-07T10:00:00+02:00, voice_in,  61,         ,         442079460000, 48221000003
    i,         2017-06-08T10:00:00+02:00, sms_out,   ,           1,        48221000003,  48500600700
"""


@pytest.fixture
def package(office: Office) -> Office:
    """Retail with 10 % for what goes out, a list of its own for what comes in, and messages unmetered."""
    price_tariff("retail", RETAIL, office.folder)
    price_tariff("incoming", "prefix,kind,price,increment\n,voice_in,0.06,30/30\n", office.folder)
    price_tariff("numbers", "prefix,destination,price\n44800,Freephone,0\n", office.folder)
    price_tariff("bobs", "prefix,price\n33,0.40\n", office.folder)
    tariffs = put_markups(
        {"voice_out": "retail", "voice_in": "incoming"}, {"voice_out": Decimal(10)}, recorded_at=NOON
    )
    set_product(
        code="voice", name="Voice", tariffs={**tariffs, "sms_out": None}, specials=[("voice_out", "numbers")]
    )
    set_special(owner=Customer.objects.get(code="bob"), kind="voice_out", tariff="bobs", since=None, until=None)
    plans.set_destination_group(name="UK", prefixes=["44"])
    plans.set_destination_group(name="Poland", prefixes=["48"])
    include(minutes=2, group="UK")
    steps = [TierPrice(0, Decimal("0.30")), TierPrice(120, Decimal("0.20"))]
    set_tiers(product="voice", name="national", kind="voice_out", mode="graduated", steps=steps, group="Poland")
    subscribe("bob-1", since=date(2017, 6, 1))
    return office


@pytest.mark.req("W3")
def test_a_package_prices_a_month_as_a_clerk_would(package: Office) -> None:
    package.import_(MONTH)

    assert became() == [
        "a 66 allowance",  # by 60/6; 54 s of the free minutes are left
        "b 90 0.121",  # 36 s are left at 0.10 a minute: 0.06, the setup fee of 0.05, and 10 %
        "c 60 0.275",  # the price from the 15th on: 0.20 and 0.05, and 10 %
        "d 30 0.165",  # lifted to the minimum duration, in the first tier: 0.15, and 10 %
        "e 120 0.605",  # 90 s more of the first tier, 0.45, and 30 s of the second, 0.10, and 10 %
        "f 60 0.4",  # Bob's own price takes no markup
        "g 60 0",  # a special number
        "h 90 0.09",  # what comes in has its own increments, and its list no markup
        "i 0 not_billed",
    ]
    assert owed("bob") == Decimal("1.656")


def test_every_price_of_the_package_comes_out_of_its_explanation(package: Office) -> None:
    package.import_(MONTH)

    for record in select_records("true", ())["id"]:
        assert explain_record(record).price  # which fails where the explanation gives another price
