"""What goes wrong with the embedded server, and what to do."""

from tollbook.errors import TollbookError


class DatabaseUnavailable(TollbookError):
    """The database cannot be made, started or reached. Nothing was changed in it."""
