from datetime import date
from decimal import Decimal

import pytest

from tollbook.billing.documents.figures import Figures, duration, iban, telephone
from tollbook.billing.documents.invoice import TaxCategory, TaxRate, Unit
from tollbook.billing.documents.printable import BREAK_HERE, printable
from tollbook.billing.documents.words import languages, words_of

ENGLISH, POLISH = Figures("en"), Figures("pl")


@pytest.mark.parametrize(
    ("amount", "currency", "english", "polish"),
    [
        ("0", "EUR", "€0.00", "0,00 EUR"),
        ("1234.56", "EUR", "€1,234.56", "1 234,56 EUR"),
        ("1234.5", "PLN", "PLN 1,234.50", "1 234,50 zł"),
        ("-5", "GBP", "−£5.00", "−5,00 GBP"),
        ("1234567.89", "PLN", "PLN 1,234,567.89", "1 234 567,89 zł"),
        ("1500", "JPY", "JPY 1,500", "1 500 JPY"),
        ("1.125", "KWD", "KWD 1.125", "1,125 KWD"),
    ],
)
def test_money_stands_as_the_language_writes_it(amount: str, currency: str, english: str, polish: str) -> None:
    assert ENGLISH.money(Decimal(amount), currency).replace("\u00a0", " ") == english
    assert POLISH.money(Decimal(amount), currency).replace("\u00a0", " ") == polish


def test_days_and_periods() -> None:
    assert ENGLISH.day(date(2017, 6, 30)) == "2017-06-30"
    assert POLISH.day(date(2017, 6, 3)) == "03.06.2017"
    assert POLISH.period(date(2017, 6, 1), date(2017, 7, 1)).replace("\u00a0", " ") == "01.06.2017 – 30.06.2017"
    assert POLISH.period(date(2017, 6, 1), date(2017, 6, 2)) == "01.06.2017"


def test_quantities_have_their_unit_and_no_needless_decimals() -> None:
    assert ENGLISH.quantity(Decimal(1), Unit.CALL) == "1\u00a0call"
    assert ENGLISH.quantity(Decimal("1200.00"), Unit.CALL) == "1,200\u00a0calls"
    assert POLISH.quantity(Decimal("0.50"), Unit.MONTH) == "0,5\u00a0mies."


def test_tax_rates() -> None:
    assert ENGLISH.tax_rate(TaxRate(Decimal("23.00"))) == "23%"
    assert POLISH.tax_rate(TaxRate(Decimal("5.5"))) == "5,5%"
    assert POLISH.tax_rate(TaxRate(Decimal(20))) == "20%"
    assert POLISH.tax_rate(TaxRate(Decimal(0), TaxCategory.EXEMPT)) == "zw."


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0:00:00"), (61, "0:01:01"), (3600, "1:00:00"), (90000, "25:00:00")]
)
def test_durations(seconds: int, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("number", "text"),
    [
        ("48601234567", "+48 601 234 567"),
        ("442079460958", "+44 20 7946 0958"),
        ("112", "112"),
        ("2001", "2001"),
        ("anonymous", "anonymous"),
        ("", ""),
        ("8948031234567890123", "8948031234567890123"),
    ],
)
def test_a_telephone_number_is_grouped_and_anything_else_left_alone(number: str, text: str) -> None:
    assert telephone(number) == text


def test_an_iban_stands_in_groups_of_four() -> None:
    assert iban("DE89370400440532013000") == "DE89 3704 0044 0532 0130 00"


def test_data_is_shown_in_megabytes() -> None:
    assert ENGLISH.data_volume(12_400_000) == "12.40\u00a0MB"
    assert ENGLISH.data_volume(9_999) == "9,999\u00a0B"


def test_only_a_word_without_end_gets_places_to_break() -> None:
    assert printable("Przedsiębiorstwo Usługowe") == "Przedsiębiorstwo Usługowe"
    assert printable("x" * 25) == BREAK_HERE.join(["x" * 8, "x" * 8, "x" * 8, "x"])


def test_every_language_has_the_same_words() -> None:
    def keys(language: str) -> set[tuple[str, str]]:
        return {
            (section, key)
            for section, words in words_of(language).items()
            if section not in ("symbols", "currencies")  # others are written by their code
            for key in words
        }

    assert languages() == ["en", "pl"]
    assert keys("en") == keys("pl")
