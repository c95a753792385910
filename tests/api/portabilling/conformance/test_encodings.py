"""The four ways in which clients put a request, and where they put who they are."""

import json
from collections.abc import Callable

import pytest

from tests.api.portabilling.conformance.wire import Params, Said, Wire
from tests.api.portabilling.served import PASSWORD, STAFF, TOKEN

INFO = "Customer/get_customer_info"
MERIDIAN = {"i_customer": 46170}
Ask = Callable[[Wire, str, Params, Params], Said]

ENCODINGS: dict[str, Ask] = {
    "E1 form": lambda wire, method, params, auth: wire.form(method, params, auth),
    "E2 multipart": lambda wire, method, params, auth: wire.multipart(method, params, auth),
    "E3 JSON": lambda wire, method, params, auth: wire.object(method, params, auth),
    "E4 path, GET": lambda wire, method, params, auth: wire.path(method, params, auth),
    "E4 path, POST without a body": lambda wire, method, params, auth: wire.path(
        method, params, auth, verb="POST"
    ),
    "E4 path, single quotes": lambda wire, method, params, auth: wire.path(method, params, auth, quotes="'"),
}


@pytest.fixture(params=ENCODINGS)
def ask(request: pytest.FixtureRequest) -> Ask:
    return ENCODINGS[request.param]


def name_of(said: Said) -> str:
    return str(said.json["customer_info"]["name"])


@pytest.mark.req("P7")
def test_each_way_of_asking_is_understood(admin: Wire, ask: Ask) -> None:
    session = admin.login(STAFF, PASSWORD)["session_id"]
    assert name_of(ask(admin, INFO, MERIDIAN, {"session_id": session})) == "Meridian"


def test_a_slash_at_the_end_changes_nothing(admin: Wire) -> None:
    auth = {"login": STAFF, "password": PASSWORD}
    assert name_of(admin.form(f"{INFO}/", MERIDIAN, auth)) == "Meridian"
    assert name_of(admin.object(f"{INFO}/", MERIDIAN, auth)) == "Meridian"
    assert admin.form("Session/login/", auth).json["session_id"]


@pytest.mark.req("P7")
@pytest.mark.parametrize("way", ["login and password", "login and token", "session_id", "access_token"])
def test_who_asks_may_be_said_in_auth_info(admin: Wire, ask: Ask, way: str) -> None:
    session = admin.login(STAFF, PASSWORD)
    auth = {
        "login and password": {"login": STAFF, "password": PASSWORD},
        "login and token": {"login": STAFF, "token": TOKEN},
        "session_id": {"session_id": session["session_id"]},
        "access_token": {"access_token": session["access_token"]},
    }[way]
    assert name_of(ask(admin, INFO, MERIDIAN, auth)) == "Meridian"


def test_or_in_a_header(admin: Wire) -> None:
    bearer = admin.bearer(STAFF, PASSWORD)
    assert name_of(admin.object(INFO, MERIDIAN, headers=bearer)) == "Meridian"
    assert name_of(admin.form(INFO, MERIDIAN, headers=bearer)) == "Meridian"
    assert name_of(admin.multipart(INFO, MERIDIAN, headers=bearer)) == "Meridian"


def test_or_in_the_cookies_that_a_login_sets(admin: Wire) -> None:
    said = admin.form("Session/login", {"login": STAFF, "password": PASSWORD})
    cookies = [one.partition(";")[0] for one in said.headers["set-cookie"]]
    tokens = {said.json["session_id"], said.json["access_token"]}
    assert tokens <= {one.partition("=")[2] for one in cookies}
    for cookie in cookies:
        if cookie.partition("=")[2] in tokens:
            assert name_of(admin.form(INFO, MERIDIAN, headers={"Cookie": cookie})) == "Meridian"


def test_params_may_be_left_out(admin: Wire) -> None:
    auth = {"login": STAFF, "password": PASSWORD}
    listed = admin.form("Customer/get_customer_list", {}, auth).json["customer_list"]
    assert listed
    assert admin.form("Customer/get_customer_list", None, auth).json["customer_list"] == listed
    assert admin.object("Customer/get_customer_list", None, auth).json["customer_list"] == listed
    assert admin.multipart("Customer/get_customer_list", None, auth).json["customer_list"] == listed


def test_login_needs_no_auth_info_and_passes_over_an_empty_or_an_old_one(admin: Wire) -> None:
    params = {"login": STAFF, "password": PASSWORD}
    for said in (
        admin.form("Session/login", params),
        admin.form("Session/login", params, {"session_id": ""}),
        admin.object("Session/login", params, headers={"Authorization": "Bearer an.old.token"}),
        admin.multipart("Session/login", params),
    ):
        assert said.json["session_id"]


def test_numbers_may_come_as_text(admin: Wire) -> None:
    auth = {"login": STAFF, "password": PASSWORD}
    assert name_of(admin.form(INFO, {"i_customer": "46170"}, auth)) == "Meridian"
    page = admin.form("Customer/get_customer_list", {"limit": "1", "offset": "1"}, auth).json["customer_list"]
    assert len(page) == 1


def test_empty_filters_are_none(admin: Wire) -> None:
    auth = {"login": STAFF, "password": PASSWORD}
    everybody = admin.form("Customer/get_customer_list", {}, auth).json
    assert admin.form("Customer/get_customer_list", {"name": "", "i_customer_type": ""}, auth).json == everybody
    accounts = admin.form("Account/get_account_list", {}, auth).json
    assert admin.form("Account/get_account_list", {"i_customer": "", "id": ""}, auth).json == accounts


def test_true_and_false_are_one_and_zero(admin: Wire) -> None:
    auth = {"login": STAFF, "password": PASSWORD}
    assert "total" in admin.object("Customer/get_customer_list", {"get_total": True}, auth).json
    assert "total" not in admin.object("Customer/get_customer_list", {"get_total": False}, auth).json


def test_fields_that_are_not_known_are_passed_over(admin: Wire) -> None:
    auth = {"login": STAFF, "password": PASSWORD}
    assert name_of(admin.object(INFO, {**MERIDIAN, "a_field_of_a_later_release": {"x": 1}}, auth)) == "Meridian"


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"{", "application/json"),
        (b"[]", "application/json"),
        (b'"text"', "application/json"),
        (b"params={", "application/x-www-form-urlencoded"),
        (b"params=[1]", "application/x-www-form-urlencoded"),
        (b"\xff\xfe", "application/x-www-form-urlencoded"),
        (b"no parts at all", "multipart/form-data; boundary=x"),
        (b"", "multipart/form-data"),
        (b"[" * 100_000, "application/json"),
    ],
)
def test_what_is_no_request_is_a_fault(admin: Wire, body: bytes, kind: str) -> None:
    bearer = admin.bearer(STAFF, PASSWORD)
    said = admin.send("POST", f"/rest/{INFO}", body, headers={"Content-Type": kind, **bearer})
    assert said.fault.startswith("Client.")
    assert json.loads(said.body)["faultstring"]
