"""A new password for the API user: whatever happens between the platform and us, the one in force is not lost."""

from collections.abc import Iterator

import pytest

from simulators.faults import Fault
from simulators.portabilling import Simulator
from tollbook.connections import password as passwords
from tollbook.connections.models import Connection
from tollbook.connections.operations import set_connection, site_of
from tollbook.connections.password import (
    MADE_CHARACTERS,
    change_password,
    has_pending_password,
    made_password,
    settle_password,
)
from tollbook.connectors.errors import ConnectorError, NeedsAttention, NotOffered, TryAgainLater
from tollbook.connectors.secret import Secret
from tollbook.errors import BadInput

OLD, NEW = "Simulated2017", "Changed2018"


@pytest.fixture
def platform() -> Iterator[Simulator]:
    with Simulator() as simulator:
        yield simulator


@pytest.fixture
def switch(db: None, platform: Simulator) -> Connection:
    return set_connection(
        name="switch",
        kind="portabilling",
        settings={"url": platform.url(), "login": platform.login, "attempts": "1", "timeout_s": "2"},
        secrets={"password": Secret(OLD)},
    )


def kept(connection: Connection) -> str:
    """The password that is used from now on."""
    return site_of(Connection.objects.get(pk=connection.pk)).secrets["password"].reveal()


def test_the_platform_and_we_have_the_new_one(switch: Connection, platform: Simulator) -> None:
    change_password(switch, Secret(NEW))

    assert (platform.password, kept(switch), has_pending_password(switch)) == (NEW, NEW, False)


def test_one_that_has_expired_is_changed_the_same_way(switch: Connection, platform: Simulator) -> None:
    platform.expire_password()

    change_password(switch, Secret(NEW))

    assert (platform.password, kept(switch), has_pending_password(switch)) == (NEW, NEW, False)


def test_one_that_the_platform_refuses_changes_nothing(switch: Connection, platform: Simulator) -> None:
    with pytest.raises(NeedsAttention, match="6 to 32 characters"):
        change_password(switch, Secret("short"))

    assert (platform.password, kept(switch), has_pending_password(switch)) == (OLD, OLD, False)


def test_a_crash_after_the_platform_accepted_it_loses_nothing(
    switch: Connection, platform: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep = passwords._keep

    def crash(connection: Connection, *, pending: list[Secret], password: Secret | None = None) -> None:
        if password is not None:
            raise KeyboardInterrupt
        keep(connection, pending=pending, password=password)

    monkeypatch.setattr(passwords, "_keep", crash)
    with pytest.raises(KeyboardInterrupt):
        change_password(switch, Secret(NEW))
    monkeypatch.undo()
    assert (platform.password, kept(switch), has_pending_password(switch)) == (NEW, OLD, True)

    assert settle_password(switch)

    assert (kept(switch), has_pending_password(switch)) == (NEW, False)
    assert not settle_password(switch)


def test_an_answer_that_is_lost_was_a_yes(switch: Connection, platform: Simulator) -> None:
    platform.faults.add(Fault("timeout_after", match="change_password"))

    change_password(switch, Secret(NEW))

    assert (platform.password, kept(switch), has_pending_password(switch)) == (NEW, NEW, False)


def test_a_request_that_never_arrived_changes_nothing(switch: Connection, platform: Simulator) -> None:
    platform.faults.add(Fault("timeout_before", match="change_password"))

    with pytest.raises(TryAgainLater):
        change_password(switch, Secret(NEW))

    assert (platform.password, kept(switch), has_pending_password(switch)) == (OLD, OLD, False)


def test_a_platform_that_is_gone_is_asked_again_when_it_is_back(switch: Connection, platform: Simulator) -> None:
    platform.faults.add(Fault("timeout_after", match="change_password"))
    platform.faults.add(Fault("status", status=503, times=None, match="Session/login"))
    with pytest.raises(TryAgainLater):
        change_password(switch, Secret(NEW))
    with pytest.raises(TryAgainLater, match="cannot be found out now"):
        settle_password(switch)
    assert (platform.password, kept(switch), has_pending_password(switch)) == (NEW, OLD, True)

    platform.faults.reset()

    assert settle_password(switch)
    assert (kept(switch), has_pending_password(switch)) == (NEW, False)


def test_it_is_pending_before_the_platform_hears_of_it(switch: Connection, platform: Simulator) -> None:
    platform.stop()

    with pytest.raises(ConnectorError):
        change_password(switch, Secret(NEW))

    switch.refresh_from_db()
    assert has_pending_password(switch)
    assert NEW not in switch.secrets
    assert kept(switch) == OLD


def test_a_password_entered_by_hand_is_the_one_in_force(switch: Connection, platform: Simulator) -> None:
    platform.stop()
    with pytest.raises(ConnectorError):
        change_password(switch, Secret(NEW))

    set_connection(name="switch", secrets={"password": Secret("Elsewhere2018")}, may_change=True)

    switch.refresh_from_db()
    assert (kept(switch), has_pending_password(switch)) == ("Elsewhere2018", False)


def test_platforms_that_cannot_change_it_say_where_to_enter_it(db: None) -> None:
    office = set_connection(name="office")

    with pytest.raises(NotOffered, match="connection add office --change --secret password"):
        change_password(office, Secret(NEW))


@pytest.mark.parametrize("text", ["", "two\nlines"])
def test_what_is_no_password_is_refused(switch: Connection, text: str) -> None:
    with pytest.raises(BadInput, match="a text of one line"):
        change_password(switch, Secret(text))


def test_made_ones_have_letters_and_digits() -> None:
    made = {made_password().reveal() for _ in range(200)}

    assert len(made) == 200
    assert all(len(one) == MADE_CHARACTERS and one.isalnum() and one.isascii() for one in made)
    assert all(any(map(str.isdigit, one)) and any(map(str.isalpha, one)) for one in made)
