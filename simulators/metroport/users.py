"""The users that Metroport knows: thirty-five customers of one internet provider, and the provider's own office.

The first fifteen are awkward, each in its own way; their ids are constants so that a test can name them.
"""

from dataclasses import dataclass

from simulators.metroport.identifiers import identity_card, nip, nip_with_dashes, pesel

COMPANY, PERSON = "1", "2"  # customertype
END_CUSTOMER, OWN_OFFICE_TYPE = 2, 1  # usertype, which no answer shows

DASHED_NIP = 986
OTHER_DASHES = 987
NIP_WITH_COUNTRY = 988
PESEL_WITH_BLANKS = 989
IDENTITY_CARD_ONLY = 990
NO_IDENTIFIER = 991
TOWN_HALL, SCHOOL = 992, 993  # share a NIP
UNKNOWN_TO_OPERATOR = 994
KEYS_DISAGREE = 995  # its NIP is one customer of the operator, its PESEL another
WRONG_NIP = 996
ZERO_NIP = 997
SOLE_TRADER = 998  # has a NIP and a PESEL; the operator knows the PESEL only
TWINS_AT_OPERATOR = 999  # two customers of the operator have its NIP
WRONG_PESEL = 1000
FIRST_ORDINARY = 1001
OWN_OFFICE = 1021

ORDINARY_COMPANIES = (
    "Warsztat Pod Sosną sp. z o.o.",
    "Hurtownia Papieru Kartka sp.j.",
    "Kawiarnia Trzy Ziarna",
    "Transport Nocny Kurs sp. z o.o.",
    "Pralnia Biały Mankiet",
    "Stolarnia Dębowy Stół s.c.",
    "Apteka Zielona Waga sp.j.",
    "Drukarnia Gruba Kreska sp. z o.o.",
    "Ogrodnictwo Mała Szklarnia",
    "Serwis Rowerowy Prosta Szprycha",
)
ORDINARY_PERSONS = (
    ("Bogumiła", "Wrzosek"),
    ("Dobromir", "Kalina"),
    ("Jagna", "Śliwińska"),
    ("Mścisław", "Tarnina"),
    ("Żywia", "Głóg"),
    ("Racibor", "Jaśmin"),
    ("Wisława", "Leszczyna"),
    ("Ziemowit", "Olcha"),
    ("Kalina", "Łęcka"),
    ("Sędzimir", "Źródło"),
)
STREETS = ("Lipowa", "Krótka", "Źródlana", "Pod Lasem", "Kolejowa", "Młyńska", "Ogrodowa", "Łąkowa")
TOWNS = (("00-999", "Dolna Wieś"), ("99-990", "Górka Mała"), ("99-995", "Brzozów Stary"))


@dataclass(slots=True)
class User:
    """A user, with the names its fields have in answers. An identifier that is not known is empty."""

    id: int
    lastname: str  # of a company: its whole name
    customertype: str
    name: str = ""
    nip: str = ""
    pesel: str = ""
    idcardno: str = ""
    email: str = ""
    zip1: str = ""
    city1: str = ""
    streetname1: str = ""
    streetno1: str = ""
    local1: str = ""
    usertype: int = END_CUSTOMER

    @property
    def usercode(self) -> str:
        return f"M{self.id + 70_000}"

    @property
    def full_name(self) -> str:
        return f"{self.name} {self.lastname}".strip()

    def fields(self) -> dict[str, object]:
        """As an answer has it. Every third user has null where others have an empty text."""
        unknown = None if self.id % 3 == 0 else ""
        blanks = "  " if self.id % 4 == 0 else ""
        return {
            "id": self.id,
            "userid": self.id,
            "usercode": self.usercode,
            "UserCodeName": f"{blanks}{self.usercode} {self.full_name}{blanks}",
            "customertype": self.customertype,
            "name": self.name,
            "lastname": self.lastname,
            "nip": self.nip or unknown,
            "pesel": self.pesel or unknown,
            "idcardno": self.idcardno or unknown,
            "email": self.email,
            "zip1": self.zip1,
            "city1": self.city1,
            "streetname1": self.streetname1,
            "streetno1": self.streetno1,
            "local1": self.local1 or unknown,
        }


