"""Which numbers are well written, row by row as a person would say it."""

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from tollbook.phone import NumberRules
from tollbook.records import USAGE
from tollbook.usage import quality
from tollbook.usage.quality import WRITTEN, added_up, by_class, judge, numbers_written

UNITED_KINGDOM = NumberRules.from_mapping({"country": "GB", "extension_lengths": [3]})
NORTH_AMERICA = NumberRules.from_mapping({"country": "CA"})

# direction, field, number, class, is it well; - is nothing
LONDON = """
    out    called  +442079460000     valid          yes
    out    called  00442079460000    valid          yes
    out    called  02079460000       valid          yes
    out    called  442079460000      valid          yes
    out    called  0033142278186     valid          yes
    out    called  2079460000        wrong_country  no
    in     called  2079460000        unlikely       yes
    out    called  07700900123       unlikely       yes
    out    called  +9995550100       invalid        no
    out    called  +44207946         unlikely       yes
    out    called  +4420794600001234 invalid        no
    out    called  reception         invalid        no
    out    called  201               extension      no
    out    called  4001              extension      no
    out    called  999               short          yes
    out    called  *97               feature_code   no
    out    called  -                 withheld       no
    out    own     201               extension      yes
    out    own     anonymous         withheld       no
    in     own     201               extension      yes
    in     own     4001              extension      yes
    in     caller  anonymous         withheld       yes
    in     caller  4001              extension      yes
    local  called  201               extension      yes
    local  called  4001              extension      no
    local  called  *992112           feature_code   yes
    local  own     4001              extension      yes
"""
TORONTO = """
    out    called  4165550100        valid          yes
    out    called  14165550100       valid          yes
    out    called  011442079460000   valid          yes
    out    called  3222345678        wrong_country  no
    out    called  911               short          yes
"""
# Taken as they are: the rules name no country, but most customers are in Canada.
PLAIN = """
    out    called  +14165550100      valid          yes
    out    called  4165550100        wrong_country  no
    out    called  6045550100        wrong_country  no
    out    called  011442079460000   invalid        no
    out    called  911               short          yes
    out    called  411               extension      no
"""


def numbers(sheet: str) -> pl.DataFrame:
    rows = [line.split() for line in sheet.strip().splitlines()]
    written = [(row[0], row[1], None if row[2] == "-" else row[2], 1) for row in rows]
    return pl.DataFrame(written, schema=WRITTEN, orient="row")


@pytest.mark.parametrize(
    ("sheet", "rules", "home"),
    [(LONDON, UNITED_KINGDOM, ""), (TORONTO, NORTH_AMERICA, ""), (PLAIN, NumberRules(), "1")],
    ids=["London", "Toronto", "no rules"],
)
def test_each_number_has_its_class(sheet: str, rules: NumberRules, home: str) -> None:
    judged = judge(numbers(sheet), rules, home=home)

    said = [
        f"{direction} {field} {number or '-'} {quality} {'yes' if is_well else 'no'}"
        for direction, field, number, quality, is_well in judged.select(
            "direction", "field", "number", "quality", "is_well"
        ).iter_rows()
    ]
    assert said == [" ".join(line.split()) for line in sheet.strip().splitlines()]


def test_a_wrong_country_is_not_found_where_nobody_knows_ours() -> None:
    judged = judge(numbers("out called 4165550100 - -"), NumberRules())

    assert judged["quality"].to_list() == ["unlikely"]  # +41 65 555 01 00 has too few digits for Switzerland


def test_each_record_has_two_numbers_and_a_name_may_stand_in_place_of_one() -> None:
    calls = pl.DataFrame(
        {
            "kind": ["voice_out", "voice_out", "voice_in", "voice_in", "voice_local", "data"],
            "cli": ["201", "201", "+33142278186", None, "201", "201"],
            "cld": ["02079460000", "02079460000", None, "200", "202", "internet"],
            "display_text": [None, None, "Reception", None, None, None],
        }
    )
    usage = calls.match_to_schema(USAGE, missing_columns="insert")

    assert_frame_equal(
        numbers_written(usage),
        pl.DataFrame(
            [
                ("out", "own", "201", 2),
                ("out", "called", "02079460000", 2),
                ("in", "caller", "+33142278186", 1),
                ("in", "caller", None, 1),  # not shown
                ("in", "own", "200", 1),  # of the other call it is known by the name
                ("local", "own", "201", 1),
                ("local", "called", "202", 1),
            ],
            schema=WRITTEN,
            orient="row",
        ),
        check_row_order=False,
    )


def test_shares_are_of_the_field_and_examples_the_most_frequent() -> None:
    parts = [
        numbers("out called +442079460000 - -\nout called 0 - -"),
        numbers("out called 0 - -\nout called 1 - -\nout own 201 - -"),
        numbers("out called 2 - -\nout called 3 - -\nout called 2 - -\nout called 4 - -"),
    ]
    written, left_out = added_up(parts)

    rows = by_class(judge(written, UNITED_KINGDOM)).rows()
    assert left_out == 0
    assert rows == [
        ("out", "called", "valid", True, 1, 1, ["+442079460000"], 12.5),
        ("out", "called", "invalid", False, 5, 7, ["0", "2", "1"], 87.5),
        ("out", "own", "extension", True, 1, 1, ["201"], 100.0),
    ]


def test_the_rarest_are_left_out_of_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quality, "MAX_NUMBERS", 2)

    written, left_out = added_up(
        [numbers("out called 3 - -\nout called 2 - -\nout called 1 - -\nout called 3 - -")]
    )

    assert (written["number"].to_list(), left_out) == (["3", "1"], 1)


def test_a_connection_without_usage_has_no_numbers() -> None:
    written, left_out = added_up([])

    assert (by_class(judge(written, UNITED_KINGDOM)).height, left_out) == (0, 0)
