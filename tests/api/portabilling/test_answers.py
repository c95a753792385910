"""Answers on the wire: JSON objects with exact amounts, files whose names cannot break out of a header, refusals."""

import json
from decimal import Decimal

import pytest

from tollbook.access.errors import WeakPassword
from tollbook.api.portabilling.answers import answer, fault_answer
from tollbook.api.portabilling.faults import Fault
from tollbook.api.portabilling.method import Attachment, Success
from tollbook.api.portabilling.refusals import fault_of
from tollbook.connections.secrets import OtherKey
from tollbook.customers.errors import AgreementExceeded, BlockedByStaff, DuplicateCode, NotTheirs
from tollbook.errors import BadInput


class Special(DuplicateCode):
    """One that the table does not name."""


def test_amounts_are_numbers_and_exact() -> None:
    made = answer({"balance": Decimal("-23.61693"), "one": Success()})
    assert made.content == b'{"balance":-23.61693,"one":{"success":1}}'
    assert (made.status_code, made["Content-Type"]) == (200, "application/json; charset=UTF-8")


def test_a_fault_is_http_500_with_two_members() -> None:
    made = fault_answer(Fault("Server.Session.auth_failed", "no"))
    assert json.loads(made.content) == {"faultcode": "Server.Session.auth_failed", "faultstring": "no"}
    assert (made.status_code, made["Content-Type"]) == (500, "application/json; charset=UTF-8")


@pytest.mark.parametrize(
    ("name", "disposition"),
    [
        ("invoice 7.pdf", 'attachment; filename="invoice 7.pdf"'),
        (
            'a"; filename="b\r\nSet-Cookie: x=1',
            'attachment; filename="a__ filename__b__Set-Cookie_ x_1"; '
            "filename*=UTF-8''a%22%3B%20filename%3D%22b%0D%0ASet-Cookie%3A%20x%3D1",
        ),
        ("../../rachunek ż.csv", 'attachment; filename=".._.._rachunek _.csv"; '
            "filename*=UTF-8''..%2F..%2Frachunek%20%C5%BC.csv"),
        ("", 'attachment; filename="file"; filename*=UTF-8\'\''),
    ],
)  # fmt: skip
def test_a_file_name_is_quoted_and_stays_in_its_header(name: str, disposition: str) -> None:
    made = answer(Attachment(name=name, media_type="application/pdf", content=b"%PDF"))
    assert made["Content-Disposition"] == disposition
    assert (made["Content-Type"], made.content) == ("application/pdf", b"%PDF")


def test_a_media_type_is_one() -> None:
    made = answer(Attachment(name="x", media_type="text/html\r\nX: y", content=b""))
    assert made["Content-Type"] == "application/octet-stream"


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (AgreementExceeded("all 10 are used"), "Server.Customer.add_extension.agreement_limit_exceeded"),
        (DuplicateCode("ph1"), "Server.Customer.add_extension.duplicate_id"),
        (Special("ph1"), "Server.Customer.add_extension.duplicate_id"),
        (BlockedByStaff("staff"), "Server.Customer.add_extension.blocked_by_administrator"),
        (NotTheirs("no"), "Server.Customer.add_extension.access_denied"),
        (WeakPassword("no"), "Server.Customer.add_extension.password_not_allowed"),
        (BadInput("no"), "Server.Customer.add_extension.not_allowed"),
        (OtherKey("secret.key"), "Server.api.internal_error"),
        (KeyError("secret"), "Server.api.internal_error"),
    ],
)
def test_what_rules_refuse_has_a_code_that_stays(error: Exception, code: str) -> None:
    fault = fault_of(error, "Customer/add_extension")
    assert fault.code == code
    assert (str(error) == fault.text) is (code != "Server.api.internal_error")
    assert "secret" not in fault.text
