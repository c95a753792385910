"""What costs nothing, written as its users have it today."""

import polars as pl
import pytest

from tollbook.errors import BadInput
from tollbook.phone import NumberRules, normalise
from tollbook.usage.exclusions import MAX_PATTERNS, Exclusion, excluded, read_patterns

CANADA = NumberRules.from_mapping({"country": "CA", "extension_lengths": [3, 4]})


def calls(*rows: tuple[str, str, str]) -> pl.DataFrame:
    """Kind, who called, who was called, as the platform wrote them."""
    frame = pl.DataFrame(rows, schema=["kind", "cli_raw", "cld_raw"], orient="row")
    return frame.with_columns(
        cli=pl.coalesce(normalise(frame["cli_raw"], CANADA)["digits"], frame["cli_raw"]),
        cld=pl.coalesce(normalise(frame["cld_raw"], CANADA)["digits"], frame["cld_raw"]),
        display_text=pl.lit(None, dtype=pl.String),
    )


def reasons(frame: pl.DataFrame, shown: str = "", hidden: str = "") -> list[str | None]:
    exclusions = [Exclusion(one) for one in read_patterns(shown)]
    exclusions += [Exclusion(one, is_hidden=True) for one in read_patterns(hidden)]
    found = frame.select(excluded(frame, exclusions, country_code="1").alias("reason"))
    return found["reason"].to_list()


# pattern, number called, does it fit
TOLL_FREE_AND_CODES = """
    844xxxxxxx      8445550123        yes
    844xxxxxxx      18445550123       yes
    844xxxxxxx      +1 844 555 0123   yes
    844xxxxxxx      0118445550123     no
    844xxxxxxx      84455501234       no
    1800xxxxxxx     18005550123       yes
    1800xxxxxxx     8005550123        yes
    1800xxxxxxx     18015550123       no
    1-800-*         1 (800) 555-0123  yes
    1-800-*         18885550123       no
    911             911               yes
    911             9115              no
    911             19115550123       no
    *97             *97               yes
    *xx             *97               yes
    *xx             *971              no
    #xx             #21               yes
    4443            4443              yes
    4443            44435             no
    14165550100     4165550100        yes
    14165550100     14165550101       no
    +1 416 555-0100  +14165550100     yes
    +44 20 *        011442079460001   yes
    442*            011442079460001   no
"""


@pytest.mark.req("W4")
@pytest.mark.parametrize(
    "line", [line.strip() for line in TOLL_FREE_AND_CODES.strip().splitlines()], ids=lambda line: line
)
def test_a_pattern_is_held_against_the_whole_number_called(line: str) -> None:
    # A pattern and a number may have single blanks inside.
    pattern, number, fits = [part.strip() for part in line.split("  ") if part.strip()]
    frame = calls(("voice_out", "2112", number))
    assert reasons(frame, shown=pattern) == (["excluded"] if fits == "yes" else [None])


@pytest.mark.req("W4")
def test_hidden_and_shown_directions_and_extensions() -> None:
    frame = calls(
        ("voice_local", "2112", "2113"),
        ("voice_in", "4165550100", "15195550100"),
        ("voice_out", "2112", "14165550100"),
        ("voice_out", "201", "14165550100"),  # an extension that nobody bills
        ("voice_out", "2112", "911"),
        ("voice_out", "2112", "*97"),
    )
    assert reasons(frame, shown="[local], 911", hidden="*xx, 201,202") == [
        "excluded",
        None,
        None,
        "hidden",
        "excluded",
        "hidden",
    ]
    assert reasons(frame, shown="[inbound]") == [None, "excluded", None, None, None, None]
    assert reasons(frame, shown="[Outbound]") == [None, None, "excluded", "excluded", "excluded", "excluded"]
    assert reasons(frame, shown="911", hidden="911")[4] == "hidden"


def test_words_in_the_name_that_is_shown() -> None:
    frame = calls(("voice_in", "4165550100", "15195550100")).with_columns(display_text=pl.lit("Fax machine"))
    assert reasons(frame, shown="name:FAX") == ["excluded"]
    assert reasons(frame, shown="name:modem") == [None]


def test_a_list_without_patterns_excludes_nothing() -> None:
    assert reasons(calls(("voice_out", "2112", "911")), shown=" , ,") == [None]


@pytest.mark.parametrize("text", ["tollfree", "[sideways]", "1800-xxx-abcd", "name:", "^1800"])
def test_what_is_no_pattern_is_named(text: str) -> None:
    with pytest.raises(BadInput, match="write a number with x for any digit"):
        read_patterns(f"911, {text}")


def test_a_list_has_an_end() -> None:
    with pytest.raises(BadInput, match="1001 patterns are too many"):
        read_patterns(",".join(str(number) for number in range(MAX_PATTERNS + 1)))
