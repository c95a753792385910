"""The operator's sheet can be imported as it is, and pairs with most of the platform's customers."""

from pathlib import Path

import pytest

from simulators.portabilling.month import make_month
from simulators.portabilling.operator import customers_csv
from tollbook.customers.customer_sheet import read_customer_sheet
from tollbook.customers.identities import SCHEMES
from tollbook.customers.spreadsheet import Sheet


@pytest.fixture
def sheet(tmp_path: Path) -> Sheet:
    path = tmp_path / "customers.csv"
    path.write_text(customers_csv(), encoding="utf-8")
    return read_customer_sheet(path)


def ours(sheet: Sheet) -> dict[tuple[str, str], str]:
    """Whose each identity is, in the operator's words."""
    return {
        (scheme, str(row.values[scheme])): str(row.values["code"])
        for row in sheet.rows
        for scheme in SCHEMES
        if row.values.get(scheme)
    }


def theirs(tax_id: str | None) -> set[tuple[str, str]]:
    """The identities a platform's `tax_id` may be."""
    found = set()
    for scheme, read in SCHEMES.items():
        try:
            found.add((scheme, read(tax_id or "")))
        except ValueError:
            continue
    return found


def test_nothing_in_the_sheet_is_refused(sheet: Sheet) -> None:
    assert list(sheet.problems) == []
    assert len(sheet.rows) == 35
    assert len(ours(sheet)) == 33


def test_most_pair_and_the_awkward_stay_awkward(sheet: Sheet) -> None:
    known = ours(sheet)
    pairs = {
        str(customer["i_customer"]): sorted(known[one] for one in theirs(customer["tax_id"]) & set(known))
        for customer in make_month(1, "2017-06").customers
    }
    paired = {id: codes for id, codes in pairs.items() if codes}
    assert all(len(codes) == 1 for codes in paired.values())
    assert paired["46170"] == ["meridian"]
    assert paired["2147490001"] == ["big"]
    assert paired["46202"] == ["jarzebina"]
    assert paired["46185"] == paired["46186"] == ["lis"]
    unpaired = {id for id, codes in pairs.items() if not codes}
    assert {"46187", "46188", "46189", "46190", "46205", "46207", "46208"} <= unpaired
    assert len(paired) == 32


def test_codes_are_the_operators_own(sheet: Sheet) -> None:
    ids = {str(one["i_customer"]) for one in make_month(1, "2017-06").customers}
    assert not ids & {str(row.values["code"]) for row in sheet.rows}
