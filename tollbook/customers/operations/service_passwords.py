"""The password with which an account's telephone registers at the switch: kept encrypted, never in a history."""

import re
import secrets
import string

from tollbook.connections.secrets import OtherKey, decrypted, encrypted
from tollbook.connectors.secret import Secret
from tollbook.customers.models import Account
from tollbook.errors import BadInput

LENGTH = 16  # 94 bits
LETTERS = "".join(sorted(set(string.ascii_letters + string.digits) - set("0O1Il")))  # none that is read as another
MIN_LENGTH, MAX_LENGTH = 6, 64
NAME = "service password"


def new_password() -> str:
    """One that nobody can guess, and that can be typed at a telephone."""
    return "".join(secrets.choice(LETTERS) for _ in range(LENGTH))


def kept(password: str) -> str:
    """As `Account.service_secret` keeps it.

    Raises:
        BadInput: too short or too long, or not of visible ASCII.
    """
    if not re.fullmatch(rf"[!-~]{{{MIN_LENGTH},{MAX_LENGTH}}}", password, re.ASCII):
        raise BadInput(
            f"a service password has {MIN_LENGTH} to {MAX_LENGTH} letters, digits and signs, without blanks"
        )
    return encrypted({NAME: Secret(password)})


def service_password(account: Account) -> Secret:
    """The password; an empty one when it has none.

    Raises:
        OtherKey: it was encrypted with another key than there is.
    """
    try:
        return decrypted(account.service_secret, connection=account.code).get(NAME, Secret(""))
    except OtherKey:
        raise OtherKey(
            f"account {account.code}: its service password cannot be decrypted; put back the key that it was encrypted "
            "with, or give it a new password"
        ) from None
