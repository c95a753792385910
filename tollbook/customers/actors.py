"""Who wants something done: staff may do everything, customers and their accounts what is theirs and agreed."""

from dataclasses import dataclass
from enum import StrEnum


class Realm(StrEnum):
    """From which side somebody comes."""

    STAFF = "staff"
    CUSTOMER = "customer"
    ACCOUNT = "account"


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Somebody who wants something done. `name` is what histories show."""

    realm: Realm
    name: str
    customer_id: int | None = None  # whose; None for staff
    account_id: int | None = None  # which one, in the account realm

    @property
    def is_staff(self) -> bool:
        return self.realm is Realm.STAFF


def staff(name: str) -> Actor:
    """A person, or a job, who is bound by nothing."""
    return Actor(realm=Realm.STAFF, name=name)
