"""Phone numbers: from what platforms write to E.164 digits, a column at a time."""

from tollbook.phone.reading import NumberClass, normalise
from tollbook.phone.rules import NumberRules

__all__ = ["NumberClass", "NumberRules", "normalise"]
