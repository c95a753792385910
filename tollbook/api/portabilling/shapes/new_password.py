"""Passwords that nobody chose."""

import secrets
import string

LENGTH = 16  # letters and digits: some 95 bits


def new_password() -> str:
    """A password that the rules allow: letters and digits, some of both."""
    alphabet = string.ascii_letters + string.digits
    while True:
        made = "".join(secrets.choice(alphabet) for _ in range(LENGTH))
        if any(one.isdigit() for one in made) and any(one.isalpha() for one in made):
            return made
