"""The event socket, byte by byte where it matters, and the running switch behind it."""

import json
import socket
from uuid import UUID

import pytest

from simulators.fusionpbx import Simulator
from simulators.fusionpbx.esl import EventSocket
from simulators.fusionpbx.switch import GATEWAYS_KEY
from tests.simulators.fusionpbx.esl_client import Client, logged_in

CALL = UUID("11111111-2222-4333-8444-555555555555")


def gateway_of(simulator: Simulator, tenant: str = "maple.example.ca") -> str:
    return str(simulator.switchboard.by_name[tenant].gateway.uuid)


def state(client: Client, gateway: str) -> str:
    lines = client.api(f"sofia status gateway {gateway}").splitlines()
    return next((line.split("\t")[1] for line in lines if line.startswith("Status")), lines[0])


def test_the_greeting_and_the_login_are_these_bytes(fusionpbx: Simulator) -> None:
    address = (fusionpbx.event_socket.host, fusionpbx.event_socket.port)
    with socket.create_connection(address, timeout=5) as connection:
        assert connection.recv(1000) == b"Content-Type: auth/request\n\n"
        connection.sendall(b"auth ClueCon\n\n")
        assert connection.recv(1000) == b"Content-Type: command/reply\nReply-Text: +OK accepted\n\n"
        connection.sendall(b"api hostname\n\n")
        assert connection.recv(1000) == b"Content-Type: api/response\nContent-Length: 4\n\npbx1"


def test_a_wrong_password_ends_the_connection(fusionpbx: Simulator) -> None:
    with Client(fusionpbx) as client:
        assert client.say("auth cluecon")[0]["Reply-Text"] == "-ERR invalid"
        assert client.read()[0]["Content-Type"] == "text/disconnect-notice"
        with pytest.raises(ConnectionError):
            client.read()


def test_nothing_is_done_before_the_login(own_fusionpbx: Simulator) -> None:
    with Client(own_fusionpbx) as client:
        assert client.say("api sofia profile external killgw _all_")[0]["Reply-Text"] == "-ERR command not found"
    assert gateway_of(own_fusionpbx) in own_fusionpbx.switch.gateways
    assert own_fusionpbx.event_socket.commands == []


def test_the_access_list_refuses_rudely(own_fusionpbx: Simulator) -> None:
    own_fusionpbx.event_socket.refuses = True
    with Client(own_fusionpbx) as client:
        headers, body = client.greeting
        assert (headers["Content-Type"], body) == ("text/rude-rejection", "Access Denied, go away.\n")
        with pytest.raises(ConnectionError):
            client.read()


def test_a_gateway_that_is_off_runs_until_it_is_killed(own_fusionpbx: Simulator) -> None:
    gateway = gateway_of(own_fusionpbx)
    with logged_in(own_fusionpbx) as client:
        assert state(client, gateway) == "UP"
        own_fusionpbx.set_gateway(gateway, False)
        client.api("sofia profile external rescan")
        assert state(client, gateway) == "UP"
        assert client.api(f"sofia profile external killgw {gateway}") == "+OK gateway marked for deletion.\n"
        assert state(client, gateway) == "Invalid Gateway!"
        assert client.api(f"sofia profile external killgw {gateway}").startswith("-ERR")


def test_a_gateway_that_is_on_again_comes_up_at_a_rescan(own_fusionpbx: Simulator) -> None:
    gateway = gateway_of(own_fusionpbx, "tamarack.example.ca")  # off from the start
    with logged_in(own_fusionpbx) as client:
        own_fusionpbx.set_gateway(gateway, True)
        assert state(client, gateway) == "Invalid Gateway!"
        assert client.api("sofia profile external rescan").startswith("+OK")
        assert state(client, gateway) == "UP"


def test_a_killed_gateway_that_is_on_in_the_database_comes_back(own_fusionpbx: Simulator) -> None:
    gateway = gateway_of(own_fusionpbx)
    with logged_in(own_fusionpbx) as client:
        client.api(f"sofia profile external killgw {gateway}")
        client.api("sofia profile external rescan")
        assert state(client, gateway) == "UP"


