"""What people of one provider do in a month, and what Metroport's retail price list asks for it.

Numbers are out of the blocks that regulators keep for plays and films, or filled with zeros.
"""

from decimal import Decimal

from simulators.metroport.records import Service

POLISH_MOBILES = ("48501000", "48602000", "48790000")
POLISH_LANDLINES = ("482200000", "481200000", "485800000")
BRITISH = ("447700900", "442079460")
GERMAN = ("493023125", "491713920")
AMERICAN = ("1212555010", "1415555012")
FREE = Decimal(0)

NATIONAL_MOBILE = Service("call", "Połączenia krajowe komórkowe", Decimal("0.19"), POLISH_MOBILES, weight=220)
OWN_NETWORK = Service("call", "Połączenia w sieci", FREE, ("48500000",), weight=60)
LANDLINE = Service("call", "Połączenia krajowe stacjonarne", Decimal("0.15"), POLISH_LANDLINES, weight=80)
INCOMING = Service("call", "Połączenia przychodzące", FREE, POLISH_MOBILES, weight=120, is_incoming=True)
EMERGENCY = Service("call", "Numery alarmowe", FREE, ("112",), weight=2, length=3)
DATA = Service("data", "Transfer danych kraj", Decimal("0.03"), ("internet",), weight=140)
ROAMING_DATA = Service("data", "Roaming UE - transfer danych", Decimal("0.2149"), ("internet",), weight=8)
PRIVATE_DATA = Service(
    "data", "Transfer danych APN prywatny", Decimal("0.05"), ("hala2.magazyn.apn.prywatny.example",), weight=10
)
VIDEO = Service("video", "Wideopołączenia", Decimal("0.50"), POLISH_MOBILES, weight=20)

SERVICES = (
    NATIONAL_MOBILE,
    OWN_NETWORK,
    LANDLINE,
    INCOMING,
    EMERGENCY,
    Service("call", "Międzynarodowe strefa 1", Decimal("0.6875"), GERMAN, weight=24, length=12),
    Service("call", "Międzynarodowe strefa 1", Decimal("0.6875"), BRITISH, weight=16, length=12),
    Service("call", "Międzynarodowe strefa 3", Decimal("1.45"), AMERICAN, weight=6),
    Service(
        "call", "Roaming UE - połączenia odebrane", Decimal("0.0246"), POLISH_MOBILES, weight=8, is_incoming=True
    ),
    Service("sms", "SMS krajowy", Decimal("0.08"), POLISH_MOBILES, weight=190),
    Service("sms", "SMS przychodzący", FREE, POLISH_MOBILES, weight=40, is_incoming=True),
    Service("sms", "SMS międzynarodowy", Decimal("0.35"), GERMAN + BRITISH, weight=14, length=12),
    Service("sms", "SMS Premium", Decimal("2.00"), ("7270", "7955"), weight=6, length=4),
    Service("mms", "MMS krajowy", Decimal("0.29"), POLISH_MOBILES, weight=40),
    DATA,
    ROAMING_DATA,
    PRIVATE_DATA,
    VIDEO,
)
