"""Speaking to the event socket: frames cut as they come, and every way in which it may go wrong."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from simulators.fusionpbx import Simulator
from tests.connectors.fusionpbx.sites import with_switch
from tollbook.connectors.base import Site
from tollbook.connectors.errors import NeedsAttention, TryAgainLater
from tollbook.connectors.esl import ESL_SETTINGS, EventSocket
from tollbook.connectors.secret import Secret
from tollbook.errors import BadInput


@pytest.fixture
def esl(own: Simulator) -> Iterator[EventSocket]:
    where = own.event_socket
    opened = EventSocket(where.host, where.port, Secret(where.password), platform="pbx", timeout_s=5)
    yield opened
    opened.close()


def test_a_command_is_answered(esl: EventSocket, own: Simulator) -> None:
    assert esl.api("hostname") == "pbx1"
    assert esl.api("status") == "0 session(s)"
    assert own.event_socket.commands == ["api hostname", "api status"]


def test_answers_in_single_bytes_are_put_together(esl: EventSocket, own: Simulator) -> None:
    own.event_socket.piece_bytes = 1
    own.switch.ring("call-1", "maple.example.ca", "2112", "911")

    assert [channel["uuid"] for channel in esl.channels()] == ["call-1"]
    assert esl.api("hostname") == "pbx1"


def test_answers_that_come_at_once_are_taken_apart(esl: EventSocket, own: Simulator) -> None:
    own.event_socket.merges = True

    assert [esl.api(command) for command in ("hostname", "status", "hostname")] == ["pbx1", "0 session(s)", "pbx1"]


def test_channels_are_listed_and_ended(esl: EventSocket, own: Simulator) -> None:
    assert esl.channels() == []
    own.switch.ring("call-1", "maple.example.ca", "2112", "911")

    assert esl.channels()[0]["presence_id"] == "2112@maple.example.ca"
    assert esl.hang_up("call-1")
    assert not esl.hang_up("call-1")
    assert esl.channels() == []


def test_a_wrong_password_is_for_a_person_and_not_shown(own: Simulator) -> None:
    where = own.event_socket
    esl = EventSocket(where.host, where.port, Secret("guessed-1"), platform="pbx")

    with pytest.raises(NeedsAttention, match="refuses the password") as caught:
        esl.api("status")
    assert "guessed-1" not in str(caught.value)
    assert "check esl_password" in str(caught.value)


def test_an_address_that_is_not_let_in_is_for_a_person(esl: EventSocket, own: Simulator) -> None:
    own.event_socket.refuses = True

    with pytest.raises(NeedsAttention, match=r"does not let this machine in.*apply-inbound-acl"):
        esl.api("status")


@pytest.mark.parametrize("when", ["before", "during", "after"])
def test_a_connection_lost_in_a_command_is_for_later_and_opened_anew(
    esl: EventSocket, own: Simulator, when: str
) -> None:
    own.event_socket.drop("hostname", when)  # type: ignore[arg-type]

    with pytest.raises(TryAgainLater, match="look, then run again"):
        esl.api("hostname")
    assert esl.api("hostname") == "pbx1"


def test_a_command_that_the_switch_does_not_know_is_named(esl: EventSocket) -> None:
    with pytest.raises(NeedsAttention, match="does not know the command sofa"):
        esl.api("sofa profile internal rescan")
    assert esl.api("hostname") == "pbx1"


@pytest.mark.parametrize("command", ["status\n\napi fsctl shutdown", "status\r", "status\0", "x" * 4_001])
def test_what_would_be_several_commands_is_none(esl: EventSocket, own: Simulator, command: str) -> None:
    with pytest.raises(BadInput, match="is no command"):
        esl.api(command)
    with pytest.raises(BadInput, match="no channel's uuid"):
        esl.hang_up("call-1 ; reload")
    assert own.event_socket.commands == []


def test_nobody_there_is_for_later() -> None:
    with pytest.raises(TryAgainLater, match="cannot be reached"):
        EventSocket("127.0.0.1", 1, Secret("x"), platform="pbx", timeout_s=1).api("status")


@contextmanager
def saying(*blocks: bytes) -> Iterator[EventSocket]:
    """A socket to something that says these when it is reached, and then no more."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        done = threading.Event()

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                for block in blocks:
                    connection.sendall(block)
                done.wait(5)

        thread = threading.Thread(target=serve)
        thread.start()
        port = listener.getsockname()[1]
        esl = EventSocket("127.0.0.1", port, Secret("x"), platform="pbx", timeout_s=0.5)
        try:
            yield esl
        finally:
            done.set()
            esl.close()
            thread.join(5)


ASKED = b"Content-Type: auth/request\n\n"
LET_IN = b"Content-Type: command/reply\nReply-Text: +OK accepted\n\n"


def test_events_and_notices_between_answers_are_passed_over() -> None:
    event = b"Content-Length: 12\nContent-Type: text/event-plain\n\nEvent-Name: "
    answer = b"Content-Type: api/response\nContent-Length: 3\n\nUP\n"

    with saying(ASKED, event + LET_IN + event, answer) as esl:
        assert esl.api("status") == "UP"


@pytest.mark.parametrize(
    "blocks",
    [
        (b"SSH-2.0-OpenSSH_9.6\r\n",),
        (b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n",),
        (b"Content-Type: something/else\n\n",),
        (ASKED, LET_IN, b"Content-Type: api/response\nContent-Length: minus one\n\n"),
        (ASKED, LET_IN, b"Content-Type: api/response\nContent-Length: 999999999\n\n"),
        (b"x" * 70_000,),
    ],
)
def test_what_is_no_event_socket_is_named(blocks: tuple[bytes, ...]) -> None:
    with saying(*blocks) as esl, pytest.raises(NeedsAttention, match="is no event socket"):
        esl.api("status")


def test_silence_is_given_up() -> None:
    for blocks in ((), (ASKED,), (ASKED, LET_IN, b"Content-Type: api/response\nContent-Length: 5\n\nUP")):
        with saying(*blocks) as esl, pytest.raises(TryAgainLater, match=r"no answer within 0\.5 s"):
            esl.api("status")


def test_a_site_without_a_host_has_none_and_one_without_a_password_is_told() -> None:
    assert EventSocket.of(Site(name="pbx"), ESL_SETTINGS) is None
    with pytest.raises(BadInput, match="esl_password is missing"):
        EventSocket.of(Site(name="pbx", settings={"esl_host": "127.0.0.1"}), ESL_SETTINGS)


def test_the_connections_test_names_what_is_wrong_with_it(own: Simulator) -> None:
    def said() -> tuple[bool, str, str]:
        connector = with_switch(own)
        check = list(connector.test())[-1]
        connector.close()
        return check.is_ok, check.says, check.next_step

    assert said() == (True, "the switch answers: 0 session(s)", "")
    own.event_socket.refuses = True
    is_ok, says, next_step = said()
    assert not is_ok
    assert "does not let this machine in" in says
    assert "apply-inbound-acl" in next_step
