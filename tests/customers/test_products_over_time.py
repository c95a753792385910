"""Which product priced a call: the one its account had when it began."""

from datetime import datetime

import polars as pl

from tollbook.customers.products_over_time import (
    PRODUCT_SPANS,
    with_addon_that_prices,
    with_product_of_start,
)
from tollbook.records import USAGE

BASIC, FLAT, RECORDING, MOBILE, ROAMING = 1, 2, 11, 12, 13
ANNA, BOB = 100, 200
JUNE_11 = datetime.fromisoformat("2026-06-11T09:00:00Z")
JUNE_20 = datetime.fromisoformat("2026-06-20T09:00:00Z")


def spans(*rows: tuple[int, int, str, bool, datetime | None, datetime | None]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=PRODUCT_SPANS, orient="row")


# Anna had Basic until 11 June, Flat until the 20th, and Basic again.
ANNAS = spans(
    (ANNA, BASIC, "basic", False, None, JUNE_11),
    (ANNA, FLAT, "flat", False, JUNE_11, JUNE_20),
    (ANNA, BASIC, "basic", False, JUNE_20, None),
)


def calls(*rows: tuple[int | None, int | None, str, str]) -> pl.DataFrame:
    """Account, product of now, kind, start."""
    return pl.DataFrame(
        [(account, product, kind, datetime.fromisoformat(start)) for account, product, kind, start in rows],
        schema={"account_id": pl.Int64, "product_id": pl.Int64, "kind": pl.String, "start": USAGE["start"]},
        orient="row",
    )


def test_a_call_is_of_the_product_of_its_start_however_late_it_comes() -> None:
    late = calls(
        (ANNA, BASIC, "voice_out", "2026-06-12T10:00:00Z"),
        (ANNA, BASIC, "voice_out", "2026-06-11T08:59:59Z"),
        (ANNA, BASIC, "voice_out", "2026-06-11T09:00:00Z"),  # the moment of the change is the new one's
        (ANNA, BASIC, "voice_out", "2026-06-20T09:00:00Z"),
        (BOB, FLAT, "voice_out", "2026-06-12T10:00:00Z"),  # who never changed has what he has
        (None, None, "voice_out", "2026-06-12T10:00:00Z"),
    )
    assert with_product_of_start(late, ANNAS)["product_id"].to_list() == [FLAT, BASIC, FLAT, BASIC, FLAT, None]


NAMED = pl.DataFrame(
    [(BASIC, "voice_out"), (RECORDING, "voice_out"), (MOBILE, "data"), (ROAMING, "data"), (ROAMING, "sms_out")],
    schema={"product_id": pl.Int64, "kind": pl.String},
    orient="row",
)
BOBS = spans(
    (BOB, RECORDING, "recording", True, None, None),
    (BOB, ROAMING, "b-roaming", True, None, None),
    (BOB, MOBILE, "a-mobile", True, JUNE_11, JUNE_20),
)


def test_addons_price_what_the_product_does_not_name_in_the_order_of_their_codes() -> None:
    used = calls(
        (BOB, BASIC, "voice_out", "2026-06-12T10:00:00Z"),  # the product names it, so the add-on does not count
        (BOB, BASIC, "data", "2026-06-12T10:00:00Z"),
        (BOB, BASIC, "data", "2026-06-10T10:00:00Z"),  # a-mobile was not there yet
        (BOB, BASIC, "sms_out", "2026-06-12T10:00:00Z"),
        (BOB, BASIC, "voice_in", "2026-06-12T10:00:00Z"),  # nobody names it: no tariff
        (ANNA, BASIC, "data", "2026-06-12T10:00:00Z"),
    )
    priced = with_addon_that_prices(used, BOBS, NAMED)["product_id"].to_list()
    assert priced == [BASIC, MOBILE, ROAMING, ROAMING, BASIC, BASIC]


def test_where_nobody_ever_changed_the_records_stay_as_they_are() -> None:
    records = calls((ANNA, BASIC, "data", "2026-06-12T10:00:00Z"))
    nobody = PRODUCT_SPANS.to_frame()
    assert with_product_of_start(records, nobody) is records
    assert with_addon_that_prices(records, nobody, NAMED) is records
