"""Why somebody is not let in, or may not have a login."""

from tollbook.errors import BadInput, TollbookError


class LoginRefused(TollbookError):
    """Login, password or token is wrong, or the user may not come in. Which it is, is never said."""


class TooManyFailures(TollbookError):
    """Too many wrong logins from there, or for this login: even the right password is not looked at."""


class MustChangePassword(TollbookError):
    """The password is right and has expired: nothing but changing it is possible."""


class SessionOver(TollbookError):
    """Session or token is unknown, has expired or was ended, or belongs to another site."""


class BadToken(TollbookError):
    """An access token that is none, or that was tampered with."""


class RefreshRefused(TollbookError):
    """A refresh token that is unknown, was used before, or has expired."""


class DuplicateLogin(BadInput):
    """Somebody else of the realm has this login."""


class WeakPassword(BadInput):
    """A password that the rules do not allow."""


class CodeRefused(BadInput):
    """A one-time password that is wrong, too old, used before, or of another session."""
