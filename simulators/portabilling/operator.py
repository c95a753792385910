"""The operator's own customers: what a billing department wrote down about the people the platform knows.

They can be paired by NIP, PESEL or VAT id. The awkward ones stay awkward: the platform's twins are one customer here,
whose number the platform has wrong or not at all can be recognised by nothing but a name, three are unknown.
"""

import csv
import io

from simulators.portabilling.people import ZONES, Person, everybody

COLUMNS = (
    *(
        "code",
        "name",
        "street",
        "postcode",
        "city",
        "country",
        "tax_id",
        "email",
        "currency",
        "language",
        "timezone",
    ),
    *("tax_rate", "tax_treatment", "tax_note", "payment_days", "nip", "pesel", "vat_id"),
)
REVERSE_CHARGE = "Reverse charge: VAT to be accounted for by the recipient (Article 196, Directive 2006/112/EC)."

# Code | the platform's i_customer | name, if it differs | how it is recognised | number, if it differs
TABLE = """
meridian|46170||nip|
las|46171|Szkółka Leśna Brzozowy Las|nip|
apteka|46172||nip|
wydmy|46173|Hotel Wydmy Spółka Akcyjna|nip|
stal|46174|Stal-Łączna sp. z o.o.|nip|
tramwaj|46175||nip|
mlyn|46176|Piekarnia Młyn Górny|nip|
okno|46177|Okno na Świat Biuro Podróży|nip|
tkalnia|46178||nip|
orzech|46179||nip|
bluszcz|46180||nip|
woda|46181||nip|
dawny|46182||nip|
jasny|46183|Jasny Dom Nieruchomości s.c.|nip|
kret|46184||nip|
lis|46185|Lis Meble|nip|
pomylka|46187||nip|1001301253
zero|46188||nip|1001400009
klub|46189|KS Bez Numeru|none|
harbour-light|46191|Harbour Light Clinic|vat_id|
quay|46192|Quay Side Press|vat_id|
tetney|46193||vat_id|
bees|46194|The Fenland Bees|vat_id|
oakum|46195||vat_id|
spree|46196|SPREEWERK GmbH|vat_id|
nordlicht|46197||vat_id|
hafen|46198|Hafenkante Spedition|vat_id|
sjobod|46199||vat_id|
verrerie|46200||vat_id|
big|2147490001|Big Number Ltd|vat_id|
jarzebina|46202|Kalina Jarzębina-Wrzos|pesel|
poziomka|46203||pesel|
szczypior|46204||pesel|
czeremcha|46206||pesel|
marsh|46207||none|
"""


def customers_csv() -> str:
    """A sheet to import: one customer a line, columns by name."""
    people = {one.i_customer: one for one in everybody()}
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\n")
    writer.writeheader()
    for line in TABLE.strip().splitlines():
        code, i_customer, name, scheme, number = line.split("|")
        writer.writerow(_row(people[int(i_customer)], code, name, scheme, number))
    return out.getvalue()


def _row(person: Person, code: str, name: str, scheme: str, number: str) -> dict[str, str]:
    city, postcode = person.city
    is_polish = person.country == "PL"
    number = "" if scheme == "none" else number or _plain(person)
    return {
        "code": code,
        "name": name or person.companyname or person.person,
        "street": person.street,
        "postcode": postcode,
        "city": city,
        "country": person.country,
        "tax_id": "" if scheme == "pesel" else number,
        "email": person.email,
        "currency": person.currency,
        "language": "pl" if is_polish else "en",
        "timezone": ZONES[person.country],
        "tax_rate": "23" if is_polish or person.person else "0",
        "tax_treatment": "standard" if is_polish or person.person else "reverse_charge",
        "tax_note": "" if is_polish or person.person else REVERSE_CHARGE,
        "payment_days": "14",
        **({scheme: number} if number else {}),
    }


def _plain(person: Person) -> str:
    """The number as an office would type it: no blanks, a NIP without its country."""
    number = person.tax_id.replace(" ", "").replace("-", "").upper()
    return number.removeprefix("PL")
