"""The errors everybody shares. Each names the thing, the value and the next step."""


class TollbookError(Exception):
    """Something a person can act on. The message is shown to them as it is."""


class BadInput(TollbookError):
    """What was given cannot be used: a file, an option, a price. Nothing was written."""


class FrameMismatch(TollbookError):
    """A table lacks a column of its schema, or has it in another type. A defect in code, not in data."""


class CurrencyMismatch(TollbookError):
    """Two amounts in different currencies were put together."""