def test_with_a_cache_the_key_must_be_deleted_before_the_rescan(own_fusionpbx: Simulator) -> None:
    own_fusionpbx.switch.caches = True
    gateway = gateway_of(own_fusionpbx, "tamarack.example.ca")
    own_fusionpbx.set_gateway(gateway, True)
    with logged_in(own_fusionpbx) as client:
        client.api("sofia profile external rescan")
        assert state(client, gateway) == "Invalid Gateway!"
        assert client.api(f"memcache delete {GATEWAYS_KEY}") == "+OK\n"
        assert client.api(f"memcache delete {GATEWAYS_KEY}") == "-ERR NOT FOUND\n"
        client.api("sofia profile external rescan")
        assert state(client, gateway) == "UP"


def test_a_switch_without_memcache_does_not_know_the_command(own_fusionpbx: Simulator) -> None:
    own_fusionpbx.switch.has_memcache = False
    with logged_in(own_fusionpbx) as client:
        assert client.api("memcache flush") == "-ERR memcache Command not found!\n"


def test_a_flushed_telephone_registers_again_only_while_it_is_enabled(own_fusionpbx: Simulator) -> None:
    desk = own_fusionpbx.switchboard.by_name["maple.example.ca"].extensions[0]
    flush = "sofia profile internal flush_inbound_reg 2112@maple.example.ca"
    with logged_in(own_fusionpbx) as client:
        assert ("2112", "maple.example.ca") in own_fusionpbx.switch.registrations
        assert client.api(flush).startswith("+OK")
        assert ("2112", "maple.example.ca") not in own_fusionpbx.switch.registrations
        assert ("2113", "maple.example.ca") in own_fusionpbx.switch.registrations
    assert own_fusionpbx.switch.register("2112", "maple.example.ca")
    own_fusionpbx.set_extension(desk.uuid, enabled=False)
    assert not own_fusionpbx.switch.register("2112", "maple.example.ca")


def test_a_directory_that_is_cached_lets_a_disabled_telephone_in(own_fusionpbx: Simulator) -> None:
    own_fusionpbx.switch.caches = True
    desk = own_fusionpbx.switchboard.by_name["rideau.example.ca"].extensions[0]
    assert own_fusionpbx.switch.register("500", "rideau.example.ca")
    own_fusionpbx.set_extension(desk.uuid, enabled=False)
    assert own_fusionpbx.switch.register("500", "rideau.example.ca")
    with logged_in(own_fusionpbx) as client:
        assert client.api("memcache delete directory:500@rideau-internal") == "+OK\n"
    assert not own_fusionpbx.switch.register("500", "rideau.example.ca")


def test_a_disabled_domain_lets_nobody_in(own_fusionpbx: Simulator) -> None:
    maple = own_fusionpbx.switchboard.by_name["maple.example.ca"]
    own_fusionpbx.set_domain(maple.uuid, False)
    assert not own_fusionpbx.switch.register("2112", "maple.example.ca")


def test_calls_in_progress_are_shown_and_killed(own_fusionpbx: Simulator) -> None:
    with logged_in(own_fusionpbx) as client:
        assert json.loads(client.api("show channels as json")) == {"row_count": 0}
        own_fusionpbx.ring(CALL, "maple.example.ca", "2112", "4165550199")
        shown = json.loads(client.api("show channels as json"))
        assert shown["row_count"] == 1
        row = shown["rows"][0]
        assert (row["uuid"], row["presence_id"]) == (str(CALL), "2112@maple.example.ca")
        assert row["dest"] == "4165550199"
        assert client.api(f"uuid_exists {CALL}") == "true"
        assert client.api(f"uuid_kill {CALL}") == "+OK\n"
        assert client.api(f"uuid_kill {CALL}") == "-ERR No such channel!\n"
        assert client.api(f"uuid_exists {CALL}") == "false"


def test_what_is_unknown_is_said_to_be(fusionpbx: Simulator) -> None:
    with logged_in(fusionpbx) as client:
        assert client.api("frobnicate 1") == "-ERR frobnicate Command not found!\n"
        assert client.say("frobnicate")[0]["Reply-Text"] == "-ERR command not found"
        assert client.api("sofia profile nowhere rescan") == "Invalid Profile [nowhere]"
        assert client.api("sofia").startswith("-USAGE")
        assert client.api("sofia profile external killgw") == "-ERR missing gateway name\n"


