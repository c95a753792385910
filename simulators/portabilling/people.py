"""The customers of the simulated platform. Everybody here is made up.

NIPs begin with 100, which no tax office gives out; PESELs are of people born in the nineteenth century.
"""

from dataclasses import dataclass

# What is awkward about whom is said in `state` and in the comments below.
TABLE = """
46170|Meridian Cargo|Meridian Cargo sp. z o.o.||1001230754|PL|PLN|24|pbx|
46171|Brzozowy Las|Szkółka Leśna „Brzozowy Las” s.c.||100-123-22-62|PL|PLN|9|pbx|
46172|Kolorowa Apteka|Kolorowa Apteka sp. z o.o.||PL1001233770|PL|PLN|12|pbx|
46173|Wydmy Hotel|Hotel Wydmy S.A.||1001234901|PL|PLN|30|pbx|
46174|Stal Łączna|Stal Łączna sp. z o.o.||1001251489|PL|PLN|11|direct|
46175|Zielony Tramwaj|Fundacja Zielony Tramwaj||1001252997|PL|PLN|6|direct|
46176|Młyn Górny|Młyn Górny Piekarnia||1001254128|PL|PLN|4|direct|
46177|Okno na Świat|Biuro Podróży Okno na Świat||1001255636|PL|PLN|8|pbx|
46178|Tkalnia|Tkalnia Pod Wierzbą sp. j.||1001257144|PL|PLN|5|direct|
46179|Orzech i Syn|Kancelaria Orzech i Syn||1001258652|PL|EUR|7|pbx|
46180|Bluszcz Studio|Bluszcz Studio sp. z o.o.||1001277879|PL|PLN|6|direct|prepaid
46181|Cicha Woda|Cicha Woda Hydraulika||1001279387|PL|PLN|3|direct|suspended
46182|Dawny Sklep|Dawny Sklep sp. z o.o.||1001281272|PL|PLN|4|direct|closed
46183|Jasny Dom|Jasny Dom Nieruchomości||1001282403|PL|PLN|6|direct|text_id
46184|Kret Usługi|Kret Usługi Ziemne||1001282780|PL|PLN|3|direct|blocked
46185|Lis Oddział A|Lis Meble sp. z o.o.||1001283911|PL|PLN|8|pbx|
46186|Lis Oddział B|Lis Meble sp. z o.o. (Gdynia)||1001283911|PL|PLN|5|direct|
46187|Pomyłka|Pomyłka Doradztwo||1001301254|PL|PLN|4|direct|
46188|Zero Group|Zero Group sp. z o.o.||0000000000|PL|PLN|4|direct|
46189|Bez Numeru|Klub Sportowy Bez Numeru|||PL|PLN|5|direct|
46190|Nieznany|Nieznany Import Eksport||1001302761|PL|PLN|6|direct|
46191|Harbour Light|Harbour Light Clinic Ltd||IE1200019T|IE|EUR|14|pbx|
46192|Quay Side|Quay Side Press Ltd||IE1200047B|IE|EUR|5|direct|
46193|Tetney Mills|Tetney Mills Ltd||GB900015061|GB|EUR|10|direct|
46194|Fenland Bees|Fenland Bees||GB900015159|GB|EUR|4|direct|
46195|Oakum Yard|Oakum Yard Ropeworks Ltd||GB 9000 15257|GB|EUR|18|pbx|
46196|Spreewerk|Spreewerk GmbH||DE100012373|DE|EUR|20|pbx|
46197|Nordlicht|Nordlicht Optik GmbH||de100012429|DE|EUR|7|direct|text_id
46198|Hafenkante|Hafenkante Spedition KG||DE100012611|DE|EUR|14|pbx|
46199|Sjöbod|Sjöbod Logistik AB||SE550001252001|SE|EUR|8|direct|
46200|Verrerie|Verrerie du Pont SARL||FR91000012604|FR|EUR|6|direct|
2147490001|Big Number|Big Number Call Centre Ltd||GB900015299|GB|EUR|20|pbx|
46202|k.jarzebina||Kalina Jarzębina|72880803367|PL|PLN|1|home|
46203|w.poziomka||Walenty Poziomka|68841609879|PL|PLN|1|home|
46204|b.szczypior||Bogna Szczypior|89872318426|PL|PLN|2|home|
46205|t.kasztan||Tytus Kasztan|60880422903|PL|PLN|1|home|
46206|l.czeremcha||Lidia Czeremcha|66821425345|PL|PLN|1|home|prepaid
46207|e.marsh||Edwina Marsh||GB|EUR|2|home|
46208|o.fennel||Oswald Fennel||IE|EUR|1|home|
46209|Towarowa Tel|Towarowa Telekom sp. z o.o.||1001305400|PL|PLN|0|direct|reseller
46210|Towarowa Bar|Bar Towarowa||1001321988|PL|PLN|3|direct|under_46209
46211|Towarowa Kino|Kino Towarowa|||PL|PLN|4|direct|under_46209
"""
# 46185 and 46186 have one NIP; the checksum of 46187's is wrong; the operator has never heard of 46190, 46205, 46208.

CITIES = {
    "PL": (("Warszawa", "00-001"), ("Gdańsk", "80-001"), ("Łódź", "90-001"), ("Wrocław", "50-001")),
    "GB": (("Tetney", "DN36 4RX"), ("Ely", "CB7 4AA")),
    "IE": (("Dublin", "D02 X525"),),
    "DE": (("Berlin", "10115"), ("Hamburg", "20095")),
    "SE": (("Göteborg", "411 01"),),
    "FR": (("Nantes", "44000"),),
}
ZONES = {
    "PL": "Europe/Warsaw",
    "GB": "Europe/London",
    "IE": "Europe/Dublin",
    "DE": "Europe/Berlin",
    "SE": "Europe/Stockholm",
    "FR": "Europe/Paris",
}


@dataclass(frozen=True, slots=True)
class Person:
    """A customer: a company or a person, with the number of accounts and how they are made."""

    i_customer: int
    name: str
    companyname: str
    person: str
    tax_id: str
    country: str
    currency: str
    accounts: int
    style: str  # pbx: extensions, some with a DID; direct: the number is the account; home: likewise, for people
    state: str

    @property
    def city(self) -> tuple[str, str]:
        """City and postcode."""
        cities = CITIES[self.country]
        return cities[self.i_customer % len(cities)]

    @property
    def street(self) -> str:
        street = {"PL": "ul. Wymyślona", "DE": "Erfundene Straße", "SE": "Påhittgatan", "FR": "rue Inventée"}
        number = self.i_customer % 90 + 1
        return f"{street[self.country]} {number}" if self.country in street else f"{number} Madeup Street"

    @property
    def email(self) -> str:
        return f"customer{self.i_customer}@customers.example"


def everybody() -> tuple[Person, ...]:
    return tuple(_person(line.split("|")) for line in TABLE.strip().splitlines())


def _person(cells: list[str]) -> Person:
    i_customer, name, company, person, tax_id, country, currency, accounts, style, state = cells
    return Person(int(i_customer), name, company, person, tax_id, country, currency, int(accounts), style, state)
