"""Logging in by SFTP: the host key first, then a password or a private key; at a simulated and at OpenSSH's server."""

import logging
import socket
import threading
import traceback
from collections.abc import Iterator
from pathlib import Path

import pytest

from simulators.sftp import SftpServer
from tests.connectors.files.sources.openssh import OpenSsh, make_key
from tests.connectors.files.sources.places import LINES, Place, fetched, one, openssh, sftp
from tollbook.connectors.errors import ConnectorError, NeedsAttention, TryAgainLater
from tollbook.errors import BadInput

OTHER = "SHA256:" + "A" * 43
WRONG = "tr0ub4dor&3"


@pytest.fixture
def simulated(tmp_path: Path) -> Iterator[Place]:
    (tmp_path / "out").mkdir(exist_ok=True)
    with sftp(tmp_path) as place:
        place.put("a.csv")
        yield place


@pytest.fixture
def real(tmp_path: Path) -> Iterator[Place]:
    (tmp_path / "out").mkdir(exist_ok=True)
    with openssh(tmp_path) as place:
        place.put("a.csv")
        yield place


def refusal(place: Place, **settings: str) -> str:
    connector = place.connector(**settings)
    with pytest.raises(ConnectorError) as caught:
        list(connector.files())
    connector.close()
    assert not isinstance(caught.value, TryAgainLater)
    said = "\n".join(traceback.format_exception(caught.value))
    assert not any(secret and secret in said for secret in [*place.secrets.values(), WRONG])
    return str(caught.value)


def test_without_a_pinned_host_key_nobody_logs_in_and_the_key_seen_is_said(simulated: Place, real: Place) -> None:
    for place in (simulated, real):
        seen = place.settings["fingerprint"]

        said = refusal(place, fingerprint="")

        assert f"shows the host key {seen} and none is pinned; compare it" in said
        assert said.endswith(f"set fingerprint = {seen}")


def test_another_host_key_is_refused_before_anything_is_said(simulated: Place, real: Place) -> None:
    for place in (simulated, real):
        seen = place.settings["fingerprint"]

        said = refusal(place, fingerprint=OTHER)

        assert f"shows another host key than the pinned one: {seen}, not {OTHER}" in said
        assert f"only if they are the same set fingerprint = {seen}" in said


def test_a_host_key_that_changed_is_refused(tmp_path: Path) -> None:
    with SftpServer(tmp_path) as server:
        pinned = server.fingerprint
        settings = {"source": "sftp", "host": server.host, "port": str(server.port), "login": server.login}
        place = Place(tmp_path, settings | {"fingerprint": pinned}, {"password": server.password})
        assert place.names() == []
        server.change_host_key()

        assert f"{server.fingerprint}, not {pinned}" in refusal(place)
        assert place.names(fingerprint=f"{pinned} {server.fingerprint}") == []


@pytest.mark.parametrize("kind", ["ed25519", "ecdsa", "rsa"])
def test_any_kind_of_host_key_can_be_pinned(tmp_path: Path, kind: str) -> None:
    ssh = OpenSsh(tmp_path / "ssh")
    ssh.new_host_key(kind)
    with ssh:
        settings = {"source": "sftp", "host": ssh.host, "port": str(ssh.port), "login": ssh.login}
        settings |= {"fingerprint": ssh.fingerprint, "folder": str(tmp_path)}
        place = Place(tmp_path, settings, {"private_key": ssh.key})
        place.put("a.csv")

        assert place.names() == ["a.csv"]


@pytest.mark.parametrize("password", ["", "gęsi miód"])
@pytest.mark.parametrize(
    ("kind", "form"), [("ed25519", "RFC4716"), ("ecdsa", "RFC4716"), ("rsa", "RFC4716"), ("rsa", "PEM")]
)
def test_a_private_key_of_any_usual_kind_logs_in(
    real: Place, tmp_path: Path, kind: str, form: str, password: str
) -> None:
    key = make_key(tmp_path / "mine", kind=kind, password=password, form=form)
    (tmp_path / "ssh/authorized_keys").write_text((tmp_path / "mine.pub").read_text())
    real.secrets |= {"private_key": key, "private_key_password": password}

    connector = real.connector()

    assert fetched(connector, one(connector)) == LINES
    connector.close()


