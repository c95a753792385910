"""Lists: pages, counts, patterns; and how values are written in them."""

from decimal import Decimal
from typing import Any

import pytest

from tests.api.portabilling.conformance.wire import DATE_TIME, Wire
from tests.api.portabilling.served import ACCOUNTS, CUSTOMERS, PASSWORD, STAFF, XDRS_OF_MERIDIAN

JUNE = {"from_date": "2017-06-01 00:00:00", "to_date": "2017-07-01 00:00:00"}
AUTH = {"login": STAFF, "password": PASSWORD}


@pytest.fixture
def bearer(admin: Wire) -> dict[str, str]:
    return admin.bearer(STAFF, PASSWORD)


def ids(rows: list[dict[str, Any]], key: str) -> list[Any]:
    return [row[key] for row in rows]


@pytest.mark.req("P7")
def test_pages_follow_each_other_until_one_is_empty(admin: Wire, bearer: dict[str, str]) -> None:
    seen: list[int] = []
    while True:
        page = admin.object("Account/get_account_list", {"limit": 2, "offset": len(seen)}, headers=bearer).json
        if not page["account_list"]:
            break
        assert len(page["account_list"]) <= 2
        seen += ids(page["account_list"], "i_account")
    assert len(seen) == len(set(seen)) == ACCOUNTS


def test_total_counts_all_and_only_when_asked(admin: Wire, bearer: dict[str, str]) -> None:
    page = admin.object(
        "Customer/get_customer_list", {"limit": 1, "offset": 1, "get_total": 1}, headers=bearer
    ).json
    assert page["total"] == CUSTOMERS
    assert len(page["customer_list"]) == 1
    assert "total" not in admin.object("Customer/get_customer_list", {"limit": 1}, headers=bearer).json
    counted = admin.object("Customer/get_customer_list", {"name": "Merid%", "get_total": "1"}, headers=bearer).json
    assert counted["total"] == 1


def test_an_offset_needs_a_limit_unless_it_is_nothing(admin: Wire, bearer: dict[str, str]) -> None:
    assert admin.object("Customer/get_customer_list", {"offset": 0}, headers=bearer).json["customer_list"]
    said = admin.object("Customer/get_customer_list", {"offset": 1}, headers=bearer)
    assert "limit" in said.fault + said.faultstring


def test_an_empty_list_is_a_list(admin: Wire, bearer: dict[str, str]) -> None:
    assert admin.object("Customer/get_customer_list", {"name": "nobody%"}, headers=bearer).json == {
        "customer_list": []
    }
    assert admin.object("Account/get_account_list", {"id": "nobody"}, headers=bearer).json == {"account_list": []}
    past = {"i_customer": 46170, "from_date": "2001-01-01 00:00:00", "to_date": "2001-02-01 00:00:00"}
    assert admin.object("Customer/get_customer_xdrs", past, headers=bearer).json == {"xdr_list": []}


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("ph46170x%", {"ph46170x101", "ph46170x102"}),
        ("ph46170x10_", {"ph46170x101", "ph46170x102"}),
        ("%x102", {"ph46170x102"}),
        ("ph46170x101", {"ph46170x101"}),
        ("ph46170x", set()),
        ("ph46170x10%2", {"ph46170x102"}),
    ],
)
def test_text_filters_are_patterns(admin: Wire, bearer: dict[str, str], pattern: str, found: set[str]) -> None:
    listed = admin.object("Account/get_account_list", {"id": pattern}, headers=bearer).json["account_list"]
    assert set(ids(listed, "id")) == found


def test_not_found_is_an_empty_object(admin: Wire, bearer: dict[str, str]) -> None:
    for method, params in (
        ("Customer/get_customer_info", {"i_customer": 999_999}),
        ("Customer/get_customer_info", {"name": "nobody"}),
        ("Account/get_account_info", {"i_account": 999_999}),
        ("Account/get_account_info", {"id": "nobody"}),
        ("Product/get_product_info", {"i_product": 999_999}),
        ("Customer/get_customer_extension_info", {"i_c_ext": 999_999}),
        ("Customer/get_huntgroup_info", {"i_c_group": 999_999}),
        ("Invoice/get_invoice_info", {"i_invoice": 999_999}),
    ):
        assert admin.object(method, params, headers=bearer).json == {}, method


def test_a_customer_as_it_is_shown(admin: Wire, bearer: dict[str, str]) -> None:
    info = admin.object("Customer/get_customer_info", {"i_customer": 46170}, headers=bearer).json["customer_info"]
    assert info["i_customer"] == 46170
    assert (info["name"], info["companyname"], info["iso_4217"]) == ("Meridian", "Meridian Cargo", "USD")
    assert (info["i_customer_type"], info["i_balance_control_type"]) == (1, 1)
    assert (info["bill_status"], info["blocked"]) == ("O", "N")
    assert "status" not in info
    assert info["credit_exceed"] in (0, 1)
    assert info["credit_limit"] is None
    assert isinstance(info["balance"], (int, float))
    assert DATE_TIME.fullmatch(info["creation_date"])
    for group in ("firstname", "baddr1", "email", "phone1", "tax_id", "i_time_zone", "i_lang"):
        assert group in info


def test_funds_of_who_pays_before_are_below_zero(admin: Wire, bearer: dict[str, str]) -> None:
    info = admin.object("Customer/get_customer_info", {"name": "Prepaid Pete"}, headers=bearer).json[
        "customer_info"
    ]
    assert info["i_balance_control_type"] == 2
    assert info["credit_limit"] == 0
    assert Decimal(str(info["balance"])) == Decimal("-25")  # paid in by hand, nothing used


