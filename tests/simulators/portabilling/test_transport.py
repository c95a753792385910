"""How a request may be written, and what every answer looks like."""

import pytest

from simulators.portabilling import Simulator
from tests.simulators.portabilling.api import (
    FORM,
    JUNE,
    Client,
    log_in,
    send,
    send_form,
    send_json,
    send_multipart,
    send_path,
)

ONE = {"i_customer": 46170}


def test_a_form_takes_both_fields_as_json(seen: Simulator) -> None:
    auth = {"session_id": log_in(seen)["session_id"]}
    reply = send_form(seen, "Customer/get_customer_info", {"auth_info": auth, "params": ONE})
    assert reply.json["customer_info"]["name"] == "Meridian Cargo"


def test_so_does_a_multipart_body(seen: Simulator) -> None:
    auth = {"session_id": log_in(seen)["session_id"]}
    reply = send_multipart(seen, "Customer/get_customer_info", {"auth_info": auth, "params": ONE})
    assert reply.json["customer_info"]["name"] == "Meridian Cargo"


def test_a_json_object_goes_with_a_bearer_header_or_with_auth_info_inside(seen: Simulator) -> None:
    token = log_in(seen)["access_token"]
    outside = send_json(seen, "Customer/get_customer_info", {"params": ONE}, token=token)
    inside = send_json(seen, "Customer/get_customer_info", {"params": ONE, "auth_info": {"access_token": token}})
    assert outside.json["customer_info"]["name"] == inside.json["customer_info"]["name"] == "Meridian Cargo"


@pytest.mark.parametrize("verb", ["GET", "POST"])
@pytest.mark.parametrize("quotes", ['"', "'"])
def test_old_scripts_put_json_into_the_path_with_either_quotes(seen: Simulator, verb: str, quotes: str) -> None:
    auth = f'{{"session_id": "{log_in(seen)["session_id"]}"}}'.replace('"', quotes)
    params = '{"i_customer": 46170}'.replace('"', quotes)
    reply = send_path(seen, "Customer/get_customer_info", auth, params, verb=verb)
    assert reply.json["customer_info"]["name"] == "Meridian Cargo"


def test_a_slash_at_the_end_changes_nothing(seen: Simulator) -> None:
    session = send_json(seen, "Session/login/", {"params": {"login": seen.login, "token": seen.token}}).json
    reply = send_json(seen, "Customer/get_customer_list/", {"params": {"limit": 1}}, token=session["access_token"])
    assert len(reply.json["customer_list"]) == 1


def test_params_may_be_absent(seen: Simulator) -> None:
    auth = {"session_id": log_in(seen)["session_id"]}
    assert send_form(seen, "Customer/get_customer_list", {"auth_info": auth}).json["customer_list"]


def test_numbers_may_be_text_and_empty_text_is_not_set(reader: Client) -> None:
    info = reader.ask("Customer/get_customer_info", i_customer="46170")
    assert info["customer_info"]["i_customer"] == 46170
    listed = reader.ask("Customer/get_customer_list", name="", i_customer="", limit="2", offset="1", get_total="1")
    assert len(listed["customer_list"]) == 2


def test_switches_are_1_or_true(reader: Client) -> None:
    for on in (1, "1", True):
        assert "total" in reader.ask("Customer/get_customer_list", limit=1, get_total=on)
    for off in (0, "0", False):
        assert "total" not in reader.ask("Customer/get_customer_list", limit=1, get_total=off)


def test_login_goes_without_auth_info_and_with_an_empty_one(seen: Simulator) -> None:
    params = {"login": seen.login, "password": seen.password}
    assert send_form(seen, "Session/login", {"params": params}).status == 200
    assert send_form(seen, "Session/login", {"auth_info": {"session_id": ""}, "params": params}).status == 200
    assert send_json(seen, "Session/login", {"params": params}, token="old and dead").status == 200


def test_success_is_json_and_says_so(seen: Simulator) -> None:
    reply = send_json(seen, "Session/ping", {"params": {}})
    assert (reply.status, reply.headers["Content-Type"]) == (200, "application/json; charset=UTF-8")
    assert reply.json == {"user_id": 0}


def test_every_refusal_is_500_with_a_code(seen: Simulator, reader: Client) -> None:
    nobody = send_json(seen, "Customer/get_customer_list", {"params": {}})
    assert (nobody.status, nobody.headers["Content-Type"]) == (500, "application/json; charset=UTF-8")
    assert set(nobody.json) == {"faultcode", "faultstring"}
    assert nobody.fault == "Client.check_auth.envelope_missed"
    assert reader.fault("Customer/fly") == "Client.api.method_not_found"
    assert (
        reader.fault("Customer/get_customer_list", limit="many")
        == "Client.Customer.get_customer_list.limit.invalid"
    )
    assert send(seen, "/rest/Session").status == 500
    assert send(seen, "/rest/Session/login", "params={", {"Content-Type": FORM}).fault == "Client.api.bad_request"
    assert send_json(seen, "Session/login", []).fault == "Client.api.bad_request"


def test_what_is_not_found_is_an_empty_object(reader: Client) -> None:
    assert reader.ask("Customer/get_customer_info", i_customer=1) == {}
    assert reader.ask("Account/get_account_info", id="nobody") == {}
    assert reader.ask("Product/get_product_info", i_product=1) == {}
    assert reader.ask("DID/get_number_info", number="1") == {}


def test_a_file_has_a_quoted_name_and_comes_in_pieces(reader: Client) -> None:
    xdrs = reader.ask("Customer/get_customer_xdrs", i_customer=46170, limit=1000, **JUNE)["xdr_list"]
    recorded = next(one for one in xdrs if one["bit_flags"] & 64)
    reply = reader.reply("CDR/get_call_recording", i_xdr=recorded["i_xdr"])
    assert reply.headers["Content-Type"] == "audio/wav"
    assert reply.headers["Content-Disposition"] == f'attachment; filename="recording-{recorded["i_xdr"]}.wav"'
    assert reply.headers["Transfer-Encoding"] == "chunked"
    assert reply.body.startswith(b"RIFF")
    silent = next(one for one in xdrs if not one["bit_flags"] & 64)
    assert reader.fault("CDR/get_call_recording", i_xdr=silent["i_xdr"]) == "Server.CDR.invalid_call_recording_id"
    assert reader.fault("CDR/get_call_recording", i_xdr=5) == "Server.CDR.xdr_not_found"


def test_xdrs_come_as_a_spreadsheet_too(reader: Client) -> None:
    reply = reader.reply("Customer/get_customer_xdrs", i_customer=46170, format="csv", **JUNE)
    assert reply.headers["Content-Type"] == "application/csv"
    assert reply.headers["Content-Disposition"] == 'attachment; filename="xdrs.csv"'
    assert reply.body.startswith(b"i_xdr,account_id,CLI,CLD,")
