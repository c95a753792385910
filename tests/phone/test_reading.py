import polars as pl
import pytest

from tollbook.errors import BadInput
from tollbook.phone import NumberRules, normalise

POLAND = NumberRules.for_country("PL")
FRANCE = NumberRules.for_country("FR")
RUSSIA = NumberRules.for_country("RU")
AMERICA = NumberRules.for_country("US")


def read(text: str | None, rules: NumberRules) -> tuple[str | None, str]:
    digits, number_class = normalise(pl.Series([text], dtype=pl.String), rules).row(0)
    return digits, number_class


@pytest.mark.req("W2")
@pytest.mark.parametrize(
    ("written", "rules", "digits"),
    [
        ("+48 600 700 800", POLAND, "48600700800"),
        ("0048600700800", POLAND, "48600700800"),
        ("600700800", POLAND, "48600700800"),  # no trunk prefix in Poland: nine digits get the country code
        ("48600700800", POLAND, "48600700800"),  # longer than any Polish number: it has its code already
        ("442079460000", POLAND, "442079460000"),
        ("0144556677", FRANCE, "33144556677"),
        ("144556677", FRANCE, "144556677"),  # the French always write the 0: this one has its code already
        ("+33 (0)1 44 55 66 77", FRANCE, "33144556677"),
        ("001-212-555-0123", FRANCE, "12125550123"),
        ("8 (495) 123-45-67", RUSSIA, "74951234567"),
        ("841234567890", RUSSIA, "841234567890"),  # begins like the trunk prefix, is too long for it: Vietnam
        ("8~10 44 20 7946 0000", RUSSIA, "442079460000"),
        ("791-445-9811", AMERICA, "17914459811"),  # 10 digits in North America
        ("1 (791) 445-9811", AMERICA, "17914459811"),
        ("011 48 600 700 800", AMERICA, "48600700800"),
        ("01148600700800", AMERICA, "48600700800"),
    ],
)
def test_numbers_are_read_as_people_of_the_country_dial_them(
    written: str, rules: NumberRules, digits: str
) -> None:
    assert read(written, rules) == (digits, "e164")


@pytest.mark.parametrize(
    "written",
    [
        "sip:+48600700800@pbx.example:5060",
        "SIPS:+48600700800@pbx.example;user=phone",
        "tel:+48-600-700-800;phone-context=pl",
        '"Anna Nowak" <sip:+48600700800@10.0.0.1>',
        "48600700800@tenant.example",
        "+48.600.700.800",
        " +48 600\u00a0700 800\t",
        "(+48) 600-700-800",
    ],
)
def test_an_address_or_a_number_with_marks_is_the_number_in_it(written: str) -> None:
    assert read(written, POLAND) == ("48600700800", "e164")


@pytest.mark.parametrize("written", [None, "", "  ", "anonymous", "Anonymous", "sip:anonymous@anonymous.invalid"])
def test_a_number_not_shown_is_withheld(written: str | None) -> None:
    assert read(written, POLAND) == (None, "withheld")


@pytest.mark.parametrize(
    "written",
    [
        "12A45678",
        "voicemail",
        "*97",
        "++48600700800",
        "+",
        "1234567890123456789",  # 19 digits; the engine holds 18
        "99999999999999999999999999999",
        "٣٤٥٦٧٨٩٠١",  # digits, but not those of any telephone
        "4860070080!",
        "12345",  # neither a Polish number nor a short one
    ],
)
def test_what_is_no_number_is_unreadable_and_has_no_digits(written: str) -> None:
    assert read(written, POLAND) == (None, "unreadable")


@pytest.mark.parametrize(
    ("written", "rules", "expected"),
    [
        ("112", POLAND, ("112", "emergency")),
        ("999", POLAND, ("999", "emergency")),
        ("911", AMERICA, ("911", "emergency")),
        ("+48112", POLAND, ("48112", "emergency")),
        ("+112", POLAND, (None, "unreadable")),
        ("118912", POLAND, ("118912", "service")),  # Poland's metadata: 11 8 912
        ("116000", POLAND, ("116000", "service")),
        ("4711", NumberRules.from_mapping({"country": "PL", "service": ["4711"]}), ("4711", "service")),
        ("101", NumberRules.from_mapping({"country": "PL", "extension_lengths": [3, 4]}), ("101", "extension")),
        ("112", NumberRules.from_mapping({"country": "PL", "extension_lengths": [3, 4]}), ("112", "emergency")),
    ],
)
def test_short_numbers_keep_their_digits_and_say_what_they_are(
    written: str, rules: NumberRules, expected: tuple[str | None, str]
) -> None:
    assert read(written, rules) == expected


def test_the_connections_own_prefixes_are_taken_off_first_and_the_longest_wins() -> None:
    rules = NumberRules.from_mapping({"country": "PL", "strip_prefixes": ["77", "7788", "#31#"]})

    assert read("7788600700800", rules) == ("48600700800", "e164")
    assert read("77600700800", rules) == ("48600700800", "e164")
    assert read("#31#600700800", rules) == ("48600700800", "e164")


def test_without_a_country_numbers_are_the_digits_they_are() -> None:
    rules = NumberRules()

    assert read("123456789012345678", rules) == ("123456789012345678", "e164")
    assert read("7", rules) == ("7", "e164")
    assert read("00 48-600", rules) == ("0048600", "e164")
    assert read("x", rules) == (None, "unreadable")


@pytest.mark.req("W4")
@pytest.mark.parametrize("written", ["911", "112", "999", "000", "sip:911@tenant.example.ca", "9-1-1"])
def test_without_a_country_emergency_numbers_are_known_all_the_same(written: str) -> None:
    assert read(written, NumberRules())[1] == "emergency"
    assert read("9112", NumberRules()) == ("9112", "e164")


def test_a_column_with_many_repeats_reads_each_the_same() -> None:
    written = ["600700800", "+48 600 700 800", None, "anonymous", "112", "x"] * 5_000

    read_ones = normalise(pl.Series(written), POLAND)

    assert read_ones.height == 30_000
    assert read_ones.head(6).rows() * 5_000 == read_ones.rows()
    assert read_ones["digits"].head(6).to_list() == ["48600700800", "48600700800", None, None, "112", None]


def test_rules_go_to_plain_data_and_back() -> None:
    rules = NumberRules.from_mapping({"country": "pl", "extension_lengths": [3], "withheld": ["brak"]})

    assert rules.country == "PL"
    assert NumberRules.from_mapping(rules.to_mapping()) == rules
    assert NumberRules.from_mapping({}) == NumberRules()
    assert read("Brak", rules) == (None, "withheld")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"country": "XX"}, "there is no country 'XX'"),
        ({"contry": "PL"}, "'contry' is not known"),
        ({"exit_codes": "00"}, "exit_codes is '00', expected a tuple"),
        ({"exit_codes": ["0 0"]}, "must be digits"),
        ({"national_lengths": ["9"]}, "expected a list of int"),
        ({"service_pattern": "("}, "no regular expression"),
    ],
)
def test_rules_that_make_no_sense_are_refused_by_name(data: dict[str, object], message: str) -> None:
    with pytest.raises(BadInput, match=message.replace("(", r"\(")):
        NumberRules.from_mapping(data)


@pytest.mark.parametrize("rules", [{}, {"country": "CA"}, {"strip_prefixes": ["#31#"]}], ids=str)
def test_no_numbers_are_no_numbers(rules: dict[str, object]) -> None:
    read = normalise(pl.Series([], dtype=pl.String), NumberRules.from_mapping(rules))
    assert (read.columns, read.height) == (["digits", "number_class"], 0)
