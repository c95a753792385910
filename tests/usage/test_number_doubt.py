"""What people of another country dial is never read as a number of ours: no command is better than a wrong one."""

from typing import Any

import polars as pl
import pytest

from tollbook.phone import NumberRules
from tollbook.usage.number_doubt import Elsewhere, dialled_elsewhere
from tollbook.usage.number_fix import Fix, best_fix
from tollbook.usage.quality import WRITTEN, judge

CANADA: dict[str, Any] = {"country": "CA"}


def judged(sheet: str, rules: dict[str, Any]) -> pl.DataFrame:
    """Numbers called, each with how often."""
    rows = [("out", "called", number, int(records)) for number, records in map(str.split, sheet.split(";"))]
    return judge(pl.DataFrame(rows, schema=WRITTEN, orient="row"), NumberRules.from_mapping(rules))


def fix(sheet: str, rules: dict[str, Any], *neighbours: str) -> Fix | None:
    country = rules["country"]
    return best_fix(judged(sheet, rules), rules, countries=[country], neighbours=neighbours)


@pytest.mark.parametrize("neighbours", [(), ("GB",)])
def test_a_london_number_is_not_made_one_of_maine(neighbours: tuple[str, ...]) -> None:
    """+1 207 946 0609 exists too, but nobody in Canada dials it with a 0, for a trunk or for a line out."""
    assert fix("02079460609 30; +14165550100 500; 911 4", CANADA, *neighbours) is None


def test_an_exit_code_of_elsewhere_that_everybody_would_read_alike() -> None:
    """00 1 204 is Winnipeg for whoever dials 00 for abroad; the 30 of London stay as they are."""
    suggested = fix("02079460609 30; 0012045550193 7; +14165550100 500", CANADA, "GB")

    assert suggested is not None
    assert (dict(suggested.changes), suggested.reads, suggested.wanting) == ({"exit_codes": ["011", "00"]}, 7, 37)


def test_an_exit_code_that_reads_what_nobody_has() -> None:
    """No country has the code 999, so 00 may be no exit code there."""
    assert fix("0012045550193 7; 009995550100 1", CANADA) is None


def test_a_line_out_that_somebody_may_mean_otherwise() -> None:
    """8 before ten digits is a line out in Canada, and a trunk prefix in Russia: 8 812 345 67 89 is Petersburg."""
    assert fix("84165550100 9; 88123456789 5", CANADA, "RU") is None
    alone = fix("84165550100 9; 88123456789 5", CANADA)
    assert alone is not None
    assert dict(alone.changes) == {"strip_prefixes": ["8"]}


def test_the_country_that_was_set_stays_while_most_numbers_are_its_own() -> None:
    rows = judged("02079460609 30; 0012045550193 7; +14165550100 500", CANADA)
    suggested = best_fix(rows, CANADA, countries=["CA", "GB"])

    assert suggested is not None
    assert "country" not in suggested.changes


def test_a_country_that_was_set_wrong_does_not_stay() -> None:
    suggested = best_fix(judged("02079460609 30; 07400123456 5; +14165550100 2", CANADA), CANADA, countries=["GB"])

    assert suggested is not None
    assert (dict(suggested.changes), suggested.reads) == ({"country": "GB"}, 35)


def test_what_is_dialled_elsewhere_is_named_instead() -> None:
    rows = judged("02079460609 30; 0012045550193 7; 411 3; +14165550100 500", CANADA)

    assert dialled_elsewhere(rows, CANADA, ["CA", "PL", "GB"]) == Elsewhere(
        country="GB",
        records=37,
        examples=(("02079460609", "442079460609"), ("0012045550193", "12045550193")),
    )
    assert dialled_elsewhere(rows, CANADA, ["CA", "US"]) is None
