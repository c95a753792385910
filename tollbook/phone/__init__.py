"""Phone numbers: from what platforms write to E.164 digits, a column at a time."""

from tollbook.phone.countries import countries
from tollbook.phone.reading import MIN_E164_DIGITS, RATEABLE, NumberClass, normalise
from tollbook.phone.regions import region_name
from tollbook.phone.rules import NumberRules

__all__ = ["MIN_E164_DIGITS", "RATEABLE", "NumberClass", "NumberRules", "countries", "normalise", "region_name"]