def test_a_background_job_ends_with_an_event(fusionpbx: Simulator) -> None:
    with logged_in(fusionpbx) as client:
        assert client.say("event plain BACKGROUND_JOB")[0]["Reply-Text"] == "+OK event listener enabled plain"
        reply, _ = client.say("bgapi hostname")
        headers, body = client.read()
        assert reply["Reply-Text"] == f"+OK Job-UUID: {reply['Job-UUID']}"
        assert headers["Content-Type"] == "text/event-plain"
        assert f"Job-UUID: {reply['Job-UUID']}\n" in body
        assert body.endswith("Content-Length: 4\n\npbx1")


def test_a_hangup_is_told_to_who_listens(own_fusionpbx: Simulator) -> None:
    own_fusionpbx.ring(CALL, "maple.example.ca", "2112", "4165550199")
    with logged_in(own_fusionpbx) as client, logged_in(own_fusionpbx) as other:
        client.say("event json CHANNEL_HANGUP_COMPLETE")
        assert other.api(f"uuid_kill {CALL}") == "+OK\n"
        headers, body = client.read()
        assert headers["Content-Type"] == "text/event-json"
        assert json.loads(body)["Unique-ID"] == str(CALL)


def test_answers_in_small_pieces(own_fusionpbx: Simulator) -> None:
    own_fusionpbx.event_socket.piece_bytes = 7
    address = (own_fusionpbx.event_socket.host, own_fusionpbx.event_socket.port)
    with socket.create_connection(address, timeout=5) as connection:
        assert 0 < len(connection.recv(1000)) < len(b"Content-Type: auth/request\n\n")
    with logged_in(own_fusionpbx) as client:
        assert state(client, gateway_of(own_fusionpbx)) == "UP"


def test_several_answers_in_one_piece(own_fusionpbx: Simulator) -> None:
    own_fusionpbx.event_socket.merges = True
    with logged_in(own_fusionpbx) as client:
        client.connection.sendall(b"api hostname\n\napi uuid_exists x\n\n")
        once = client.connection.recv(10_000)
    assert once.count(b"Content-Type: api/response\n") == 2
    assert once.endswith(b"Content-Length: 5\n\nfalse")


@pytest.mark.parametrize(
    ("when", "received", "still_runs"), [("before", 0, True), ("during", 40, False), ("after", 0, False)]
)
def test_a_connection_drops_at_a_command(
    own_fusionpbx: Simulator, when: str, received: int, still_runs: bool
) -> None:
    """The whole answer has 27 + 19 + 1 bytes of headers and 33 of body, together 80."""
    gateway = gateway_of(own_fusionpbx)
    own_fusionpbx.event_socket.drop("killgw", when)  # type: ignore[arg-type]  # as a story orders it, in text
    with logged_in(own_fusionpbx) as client:
        assert client.api("hostname") == "pbx1"
        client.connection.sendall(f"api sofia profile external killgw {gateway}\n\n".encode())
        got = b""
        while piece := client.connection.recv(1000):
            got += piece
    assert len(got) == received
    assert (gateway in own_fusionpbx.switch.gateways) is still_runs
    with logged_in(own_fusionpbx) as client:  # the next connection is well
        assert client.api("hostname") == "pbx1"


def test_commands_are_remembered_without_the_password(own_fusionpbx: Simulator) -> None:
    with logged_in(own_fusionpbx) as client:
        client.api("hostname")
        client.say("exit")
    assert own_fusionpbx.event_socket.commands == ["api hostname", "exit"]


def test_it_starts_again_on_its_port(own_fusionpbx: Simulator) -> None:
    event_socket: EventSocket = own_fusionpbx.event_socket
    port = event_socket.port
    event_socket.stop()
    with pytest.raises(ConnectionRefusedError):
        Client(own_fusionpbx)
    event_socket.start()
    assert event_socket.port == port
    with logged_in(own_fusionpbx) as client:
        assert client.api("hostname") == "pbx1"
