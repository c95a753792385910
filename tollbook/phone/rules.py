"""How numbers are written on one connection. Data: from a country's plan, changed where the connection differs."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from functools import cache
from typing import Any, Self

import phonenumbers
from phonenumbers import PhoneMetadata

from tollbook.errors import BadInput

# Where nobody said which country's: no international number has three digits, and 911 is not India's 91.
EMERGENCY_ANYWHERE = ("112", "911", "999", "000")
MAX_DIGITS = 18  # what the rating engine holds; the ITU allows 15
# Rules that say how a switch is set up, not how the people of a country write their numbers.
_OF_THE_SWITCH = ("extension_lengths", "strip_prefixes", "withheld")
_LONGEST_EXIT_CODE = 5  # digits; a few countries have codes with a carrier in them that are longer


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberRules:
    """The rules of one connection. Without a country numbers are taken as the digits they are, emergency ones apart."""

    country: str | None = None  # ISO 3166, as "PL"
    country_code: str = ""  # "48"
    exit_codes: tuple[str, ...] = ()  # dialled before a country code: "00", "011"
    trunk_prefix: str = ""  # dialled before a national number, and no part of it: "0"
    # A number without plus, exit code or trunk prefix gets the country code when it is as long as a national number
    # (without the trunk prefix); else it is taken as one that has its country code already.
    add_country_code: bool = False
    national_lengths: tuple[int, ...] = ()  # digits of national numbers, without the trunk prefix
    # Regular expression of national numbers that are never dialled with the trunk prefix: freephone, premium rate.
    bare_pattern: str = ""
    extension_lengths: tuple[int, ...] = ()  # digits of internal numbers; they are nobody's E.164
    emergency: tuple[str, ...] = EMERGENCY_ANYWHERE  # of a country: its own
    service: tuple[str, ...] = ()  # short numbers that may be charged: "118912"
    service_pattern: str = ""  # regular expression of the country's other short numbers
    strip_prefixes: tuple[str, ...] = ()  # in front of everything else: a technical prefix, "#31#"
    withheld: tuple[str, ...] = ()  # words for a number that is not shown, besides the usual ones

    @classmethod
    def for_country(cls, country: str) -> Self:
        """The plan of a country, from the metadata of the `phonenumbers` library.

        The country code is added to bare numbers where national numbers are written without a trunk prefix; where
        they are written with it, a number without it is one that has its country code.

        Raises:
            BadInput: there is no such country.
        """
        return cls(**_plan(country.upper()))

    @classmethod
    def from_mapping(cls, data: Mapping[str, Any]) -> Self:
        """Rules from plain data: the plan of `country`, if given, and whatever else is given instead of its parts.

        Raises:
            BadInput: an unknown key, a value of the wrong kind, or an unknown country; names it.
        """
        known = {field.name: field.default for field in fields(cls)}
        country = data.get("country") or None
        values = _plan(str(country).upper()) if country else {}
        for key, value in data.items():
            if key not in known:
                raise BadInput(f"number rules: {key!r} is not known; there are {', '.join(known)}")
            if key != "country":
                values[key] = _checked(key, value, known[key])
        return cls(**values)

    def overridden(self, data: Mapping[str, Any]) -> Self:
        """These rules with others in place of some. Another country brings its whole plan; what is the switch's stays.

        Raises:
            BadInput: as `from_mapping`.
        """
        kept = self.to_mapping()
        if data.get("country"):
            kept = {key: kept[key] for key in _OF_THE_SWITCH}
        return self.from_mapping(kept | dict(data))

    def to_mapping(self) -> dict[str, Any]:
        """Plain data that `from_mapping` turns into the same rules."""
        return {key: list(value) if isinstance(value, tuple) else value for key, value in asdict(self).items()}


def _checked(key: str, value: Any, default: Any) -> Any:
    """The value as the field holds it. Digits may be given as whole numbers only where they are lengths."""
    if isinstance(default, tuple) and not isinstance(value, str):
        kind = int if key.endswith("_lengths") else str
        made = tuple(value) if isinstance(value, (list, tuple)) else None
        if made is None or not all(isinstance(part, kind) and not isinstance(part, bool) for part in made):
            raise BadInput(f"number rules: {key} is {value!r}, expected a list of {kind.__name__}")
    elif type(value) is not type(default):
        raise BadInput(f"number rules: {key} is {value!r}, expected a {type(default).__name__}")
    else:
        made = value
    if key in ("country_code", "trunk_prefix", "exit_codes"):
        for part in [made] if isinstance(made, str) else made:
            if part and not (part.isascii() and part.isdigit()):
                raise BadInput(f"number rules: {key} is {value!r}; it must be digits")
    if key.endswith("_pattern"):
        try:
            re.compile(str(made))
        except re.error as error:
            raise BadInput(f"number rules: {key} {made!r} is no regular expression: {error}") from None
    return made


@cache
def _plan_of(country: str) -> tuple[tuple[str, Any], ...]:
    plan = PhoneMetadata.metadata_for_region(country)
    if plan is None:
        raise BadInput(f"number rules: there is no country {country!r}; give an ISO 3166 code such as PL")
    trunk = plan.national_prefix or ""
    lengths = plan.general_desc.possible_length if plan.general_desc else ()
    short = PhoneMetadata.short_metadata_for_region(country)
    emergency = short.emergency if short else None
    return (
        ("country", country),
        ("country_code", str(plan.country_code)),
        ("exit_codes", _matching(plan.international_prefix, range(1, _LONGEST_EXIT_CODE + 1))),
        ("trunk_prefix", trunk),
        ("add_country_code", not _is_trunk_written(country, trunk)),
        ("national_lengths", tuple(length for length in lengths if length > 0)),
        ("bare_pattern", any_of(plan.toll_free, plan.premium_rate, plan.shared_cost, plan.uan) if trunk else ""),
        (
            "emergency",
            _matching(emergency.national_number_pattern, emergency.possible_length) if emergency else (),
        ),
        ("service_pattern", any_of(short.short_code) if short else ""),
    )


def _plan(country: str) -> dict[str, Any]:
    return dict(_plan_of(country))


def _is_trunk_written(country: str, trunk: str) -> bool:
    """Whether people of the country write the trunk prefix: `06 12…` in France, not in Brazil or North America."""
    example = phonenumbers.example_number_for_type(country, phonenumbers.PhoneNumberType.FIXED_LINE)
    if not trunk or example is None:
        return bool(trunk)
    return bool(phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.NATIONAL).startswith(trunk))


def any_of(*kinds: Any) -> str:
    """One expression for whole numbers of any of these kinds of the metadata."""
    patterns = [kind.national_number_pattern for kind in kinds if kind and kind.national_number_pattern]
    return f"^(?:{'|'.join(patterns)})$" if patterns else ""


def _matching(pattern: str | None, lengths: Iterable[int]) -> tuple[str, ...]:
    """All digits of these lengths that a pattern of the metadata means."""
    if not pattern:
        return ()
    whole = re.compile(pattern)
    return tuple(
        digits
        for length in lengths
        if length > 0  # the metadata says -1 where there is none
        for digits in (f"{number:0{length}d}" for number in range(10**length))
        if whole.fullmatch(digits)
    )
