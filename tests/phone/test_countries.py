"""The country of a number, by its calling code."""

import polars as pl

from tollbook.phone import countries


def test_a_number_is_of_the_country_whose_code_it_begins_with() -> None:
    numbers = {
        "48221234567": "Poland",
        "442079460000": "United Kingdom",
        "353201234567": "Ireland",
        "12125550123": "North America",
        "18765550123": "North America",  # Jamaica: its code is shared
        "870773111632": "+870",  # satellites
        "9990000": "",
        "internet": "",
        "": "",
    }

    assert countries(pl.Series(list(numbers))).to_list() == list(numbers.values())


def test_no_number_has_no_country() -> None:
    assert countries(pl.Series([None], dtype=pl.String)).to_list() == [""]


def test_a_country_is_named_in_the_language_asked_for() -> None:
    numbers = pl.Series(["48221234567", "12125550123", "442079460000"])

    assert countries(numbers, "pl").to_list() == ["Polska", "Ameryka Północna", "Wielka Brytania"]