def test_a_key_that_is_not_known_there_is_for_a_person(real: Place, tmp_path: Path) -> None:
    said = refusal(real, private_key=make_key(tmp_path / "stranger"))

    assert "refused login" in said
    assert "check both, and that SHA256:" in said


def test_a_wrong_password_is_for_a_person(simulated: Place) -> None:
    assert refusal(simulated, password=WRONG).startswith(
        "north: 127.0.0.1 refused login 'operator' with this password; check both"
    )


def test_a_password_where_only_keys_are_let_in_is_for_a_person(real: Place) -> None:
    real.secrets = {"password": WRONG}

    assert "does not let" in (said := refusal(real))
    assert "it wants publickey; give a private_key for publickey" in said


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("PuTTY-User-Key-File-3: ssh-ed25519\n", "puttygen KEY -O private-openssh"),
        ("ssh-ed25519 AAAAC3Nza operator@north\n", "give the text of the file without .pub"),
        ("-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n", "cannot be read"),
    ],
)
def test_what_is_no_private_key_is_explained(simulated: Place, text: str, says: str) -> None:
    simulated.secrets = {"private_key": text}

    assert says in refusal(simulated)


def test_a_private_key_needs_its_password(simulated: Place, tmp_path: Path) -> None:
    simulated.secrets = {"private_key": make_key(tmp_path / "mine", password="gęsi miód")}
    assert refusal(simulated).endswith("is encrypted; set private_key_password")

    simulated.secrets |= {"private_key_password": WRONG}
    assert "its password is wrong" in refusal(simulated)


def test_a_server_that_speaks_no_ssh_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        threading.Thread(target=_say_hello, args=(other,), daemon=True).start()
        settings = {"source": "sftp", "host": "127.0.0.1", "port": str(other.getsockname()[1]), "login": "a"}
        place = Place(
            tmp_path, settings | {"timeout_s": "1", "attempts": "1", "fingerprint": OTHER}, {"password": WRONG}
        )

        with pytest.raises(TryAgainLater, match=r"does not answer as an SSH server; check host and port"):
            place.names()


def test_a_file_that_may_not_be_read_is_for_a_person(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The user who runs the tests may read everything, so the server is made to refuse."""
    (tmp_path / "out").mkdir(exist_ok=True)
    with sftp(tmp_path) as place:
        place.put("a.csv")
        connector = place.connector()
        file = one(connector)

        def refuse(*_: object) -> int:
            return 3  # SSH_FX_PERMISSION_DENIED

        monkeypatch.setattr("simulators.sftp._Files.open", refuse)
        with pytest.raises(
            NeedsAttention, match=r"reading 'a.csv': .* does not allow it; give the login the right"
        ):
            fetched(connector, file)
        connector.close()


@pytest.mark.parametrize(
    ("setting", "value", "says"),
    [
        ("fingerprint", "MD5:00:11", "setting fingerprint is 'MD5:00:11'; write it as"),
        ("port", "ssh", "setting port is 'ssh'; it is a number from 1 to 65535"),
        ("host", "", "source sftp needs the setting host; set it"),
        ("login", "", "source sftp needs the setting login; set it"),
        ("password", "", "source sftp needs a password or a private_key; set one"),
        ("name_filter", "re:(", "setting name_filter is 're:\\(', which is no regular expression"),
        ("minimum_age_s", "-1", "setting minimum_age_s is '-1'; it is a number from 0"),
    ],
)
def test_settings_that_make_no_sense_are_named(simulated: Place, setting: str, value: str, says: str) -> None:
    with pytest.raises(BadInput, match=f"north: {says}"):
        simulated.names(**{setting: value})


def test_no_secret_is_logged(real: Place, simulated: Place, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    for place in (real, simulated):
        place.names()
        with pytest.raises(NeedsAttention):
            place.names(fingerprint=OTHER)
    assert caplog.records
    for secret in [*real.secrets.values(), *simulated.secrets.values()]:
        assert secret not in caplog.text


def _say_hello(server: socket.socket) -> None:
    while server.fileno() >= 0:
        try:
            connection, _ = server.accept()
        except OSError:
            return
        connection.sendall(b"220 north FTP\r\n")