def test_an_account_as_it_is_shown(admin: Wire, bearer: dict[str, str]) -> None:
    info = admin.object("Account/get_account_info", {"id": "ph46170x101"}, headers=bearer).json["account_info"]
    assert (info["i_customer"], info["billing_model"], info["i_account_role"]) == (46170, 1, 1)
    assert (info["bill_status"], info["blocked"], info["is_active"]) == ("O", "N", 1)
    assert (info["extension_id"], info["product_name"]) == ("101", "Cloud PBX")
    assert info["i_account_balance_control_type"] == 3
    assert "password" not in info
    assert "h323_password" not in info or not info["h323_password"]
    with_secrets = {"id": "ph46170x101", "get_auth_info": 1}
    shown = admin.object("Account/get_account_info", with_secrets, headers=bearer).json["account_info"]
    assert shown["h323_password"]


def test_xdrs_as_they_are_shown(admin: Wire, bearer: dict[str, str]) -> None:
    asked = {"i_customer": 46170, **JUNE, "limit": 10_000, "get_total": 1, "show_unsuccessful": 1}
    found = admin.object("Customer/get_customer_xdrs", asked, headers=bearer).json
    assert found["total"] == len(found["xdr_list"]) == XDRS_OF_MERIDIAN
    assert len(set(ids(found["xdr_list"], "i_xdr"))) == XDRS_OF_MERIDIAN
    call = next(one for one in found["xdr_list"] if one["i_service"] == 3 and not one.get("failed"))
    assert (call["i_customer"], call["account_id"]) == (46170, "ph46170x101")
    assert {"CLI", "CLD", "charged_quantity", "used_quantity", "charged_amount", "bit_flags"} <= set(call)
    for name in ("connect_time", "disconnect_time", "bill_time"):
        assert DATE_TIME.fullmatch(call[name]), name
    assert int(call["unix_disconnect_time"]) - int(call["unix_connect_time"]) == call["used_quantity"]
    assert isinstance(call["disconnect_cause"], int)


@pytest.mark.req("P7")
def test_xdrs_are_chosen_by_when_they_were_billed_the_end_not_included(
    admin: Wire, bearer: dict[str, str]
) -> None:
    asked = {"i_customer": 46170, **JUNE, "limit": 10_000, "show_unsuccessful": 1}
    every = admin.object("Customer/get_customer_xdrs", asked, headers=bearer).json["xdr_list"]
    moments = sorted({one["bill_time"] for one in every})
    middle = moments[len(moments) // 2]
    before = admin.object("Customer/get_customer_xdrs", {**asked, "to_date": middle}, headers=bearer).json[
        "xdr_list"
    ]
    after = admin.object("Customer/get_customer_xdrs", {**asked, "from_date": middle}, headers=bearer).json[
        "xdr_list"
    ]
    assert all(one["bill_time"] < middle for one in before)
    assert all(one["bill_time"] >= middle for one in after)
    assert len(before) + len(after) == len(every)


def test_unsuccessful_attempts_come_when_asked_for(admin: Wire, bearer: dict[str, str]) -> None:
    asked = {"i_customer": 46170, **JUNE, "limit": 10_000}
    plain = admin.object("Customer/get_customer_xdrs", asked, headers=bearer).json["xdr_list"]
    every = admin.object("Customer/get_customer_xdrs", {**asked, "show_unsuccessful": 1}, headers=bearer).json[
        "xdr_list"
    ]
    assert {one["i_xdr"] for one in every} > {one["i_xdr"] for one in plain}
    assert not any(one.get("failed") for one in plain)


def test_files_come_with_a_quoted_name(admin: Wire, bearer: dict[str, str]) -> None:
    said = admin.object(
        "Customer/get_customer_xdrs", {"i_customer": 46170, **JUNE, "format": "csv"}, headers=bearer
    )
    assert said.status == 200
    assert said.content_type.startswith("application/csv")
    [disposition] = said.headers["content-disposition"]
    assert disposition.startswith('attachment; filename="')
    assert disposition.endswith('.csv"')
    listed = admin.object("Invoice/get_invoice_list", {"i_customer": 46170}, headers=bearer).json["invoice_list"]
    asked = {"i_invoice": listed[0]["i_invoice"], "get_pdf": 1}
    pdf = admin.object("Invoice/get_invoice_info", asked, headers=bearer)
    assert pdf.content_type == "application/pdf"
    assert pdf.headers["content-disposition"][0].endswith('.pdf"')
    assert pdf.body.startswith(b"%PDF-")


def test_a_recording_there_is_none_of(admin: Wire, bearer: dict[str, str]) -> None:
    asked = {"i_customer": 46170, **JUNE, "limit": 1}
    call = admin.object("Customer/get_customer_xdrs", asked, headers=bearer).json["xdr_list"][0]
    known = admin.object("CDR/get_call_recording", {"i_xdr": call["i_xdr"]}, headers=bearer)
    assert known.fault == "Server.CDR.invalid_call_recording_id"
    assert (
        admin.object("CDR/get_call_recording", {"i_xdr": 999_999_999}, headers=bearer).fault
        == "Server.CDR.xdr_not_found"
    )


def test_a_method_that_is_not_served_is_a_fault_like_others(admin: Wire, bearer: dict[str, str]) -> None:
    for method in ("Customer/make_coffee", "Teapot/get_tea", "Customer", "Customer/get_customer_list/x/y/z"):
        assert admin.object(method, {}, headers=bearer).fault


def test_what_is_said_of_the_server(admin: Wire, bearer: dict[str, str]) -> None:
    assert admin.object("Generic/get_version", {}, headers=bearer).json["version"].startswith("MR")
    assert "email" in admin.object("Env/get_env_info", {}, headers=bearer).json["env_info"]
