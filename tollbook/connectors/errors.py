"""What can go wrong with a platform. The class says what the caller does."""

from tollbook.errors import TollbookError


class ConnectorError(TollbookError):
    """A platform could not be read or told. The message names the connection, the thing and the next step."""

    def __init__(self, message: str, *, platform: str) -> None:
        super().__init__(f"{platform}: {message}")
        self.platform = platform


class TryAgainLater(ConnectorError):
    """Slow, busy or away. Nothing is lost: run again."""


class NeedsAttention(ConnectorError):
    """Wrong password, missing right, changed API. A person must act."""


class PasswordExpired(NeedsAttention):
    """The platform demands a new password before it does anything else."""


class ForAPerson(NeedsAttention):
    """Nothing is wrong, but only a person can do it: the message is what to do."""


class NotOffered(ConnectorError):
    """The platform, or its connector, has no such thing."""
