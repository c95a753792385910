"""Why a message was not delivered. The class says whether to try again."""

from tollbook.errors import TollbookError


class Delayed(TollbookError):
    """Away, busy, or set up wrongly: try again later."""


class Refused(TollbookError):
    """The other side will never take this message."""
