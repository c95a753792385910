"""Billing records: what one is, and how an answer writes it."""

import json
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Literal

VAT = "1.23"  # what net is multiplied by
PRICE_STEP = Decimal("0.00001")
UNKNOWN_TYPE = 99  # of a record; no list of traffic types has it

Kind = Literal["call", "sms", "mms", "data", "video"]
Field = Literal["duration", "datatransfer", "msg"]  # the field that counts

TRAFFIC_TYPES: dict[Kind, int] = {"call": 1, "sms": 2, "mms": 3, "data": 4, "video": 7}
COUNTED: dict[Kind, Field] = {
    "call": "duration",  # seconds
    "video": "duration",
    "data": "datatransfer",  # KiB
    "sms": "msg",
    "mms": "msg",
}
PRICED_PER: dict[Field, int] = {"duration": 60, "datatransfer": 1024, "msg": 1}  # a minute, a MiB, a message


@dataclass(frozen=True, slots=True)
class Service:
    """One category of the retail price list, and what its records look like."""

    kind: Kind
    category: str
    price: Decimal  # net, in PLN, of a minute, a MiB or a message
    to: tuple[str, ...]  # beginnings of numbers, filled with digits up to the length; or names, kept
    weight: int = 10
    length: int = 11
    is_incoming: bool = False


@dataclass(frozen=True, slots=True)
class Record:
    """One billing record. `calldate` is what a clock in Warsaw showed."""

    id: int
    userid: int
    ano: str
    src: str
    dst: str
    calldate: str
    kind: Kind
    quantity: int
    category: str
    price: Decimal
    vat: str = VAT
    traffic_types_id: int | None = None  # other than its kind's

    @property
    def counted(self) -> Field:
        return COUNTED[self.kind]

    def text(self) -> str:
        """The record in JSON. Its id decides how numbers are written: bare, quoted, or with a comma."""
        is_quoted, has_comma = self.id % 3 == 0, self.id % 5 == 0
        quantities: dict[str, int] = {field: self.quantity if field == self.counted else 0 for field in PRICED_PER}
        whole: dict[str, int] = {
            "id": self.id,
            "userid": self.userid,
            "ano": int(self.ano),
            "traffic_types_id": self.traffic_types_id or TRAFFIC_TYPES[self.kind],
        }
        fields: dict[str, object] = {
            **{name: str(value) if is_quoted else value for name, value in (whole | quantities).items()},
            "src": self.src,
            "dst": self.dst,
            "calldate": self.calldate,
            "billingfield": self.counted,
            "CategoryName": self.category,
        }
        money = f'"retail_totalnetto": {_decimal(self.price, is_quoted, has_comma)}'
        money += f', "retail_vat": {_decimal(Decimal(self.vat), is_quoted, has_comma)}'
        return f"{json.dumps(fields, ensure_ascii=False)[:-1]}, {money}}}"


def priced(service: Service, quantity: int) -> Decimal:
    """What the price list makes of a quantity, net, to five places."""
    exact = service.price * quantity / PRICED_PER[COUNTED[service.kind]]
    return exact.quantize(PRICE_STEP, ROUND_HALF_UP).normalize()


def _decimal(value: Decimal, is_quoted: bool, has_comma: bool) -> str:
    """Written out by hand: a price must not pass through a float."""
    text = f"{value:f}"
    if has_comma:
        return f'"{text.replace(".", ",")}"'
    return f'"{text}"' if is_quoted else text
