"""Who may send records, as settings say; and settings that make no sense."""

from collections.abc import Mapping

import pytest

from tollbook.connectors.base import Site
from tollbook.connectors.files.connector import FilesConnector
from tollbook.connectors.freeswitch.connector import FreeSwitchConnector
from tollbook.connectors.push_gate import NO_GATE, PushGate, takes_pushes
from tollbook.connectors.secret import Secret
from tollbook.errors import BadInput

SECRET = "0123456789abcdef"


def site(settings: Mapping[str, str], **secrets: str) -> Site:
    return Site(name="fs", settings=settings, secrets={name: Secret(text) for name, text in secrets.items()})


@pytest.mark.parametrize(
    ("settings", "secrets", "says"),
    [
        ({}, {}, "nobody may send records yet; give `--secret push_secret`"),
        ({}, {"push_secret": "short"}, "push_secret is not 16 or more letters"),
        ({}, {"push_secret": "with/a/slash/in/the/middle"}, "push_secret is not 16 or more letters"),
        ({}, {"push_secret": "śśśśśśśśśśśśśśśśśś"}, "push_secret is not 16 or more letters"),
        ({"push_login": "switch"}, {"push_password": "short"}, "push_password is shorter than 16"),
        ({"push_login": "switch"}, {"push_secret": SECRET}, "push_login and push_password belong together"),
        ({}, {"push_password": SECRET}, "push_login and push_password belong together"),
        (
            {"push_from": "192.0.2.300"},
            {"push_secret": SECRET},
            "push_from: '192.0.2.300' is no address or network",
        ),
        ({"push_from": "192.0.2.7/24"}, {"push_secret": SECRET}, "has host bits set"),
        ({"push_proxies": "proxy.example"}, {"push_secret": SECRET}, "push_proxies: 'proxy.example'"),
    ],
)
def test_settings_that_make_no_sense(settings: dict[str, str], secrets: dict[str, str], says: str) -> None:
    with pytest.raises(BadInput, match=says):
        PushGate.of(site(settings, **secrets))


def test_one_way_does_not_open_the_other() -> None:
    by_secret = PushGate.of(site({}, push_secret=SECRET))
    assert by_secret.admits_secret(SECRET)
    assert not by_secret.admits_login("", "")
    by_login = PushGate.of(site({"push_login": "switch"}, push_password=SECRET))
    assert by_login.admits_login("switch", SECRET)
    assert not by_login.admits_secret("")
    assert not by_login.admits_secret(SECRET)


def test_no_secret_is_shown() -> None:
    gate = PushGate.of(site({"push_login": "switch"}, push_secret=SECRET, push_password=SECRET))
    assert SECRET not in repr(gate)
    assert SECRET not in repr(vars(type(NO_GATE)))


def test_what_is_sent_and_what_is_fetched() -> None:
    assert takes_pushes(FreeSwitchConnector, {})
    assert not takes_pushes(FilesConnector, {})
