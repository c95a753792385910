"""Names of countries."""

# Regions with a calling code of their own for which the metadata has no name.
_UNNAMED = {"AC": "Ascension Island", "TA": "Tristan da Cunha", "XK": "Kosovo"}


def region_name(region: str, language: str = "en") -> str:
    """The name of a country in a language: PL is Poland, in Polish Polska. An unknown one is its two letters."""
    # Imported here, because the names come with a third of a second of other data; most commands need none.
    from phonenumbers.geodata.locale import LOCALE_DATA  # noqa: PLC0415

    names = LOCALE_DATA.get(region, {})
    name = names.get(language) or names.get("en") or _UNNAMED.get(region, region)
    # A name that is the same in several languages is stored once, the others point to it.
    return names[name[1:]] if name.startswith("*") else name
