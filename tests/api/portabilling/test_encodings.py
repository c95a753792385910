"""One request, written in each of the ways in which clients write it."""

import json
from typing import Any
from urllib.parse import quote, urlencode

import pytest

from tests.api.portabilling.conftest import PASSWORD
from tests.api.portabilling.speaking import FORM, Speaker, answered, code
from tollbook.access.models import User

VERSION = {"version": "MR128"}
ANN = {"login": "ann", "password": PASSWORD}
BOUNDARY = "grain"


def multipart(**fields: str) -> tuple[str, str]:
    parts = [
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    ]
    return "".join(parts) + f"--{BOUNDARY}--\r\n", f"multipart/form-data; boundary={BOUNDARY}"


@pytest.mark.usefixtures("ann")
@pytest.mark.parametrize("slash", ["", "/"])
@pytest.mark.parametrize("params", [None, {}])
def test_a_form_has_both_structures_as_json(slash: str, params: dict[str, Any] | None) -> None:
    fields = {"auth_info": json.dumps(ANN)} | ({} if params is None else {"params": json.dumps(params)})
    answer = Speaker().send(f"/rest/Generic/get_version{slash}", urlencode(fields), FORM)
    assert answered(answer) == VERSION


@pytest.mark.usefixtures("ann")
def test_multipart_has_both_as_parts() -> None:
    body, content_type = multipart(auth_info=json.dumps(ANN), params="{}")
    assert answered(Speaker().send("/rest/Generic/get_version", body, content_type)) == VERSION


@pytest.mark.parametrize("params", [{}, [], "", None, "{}"])
def test_json_is_one_object(speaker: Speaker, params: Any) -> None:
    assert answered(speaker.send("/rest/Generic/get_version", json.dumps({"params": params}))) == VERSION


@pytest.mark.usefixtures("ann")
@pytest.mark.parametrize("verb", ["GET", "POST"])
@pytest.mark.parametrize(
    "structures",
    [
        json.dumps(ANN) + "/" + json.dumps({"a/b": "}"}),
        "{'login':'ann','password':'" + PASSWORD + "'}/{'name':'it\\'s \"so\"'}",
        json.dumps(ANN) + "/{}/",
        json.dumps(ANN),
    ],
    ids=["json", "single quotes", "slash", "auth alone"],
)
def test_the_path_may_have_both(verb: str, structures: str) -> None:
    path = "/rest/Generic/get_version/" + quote(structures, safe="/")
    assert answered(Speaker().send(path, content_type="", verb=verb)) == VERSION


@pytest.mark.usefixtures("ann")
@pytest.mark.parametrize("auth", [None, {}, {"session_id": ""}])
def test_a_login_needs_no_auth_info_and_passes_over_an_old_token(auth: dict[str, str] | None) -> None:
    speaker = Speaker(headers={"Authorization": "Bearer long.gone.token"})
    assert "session_id" in speaker.call("Session/login", auth, **ANN)


@pytest.mark.parametrize(
    ("body", "content_type", "says"),
    [
        (b"{", "application/json", "no JSON from character 1 on"),
        (b"[1]", "application/json", "the body is not a JSON object"),
        (b'{"params": 5}', "application/json", "params is not a JSON object"),
        (b'{"params": {"limit": 1, "limit": 2}}', "application/json", "'limit' stands there twice"),
        (b'{"params": {"limit": NaN}}', "application/json", "NaN is not a number in JSON"),
        (b'{"params": ' + b'{"a":' * 40 + b"1" + b"}" * 40 + b"}", "application/json", "nested deeper than 32"),
        (b'{"params": ' + b"[" * 90_000 + b"]" * 90_000 + b"}", "application/json", "nested"),
        (b'{"params": ' + b"9" * 5_000 + b"}", "application/json", "cannot be read"),
        (b'{"params": {"name": "a\\u0000b"}}', "application/json", "a character that is none"),
        (b'{"params": {"\\ud800": 1}}', "application/json", "a character that is none"),
        (b"\xff\xfe{", "application/json", "not text in UTF-8"),
        (b"params={}&params={}", FORM, "'params' is there twice"),
        (b"a=1&" * 30, FORM, "Max number of fields exceeded"),
        (b"grain", "multipart/form-data", "did not come whole"),
    ],
)
def test_what_cannot_be_read_is_a_fault_that_says_why(
    speaker: Speaker, body: bytes, content_type: str, says: str
) -> None:
    answer = answered(speaker.send("/rest/Generic/get_version", body, content_type))
    assert code(answer) == "Client.api.bad_request"
    assert says in answer["faultstring"]


@pytest.mark.parametrize(
    "path",
    [
        "/rest/Generic/get_version/../../health",
        "/rest/Generic/get_version/%2e%2e/%2e%2e/health",
        "/rest/Generic/get_version/{'a':1",
        "/rest/Generic/get_version/{'a':'1}",
        "/rest/Generic/get_version/{}/{}/{}",
        "/rest/Generic/get_version/" + "[" * 20_000,
    ],
)
def test_a_path_is_structures_or_nothing(speaker: Speaker, path: str) -> None:
    assert code(answered(speaker.send(path, verb="GET"))) == "Client.api.bad_request"


def test_a_request_has_a_largest_size(speaker: Speaker) -> None:
    answer = answered(speaker.send("/rest/Generic/get_version", b" " * (4 << 20) + b"{}"))
    assert answer["faultstring"] == "the request cannot be read: it has more than 4194304 bytes"


@pytest.mark.parametrize(
    "path", ["/rest/Customer/get_moon", "/rest/Session", "/rest/", "/rest/a/b%0ac", "/rest/../rest/x/y"]
)
def test_what_is_not_served_is_a_fault_of_its_own(db: None, path: str) -> None:
    assert code(answered(Speaker().send(path))) == "Client.api.method_not_found"


def test_other_verbs_do_nothing(speaker: Speaker) -> None:
    assert code(answered(speaker.send("/rest/Generic/get_version", verb="PUT"))) == "Client.api.bad_request"


def test_a_call_without_credentials_is_refused(ann: User) -> None:
    assert code(Speaker().call("Generic/get_version")) == "Client.check_auth.envelope_missed"
