"""An account as it shall be at a platform, and how it is there."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from tollbook.connectors.secret import Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedAccount:
    """How an account shall be at a platform, in our words. A fact that is empty is left as it is there."""

    customer_id: str  # foreign id of whose it is
    code: str  # its name; numbers are E.164 digits without plus
    product: str = ""  # as the platform names it
    name: str = ""
    extension: str = ""
    is_published: bool = False  # of the extension
    email: str = ""
    numbers: tuple[str, ...] = ()
    taken_off: tuple[str, ...] = ()  # numbers that it was told before, and shall not have any more
    secret: Secret = field(default_factory=lambda: Secret(""))  # service password
    is_ended: bool = False  # for good


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountThere:
    """What the platform says of it."""

    foreign_id: str
    customer_id: str
    # What is not as wanted: the fact's name, and what to say of it to a person. Secrets are never in it.
    differs: Mapping[str, str] = field(default_factory=dict)
