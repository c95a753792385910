"""Where people call, what a minute costs there, and numbers that belong to nobody.

The numbers are of the ranges regulators keep for films and books: 020 7946 0xxx and 07700 900xxx in Britain, 555-01xx
in America, 030 23125 xxx in Germany, 01 99 00 xx xx in France, and so on. Poland keeps none; a subscriber's number that
begins with 000 cannot be dialled there.
"""

from dataclasses import dataclass

UNIT = 100_000  # money is counted in hundred-thousandths of a currency: five decimals


@dataclass(frozen=True, slots=True)
class Destination:
    """A prefix and its retail price: per minute in units of 0.00001, and the two billing intervals in seconds."""

    i_dest: int
    prefix: str
    first_number: int
    numbers: int  # how many follow
    country: str
    description: str
    eur: int
    pln: int
    interval_1: int
    interval_n: int
    weight: int  # how often it is called

    def number(self, nth: int) -> str:
        return str(self.first_number + nth % self.numbers)

    def price(self, currency: str) -> int:
        return self.eur if currency == "EUR" else self.pln

    def charged_seconds(self, seconds: int) -> int:
        beyond = max(seconds - self.interval_1, 0)
        return self.interval_1 + -(-beyond // self.interval_n) * self.interval_n

    def charge(self, charged_seconds: int, currency: str) -> int:
        """Units of 0.00001, rounded half up."""
        return (charged_seconds * self.price(currency) + 30) // 60


DESTINATIONS = (
    Destination(101, "4822", 48220000000, 10_000, "PL", "Poland Warsaw", 1_200, 4_900, 1, 1, 26),
    Destination(102, "485", 48500000000, 1_000, "PL", "Poland Mobile", 2_500, 9_900, 1, 1, 30),
    Destination(103, "44", 442079460000, 1_000, "GB", "United Kingdom London", 1_500, 6_500, 60, 60, 14),
    Destination(104, "447", 447700900000, 1_000, "GB", "United Kingdom Mobile", 4_900, 21_000, 30, 6, 8),
    Destination(105, "49", 493023125000, 1_000, "DE", "Germany Berlin", 1_400, 6_000, 60, 60, 9),
    Destination(106, "4917", 491713920000, 100, "DE", "Germany Mobile", 5_999, 25_999, 30, 6, 4),
    Destination(107, "353", 353209100000, 10_000, "IE", "Ireland", 1_900, 8_100, 60, 60, 5),
    Destination(108, "33", 33199000000, 10_000, "FR", "France", 1_333, 5_777, 60, 1, 3),
    Destination(109, "46", 46846500400, 100, "SE", "Sweden Stockholm", 1_750, 7_450, 60, 60, 2),
    Destination(110, "1", 12025550100, 100, "US", "USA", 1_111, 4_777, 6, 6, 4),
    Destination(111, "61", 61255500000, 10_000, "AU", "Australia Sydney", 3_210, 13_900, 60, 60, 1),
    Destination(112, "112", 112, 1, "", "Emergency", 0, 0, 1, 1, 1),
)
BY_COUNTRY = {
    "PL": DESTINATIONS[0],
    "GB": DESTINATIONS[2],
    "DE": DESTINATIONS[4],
    "IE": DESTINATIONS[6],
    "FR": DESTINATIONS[7],
    "SE": DESTINATIONS[8],
}
MOBILE = DESTINATIONS[1]
