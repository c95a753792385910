"""Polish identifiers that pass their checksums and belong to nobody.

No tax office has the number 999, and nobody born in the 1890s buys a SIM card.
"""

from datetime import date, timedelta

NIP_WEIGHTS = (6, 5, 7, 2, 3, 4, 5, 6, 7)
PESEL_WEIGHTS = (1, 3, 7, 9, 1, 3, 7, 9, 1, 3)
CARD_WEIGHTS = (7, 3, 1, 7, 3, 1, 7, 3)  # of the three letters (A is 10) and the last five digits
EIGHTEEN_HUNDREDS = 80  # added to the month of birth
FIRST_BIRTHDAY = date(1890, 1, 17)
DAYS_OF_BIRTH = 3_500  # up to August 1899


def nip(serial: int) -> str:
    """The serial-th tax number, ten digits. A number whose check digit would be 10 is never given out."""
    numbers = (f"999{serial:05d}{last}" for last in range(10))
    return next(number + str(check) for number in numbers if (check := _weighted(NIP_WEIGHTS, number) % 11) < 10)


def pesel(serial: int) -> str:
    """The serial-th personal number, eleven digits, alternately of a woman and of a man."""
    born = FIRST_BIRTHDAY + timedelta(days=serial * 41 % DAYS_OF_BIRTH)
    number = f"{born:%y}{born.month + EIGHTEEN_HUNDREDS}{born:%d}{serial:04d}"
    return number + str(-_weighted(PESEL_WEIGHTS, number) % 10)


def identity_card(serial: int) -> str:
    """The serial-th identity card: three letters, a check digit, five digits."""
    letters, digits = "ZZX", f"{serial:05d}"
    values = [ord(letter) - ord("A") + 10 for letter in letters] + [int(digit) for digit in digits]
    check = sum(weight * value for weight, value in zip(CARD_WEIGHTS, values, strict=True)) % 10
    return f"{letters}{check}{digits}"


def nip_with_dashes(number: str, groups: tuple[int, ...] = (3, 3, 2, 2)) -> str:
    parts = []
    for size in groups:
        parts.append(number[:size])
        number = number[size:]
    return "-".join(parts)


def _weighted(weights: tuple[int, ...], number: str) -> int:
    return sum(weight * int(digit) for weight, digit in zip(weights, number, strict=True))
