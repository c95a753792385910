"""Settings of a site, read as what they mean. The default is the one that the setting itself says."""

from collections.abc import Iterable

from tollbook.connectors.base import Setting, Site
from tollbook.errors import BadInput

YES = frozenset({"yes", "true", "on", "1"})
NO = frozenset({"no", "false", "off", "0"})


def text(site: Site, settings: Iterable[Setting], name: str) -> str:
    """As given, without blanks around it; else the default."""
    given = site.settings.get(name, "").strip()
    return given or next(setting.default for setting in settings if setting.name == name)


def number(site: Site, settings: Iterable[Setting], name: str, *, least: float, most: float) -> float:
    """A number from `least` to `most`.

    Raises:
        BadInput: it is none, or out of bounds.
    """
    given = text(site, settings, name)
    try:
        value = float(given)
    except ValueError:
        value = float("nan")
    if not least <= value <= most:
        raise BadInput(f"{site.name}: setting {name} is {given!r}; it is a number from {least:g} to {most:g}")
    return value


def whole(site: Site, settings: Iterable[Setting], name: str, *, least: int, most: int) -> int:
    """A whole number from `least` to `most`.

    Raises:
        BadInput: it is none, or out of bounds.
    """
    value = number(site, settings, name, least=least, most=most)
    if value != int(value):
        raise BadInput(f"{site.name}: setting {name} is {value:g}; it is a whole number")
    return int(value)


def wholes(site: Site, settings: Iterable[Setting], name: str) -> tuple[int, ...]:
    """Whole numbers with commas between them; none when it is empty.

    Raises:
        BadInput: something between the commas is no whole number.
    """
    given = text(site, settings, name)
    try:
        return tuple(int(part) for part in given.replace(" ", "").split(",") if part)
    except ValueError:
        raise BadInput(f"{site.name}: setting {name} is {given!r}; write whole numbers as 3,10") from None


def flag(site: Site, settings: Iterable[Setting], name: str) -> bool:
    """Whether it says yes.

    Raises:
        BadInput: it is neither.
    """
    given = text(site, settings, name).lower()
    if given not in YES | NO:
        raise BadInput(f"{site.name}: setting {name} is {given!r}; it is yes or no")
    return given in YES
