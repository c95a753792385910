"""A price list of the whole world, to try things out with: real prefixes and names, made-up prices.

Prefixes come from the metadata of the `phonenumbers` library: every country, the area codes of North America by
state, and the mobile ranges with their operators. The prices are plausible, the same every time, and nobody's.
"""

import csv
from collections.abc import Iterator
from decimal import Decimal
from io import StringIO
from itertools import chain

from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, PhoneNumberType, example_number_for_type
from phonenumbers.carrierdata import CARRIER_DATA
from phonenumbers.geodata import GEOCODE_DATA

from tollbook.phone import region_name

HEADER = ("prefix", "destination", "price", "increment", "forbidden")

# EUR per minute to fixed lines and to mobiles, by the leading digits of the number; the longest wins.
PRICES = {
    "1": ("0.0190", "0.0190"),
    "2": ("0.1400", "0.2100"),
    "3": ("0.0110", "0.0290"),
    "4": ("0.0110", "0.0290"),
    "5": ("0.0480", "0.0850"),
    "6": ("0.0620", "0.0880"),
    "7": ("0.0540", "0.0690"),
    "8": ("0.0380", "0.0450"),
    "9": ("0.0890", "0.1240"),
    "27": ("0.0510", "0.0980"),
    "44": ("0.0072", "0.0210"),
    "48": ("0.0085", "0.0198"),
    "49": ("0.0065", "0.0180"),
    "53": ("0.6900", "0.7100"),
    "61": ("0.0150", "0.0420"),
    "64": ("0.0160", "0.0480"),
    "86": ("0.0130", "0.0130"),
    "91": ("0.0190", "0.0210"),
    "870": ("4.9000", "4.9000"),  # Inmarsat
    "881": ("5.4000", "5.4000"),  # satellite
    "882": ("3.8000", "3.8000"),
    "979": ("1.5000", "1.5000"),  # international premium rate
}
# North American numbers that are not the United States or Canada cost like a Caribbean call.
CARIBBEAN = Decimal("0.1350")
NORTH_AMERICA = "1"
PREMIUM = "1900"


def world_price_list(per_eur: Decimal = Decimal(1)) -> str:
    """About 29,000 prefixes in the price list's own CSV layout, in the currency of which `per_eur` buy a euro."""
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(HEADER)
    for prefix, destination, price, increment, is_forbidden in chain(_north_america(), _countries(), _mobiles()):
        writer.writerow(
            (prefix, destination, f"{price * per_eur:.4f}", increment, "yes" if is_forbidden else "no")
        )
    return text.getvalue()


Row = tuple[str, str, Decimal, str, bool]  # prefix, destination, price in EUR, increment, forbidden


def _north_america() -> Iterator[Row]:
    fixed, _ = _prices(NORTH_AMERICA)
    yield NORTH_AMERICA, "North America", fixed, "6/6", False
    yield PREMIUM, "North America premium rate", Decimal("1.99"), "60/60", True
    for prefix, names in sorted(GEOCODE_DATA.items()):
        if len(prefix) == 4 and prefix.startswith(NORTH_AMERICA) and "en" in names:
            yield prefix, f"North America · {names['en']}", fixed, "6/6", False
    for region in COUNTRY_CODE_TO_REGION_CODE[1]:
        if region not in {"US", "CA"}:
            for prefix in _area_codes(region):
                yield prefix, region_name(region), CARIBBEAN, "60/6", False


def _area_codes(region: str) -> list[str]:
    """The area codes of a Caribbean country: it is what its example numbers begin with."""
    example = example_number_for_type(region, PhoneNumberType.FIXED_LINE)
    return [] if example is None else [f"1{str(example.national_number)[:3]}"]


def _countries() -> Iterator[Row]:
    for code in sorted(COUNTRY_CODE_TO_REGION_CODE):
        prefix = str(code)
        if prefix != NORTH_AMERICA:
            yield prefix, _country_name(code), _prices(prefix)[0], _increment(prefix), False


def _mobiles() -> Iterator[Row]:
    for prefix, names in sorted(CARRIER_DATA.items()):
        code = _country_code(prefix)
        if code == NORTH_AMERICA or "en" not in names:
            continue
        country = _country_name(int(code))
        price = _prices(prefix)[1]
        # Operators differ a little, as they do: up to 8 % by the sum of the name's letters.
        price += price * (sum(map(ord, names["en"])) % 9) / 100
        yield prefix, f"{country} mobile · {names['en']}", price, _increment(prefix), False


def _prices(prefix: str) -> tuple[Decimal, Decimal]:
    longest = max((leading for leading in PRICES if prefix.startswith(leading)), key=len)
    fixed, mobile = PRICES[longest]
    return Decimal(fixed), Decimal(mobile)


def _increment(prefix: str) -> str:
    """Europe and North America bill by the second, Africa by the minute, the rest half a minute and then six."""
    return {"3": "1/1", "4": "1/1", "2": "60/60"}.get(prefix[0], "30/6")


def _country_code(prefix: str) -> str:
    return next(prefix[:length] for length in (1, 2, 3) if int(prefix[:length]) in COUNTRY_CODE_TO_REGION_CODE)


def _country_name(code: int) -> str:
    region = COUNTRY_CODE_TO_REGION_CODE[code][0]
    return f"International service +{code}" if region == "001" else region_name(region)
