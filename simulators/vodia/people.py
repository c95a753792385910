"""Who is on the switch: six tenants with extensions, DIDs and trunks. The same for every seed; all numbers are made up.

Five are an operator's customers; the last one belongs to nobody the operator knows.
"""

from dataclasses import dataclass, field

UNKNOWN_TO_OPERATOR = "attic.example.ca"
FIRST_NAMES = ("Ines", "Bram", "Odile", "Tariq", "Moira", "Anselm", "Priya", "Lucan", "Wren", "Sunniva")
LAST_NAMES = ("Okafor", "Vandermeer", "Leclerc", "Haddad", "Quill", "Brandt", "Nair", "Thorne", "Abbot", "Lund")
RESTRICTED_PLAN = "Emergency only"

# Tenant | shown as | country | area | time zone | its line in DIDs, the last three digits left out | extensions
TABLE = """
harbourlights.example.ca|Harbour Lights Dental|1|416|America/Toronto|+14165550|8
maplelane.example.ca|Maple Lane Legal|1|604|America/Vancouver|+16045550|6
northpine.example.ca|North Pine Outfitters|1|514|America/Toronto|+15145550|10
quaystreet.example.uk|Quay Street Press|44|20|Europe/London|+44207946 0|7
oldmill.example.ca|Old Mill Bakery|1|613|America/Toronto|+16135550|9
attic.example.ca|Attic Test Lab|1|905|America/Toronto|+19055550|6
"""
LONG_EXTENSIONS = "maplelane.example.ca"  # its extensions have four digits: 8300 and on
TWO_TRUNKS = frozenset({"harbourlights.example.ca", "northpine.example.ca"})


@dataclass(slots=True)
class Account:
    """An account of a tenant: an extension, a hunt group or an attendant."""

    number: str
    kind: str  # as in `usertype`: extensions, hunts, attendants
    first_name: str
    last_name: str = ""
    dids: list[str] = field(default_factory=list)  # its aliases, "+" and digits
    settings: dict[str, str] = field(default_factory=dict)  # what was changed; booleans are texts

    @property
    def display(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()

    @property
    def is_disabled(self) -> bool:
        return self.settings.get("disabled") == "true"


@dataclass(slots=True)
class Trunk:
    id: int
    name: str
    proxy: str
    account: str
    is_disabled: bool = False


@dataclass(slots=True)
class Tenant:
    name: str
    display: str
    country_code: str
    area_code: str
    timezone: str
    accounts: list[Account]
    trunks: list[Trunk]
    settings: dict[str, str] = field(default_factory=dict)  # what was changed

    def account(self, number: str) -> Account | None:
        return next((one for one in self.accounts if one.number == number), None)

    def of_kind(self, kind: str) -> list[Account]:
        return [one for one in self.accounts if one.kind == kind]

    @property
    def extensions(self) -> list[Account]:
        return self.of_kind("extensions")

    @property
    def hunt(self) -> Account:
        return self.of_kind("hunts")[0]

    @property
    def attendant(self) -> Account:
        return self.of_kind("attendants")[0]


def tenants() -> list[Tenant]:
    return [_tenant(place, line) for place, line in enumerate(TABLE.strip().splitlines())]


def _tenant(place: int, line: str) -> Tenant:
    name, display, country, area, timezone, stem, count = line.split("|")
    stem = stem.replace(" ", "")
    accounts = [_extension(name, place, number, stem) for number in range(int(count))]
    accounts.append(Account("600", "hunts", "Front Desk", dids=[f"{stem}198"]))
    accounts.append(Account("700", "attendants", "Auto Attendant", dids=[f"{stem}199"]))
    return Tenant(name, display, country, area, timezone, accounts, _trunks(name, place))


def _extension(tenant: str, place: int, number: int, stem: str) -> Account:
    """Three out of four have a DID, the second one has two."""
    first = 8300 if tenant == LONG_EXTENSIONS else 200
    dids = [f"{stem}1{number:02}"] if number % 4 != 3 else []
    if number == 1:
        dids.append(f"{stem}150")
    first_name = FIRST_NAMES[(number + place) % len(FIRST_NAMES)]
    last_name = LAST_NAMES[(number + 3 * place) % len(LAST_NAMES)]
    return Account(str(first + number), "extensions", first_name, last_name, dids)


def _trunks(tenant: str, place: int) -> list[Trunk]:
    short = tenant.partition(".")[0]
    found = [Trunk(2 * place + 1, f"{short} main", "sip.carrier-one.example", f"{short}01")]
    if tenant in TWO_TRUNKS:
        found.append(Trunk(2 * place + 2, f"{short} second", "sip.carrier-two.example", f"{short}02"))
    return found