def users() -> list[User]:
    """All users, by id; the same ones in every month and for every seed."""
    found = [*_awkward(), *_ordinary(), _own_office()]
    for user in found:
        user.zip1, user.city1 = TOWNS[user.id % len(TOWNS)]
        user.streetname1 = STREETS[user.id % len(STREETS)]
        user.streetno1 = str(1 + user.id % 37)
        user.local1 = str(1 + user.id % 9) if user.customertype == PERSON else ""
        user.email = f"{user.usercode.lower()}@posta.example"
    return found


def _awkward() -> list[User]:
    shared_nip = nip(TOWN_HALL)
    return [
        User(DASHED_NIP, "Piekarnia Złoty Rogal sp. z o.o.", COMPANY, nip=nip_with_dashes(nip(DASHED_NIP))),
        User(OTHER_DASHES, "Młyn Nad Strugą s.c.", COMPANY, nip=nip_with_dashes(nip(OTHER_DASHES), (3, 2, 2, 3))),
        User(NIP_WITH_COUNTRY, "Kwiaciarnia Maciejka", COMPANY, nip=f"PL {nip(NIP_WITH_COUNTRY)} "),
        User(PESEL_WITH_BLANKS, "Żurawina", PERSON, name="Świętosława", pesel=f" {pesel(PESEL_WITH_BLANKS)} "),
        User(
            IDENTITY_CARD_ONLY, "Kowylec", PERSON, name="Taras", idcardno=_loose(identity_card(IDENTITY_CARD_ONLY))
        ),
        User(NO_IDENTIFIER, "Paproć", PERSON, name="Lubomir"),
        User(TOWN_HALL, "Urząd Gminy Dolna Wieś", COMPANY, nip=shared_nip),
        User(SCHOOL, "Szkoła Podstawowa w Dolnej Wsi", COMPANY, nip=nip_with_dashes(shared_nip)),
        User(UNKNOWN_TO_OPERATOR, "Cegielnia Czerwona sp. z o.o.", COMPANY, nip=nip(UNKNOWN_TO_OPERATOR)),
        _person(KEYS_DISAGREE, "Zdzisława", "Morwa", nip=nip(KEYS_DISAGREE)),
        User(WRONG_NIP, "Tartak Ostra Piła", COMPANY, nip=_other_last_digit(nip(WRONG_NIP))),
        User(ZERO_NIP, "Zakład Szewski Podeszwa", COMPANY, nip="0000000000"),
        _person(SOLE_TRADER, "Gniewko", "Tatarak", nip=nip_with_dashes(nip(SOLE_TRADER))),
        User(TWINS_AT_OPERATOR, "Biuro Rachunkowe Równy Bilans", COMPANY, nip=nip(TWINS_AT_OPERATOR)),
        User(WRONG_PESEL, "Czeremcha", PERSON, name="Bożydar", pesel=_other_last_digit(pesel(WRONG_PESEL))),
    ]


def _ordinary() -> list[User]:
    companies = [
        User(id, name, COMPANY, nip=nip(id)) for id, name in enumerate(ORDINARY_COMPANIES, start=FIRST_ORDINARY)
    ]
    first_person = FIRST_ORDINARY + len(companies)
    return companies + [
        _person(id, name, lastname) for id, (name, lastname) in enumerate(ORDINARY_PERSONS, start=first_person)
    ]


def _own_office() -> User:
    return User(OWN_OFFICE, "Światłowód Dolny sp. z o.o.", COMPANY, nip=nip(OWN_OFFICE), usertype=OWN_OFFICE_TYPE)


def _person(id: int, name: str, lastname: str, *, nip: str = "") -> User:
    return User(id, lastname, PERSON, name=name, nip=nip, pesel=pesel(id))


def _loose(card: str) -> str:
    """As people write it: in small letters, with a blank."""
    return f"{card[:3]} {card[3:]}".lower()


def _other_last_digit(number: str) -> str:
    return number[:-1] + str((int(number[-1]) + 1) % 10)
