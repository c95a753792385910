"""Pages, patterns, counts."""

import pytest

from tests.simulators.portabilling.api import Client


def ids(answer: dict[str, list[dict[str, object]]]) -> list[str]:
    return [str(row["i_customer"]) for row in answer["customer_list"]]


def test_without_a_limit_a_page_has_a_hundred_rows(reader: Client) -> None:
    assert len(reader.ask("Account/get_account_list")["account_list"]) == 100


def test_pages_laid_side_by_side_are_the_whole_list(reader: Client) -> None:
    whole = ids(reader.ask("Customer/get_customer_list", limit=1000))
    paged: list[str] = []
    while page := ids(reader.ask("Customer/get_customer_list", limit=7, offset=len(paged))):
        paged += page
    assert paged == whole
    assert len(whole) == len(set(whole)) == 41  # 42 customers, one of them closed


def test_an_offset_needs_a_limit_unless_it_is_zero(reader: Client) -> None:
    assert (
        reader.fault("Customer/get_customer_list", offset=5) == "Client.Customer.get_customer_list.limit.missing"
    )
    assert reader.ask("Customer/get_customer_list", offset=0)["customer_list"]


def test_the_count_comes_when_asked_for_and_ignores_the_page(reader: Client) -> None:
    answer = reader.ask("Customer/get_customer_list", limit=3, offset=40, get_total=1)
    assert (len(answer["customer_list"]), answer["total"]) == (1, 41)


def test_an_empty_list_is_a_list(reader: Client) -> None:
    assert reader.ask("Customer/get_customer_list", name="nobody") == {"customer_list": []}


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("Lis Oddział _", {"46185", "46186"}),
        ("%Hotel", {"46173"}),
        ("meridian cargo", {"46170"}),
        ("Meridian", set()),
        ("%", None),
    ],
)
def test_names_are_sought_by_pattern(reader: Client, pattern: str, found: set[str] | None) -> None:
    listed = set(ids(reader.ask("Customer/get_customer_list", name=pattern, limit=100)))
    assert listed == found if found is not None else len(listed) == 41


def test_extensions_are_sought_by_pattern(reader: Client) -> None:
    listed = reader.ask("Account/get_account_list", id="ph46170x1__", limit=100)["account_list"]
    assert [row["id"] for row in listed] == [f"ph46170x{100 + nth}" for nth in range(23)]


def test_closed_customers_are_for_who_asks(reader: Client) -> None:
    assert "46182" not in ids(reader.ask("Customer/get_customer_list", limit=100))
    assert "46182" in ids(reader.ask("Customer/get_customer_list", limit=100, with_terminated=1))
    assert ids(reader.ask("Customer/get_customer_list", bill_status="C")) == ["46182"]


def test_aliases_are_for_who_asks(reader: Client) -> None:
    whole = reader.ask("Account/get_account_list", limit=1000, with_aliases=1)["account_list"]
    masters = reader.ask("Account/get_account_list", limit=1000)["account_list"]
    assert {row["billing_model"] for row in whole} == {1, 2}
    assert {row["billing_model"] for row in masters} == {1}
    of_one = reader.ask("Account/get_alias_list", i_master_account=masters[0]["i_account"])["alias_list"]
    assert [row["id"] for row in of_one] == [masters[0]["did_number"]]


@pytest.mark.parametrize(("usage", "count"), [("I", 7), ("Z", 1), ("F", 8)])
def test_dids_are_sought_by_how_they_are_used(reader: Client, usage: str, count: int) -> None:
    answer = reader.ask("DID/get_number_list", usage=usage, get_total=1)
    assert answer["total"] == count


def test_used_dids_and_the_others_are_all(reader: Client) -> None:
    totals = {
        usage: reader.ask("DID/get_number_list", usage=usage, get_total=1, limit=0)["total"] for usage in "AUF"
    }
    assert totals["A"] == totals["U"] + totals["F"]


def test_the_tariff_is_a_list_of_rates(reader: Client) -> None:
    tariffs = reader.ask("Tariff/get_tariff_list")["tariff_list"]
    euro = next(one for one in tariffs if one["iso_4217"] == "EUR")
    rates = reader.ask("Rate/get_rate_list", i_tariff=euro["i_tariff"], effective_from="now")["rate_list"]
    mobile = next(one for one in rates if one["destination"] == "447")
    assert (mobile["price_1"], mobile["interval_1"], mobile["interval_n"]) == (0.049, 30, 6)


def test_invoices_are_of_the_month_before(reader: Client) -> None:
    invoices = reader.ask("Invoice/get_invoice_list", i_customer=46170)["invoice_list"]
    assert [one["invoice_number"] for one in invoices] == ["2017050001"]
    assert reader.ask("Invoice/get_invoice_list", issued_after="2017-06-02")["invoice_list"] == []


def test_who_runs_the_platform_can_be_asked(reader: Client) -> None:
    assert reader.ask("Generic/get_version") == {"version": "MR128"}
    assert reader.ask("Env/get_env_info")["env_info"]["i_env"] == 1
    assert reader.ask("User/get_user_list")["user_list"][0]["login"] == "tollbook"
    assert len(reader.ask("Product/get_product_list")["product_list"]) == 7
    assert [one["name"] for one in reader.ask("Product/get_allowed_addons", i_product=311)["product_list"]] == [
        "Call Recording"
    ]
