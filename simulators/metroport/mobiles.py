"""The SIM cards: more than a hundred and fifty, in every status, whether it has taken effect in the network or not."""

import random
from dataclasses import dataclass

from simulators.metroport.users import OWN_OFFICE, User

COUNTRY_CODE = "48"
FIRST_NUMBER = 500_000_100  # the cards have the numbers from here on; nobody else in the data has 48 500 000 …
FIRST_ID = 7_001
STATUSES = ("new", "active", "blocked", "deleted")
UNKNOWN_STATUS = "ported_out"
ORDINARY_STATES = (("active", 1),) * 20 + tuple((status, confirmed) for status in STATUSES for confirmed in (0, 1))


@dataclass(slots=True)
class Mobile:
    """A SIM card, with the names its fields have in answers."""

    id: int
    userid: int
    ano: str  # nine digits, without the country
    status: str = "active"
    status_confirmed: int = 1

    @property
    def number(self) -> str:
        """With its country, as in the `src` of its calls."""
        return COUNTRY_CODE + self.ano

    @property
    def may_be_used(self) -> bool:
        """Whether the network lets it call: a blocking that is not confirmed has not taken effect."""
        is_cut_off = self.status in {"blocked", "deleted"} and self.status_confirmed == 1
        return not is_cut_off and (self.status, self.status_confirmed) != ("new", 0)

    def fields(self) -> dict[str, object]:
        """As an answer has it: numbers as numbers in some, as text in others."""
        if self.id % 2:
            return {
                "id": self.id,
                "userid": self.userid,
                "ano": self.ano,
                "status": self.status,
                "status_confirmed": self.status_confirmed,
            }
        return {
            "id": str(self.id),
            "userid": str(self.userid),
            "ano": int(self.ano),
            "status": self.status,
            "status_confirmed": str(self.status_confirmed),
        }


def mobiles(users: list[User], random_: random.Random) -> list[Mobile]:
    """Two to eight cards for every end customer, one with a status that nobody documented, one of the office."""
    owners = [user.id for user in users if user.id != OWN_OFFICE for _ in range(2 + user.id % 5 + user.id % 2)]
    random_.shuffle(owners)
    found = []
    for place, owner in enumerate([*owners, OWN_OFFICE]):
        status, confirmed = ORDINARY_STATES[place % len(ORDINARY_STATES)]
        found.append(Mobile(FIRST_ID + place, owner, str(FIRST_NUMBER + place), status, confirmed))
    found[0].status = UNKNOWN_STATUS
    return found
