"""Our column-wise reading against the `phonenumbers` library, number by number."""

import random
from collections.abc import Iterator

import phonenumbers
import polars as pl
from phonenumbers import PhoneNumberFormat, PhoneNumberType

from tollbook.phone import NumberRules, normalise

COUNTRIES = (
    "AT AU BE BR CA CH CZ DE DK ES FI FR GB GR HU IE IN IT JP KR LT MX NL NO NZ PL PT RO RU SE SG TR UA US ZA"
)
KINDS = (
    PhoneNumberType.FIXED_LINE,
    PhoneNumberType.MOBILE,
    PhoneNumberType.TOLL_FREE,
    PhoneNumberType.PREMIUM_RATE,
)
NUMBERS_PER_KIND = 15


def numbers_of(country: str, kind: int) -> Iterator[phonenumbers.PhoneNumber]:
    """Valid numbers of a country: the example of the metadata with other last digits."""
    example = phonenumbers.example_number_for_type(country, kind)
    if example is None:
        return
    digits = phonenumbers.national_significant_number(example)
    chance = random.Random(f"{country}{kind}")
    for _ in range(NUMBERS_PER_KIND):
        number = phonenumbers.parse(f"+{example.country_code}{digits[:-3]}{chance.randrange(1000):03d}")
        if phonenumbers.is_valid_number_for_region(number, country):
            yield number


def notations(number: phonenumbers.PhoneNumber, country: str) -> Iterator[str]:
    national = phonenumbers.format_number(number, PhoneNumberFormat.NATIONAL)
    yield phonenumbers.format_number(number, PhoneNumberFormat.E164)
    yield phonenumbers.format_number(number, PhoneNumberFormat.INTERNATIONAL)
    yield phonenumbers.format_number(number, PhoneNumberFormat.RFC3966)
    yield national
    yield national.replace(" ", "-")
    yield "".join(character for character in national if character.isdigit())
    foreign = phonenumbers.example_number_for_type("GB" if country != "GB" else "PL", PhoneNumberType.MOBILE)
    assert foreign is not None
    yield phonenumbers.format_out_of_country_calling_number(foreign, country)


def test_ten_thousand_numbers_of_35_countries_are_read_as_the_phonenumbers_library_reads_them() -> None:
    compared = 0
    differences: list[str] = []
    for country in COUNTRIES.split():
        texts = [text for kind in KINDS for n in numbers_of(country, kind) for text in notations(n, country)]
        ours = normalise(pl.Series(texts), NumberRules.for_country(country))
        for text, digits in zip(texts, ours["digits"], strict=True):
            theirs = phonenumbers.parse(text, country)
            compared += 1
            if f"+{digits}" != phonenumbers.format_number(theirs, PhoneNumberFormat.E164):
                differences.append(f"{country}: {text!r} is {digits}, theirs +{theirs.country_code} …")

    assert compared > 10_000
    assert differences == []
