"""Reading the files: how each is written is seen in it, where a link leads is checked, and nobody's secret travels."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from simulators.faults import Fault
from simulators.lesnet import Simulator
from tests.connectors.lesnet.portal import Portal
from tollbook.connectors.base import Site
from tollbook.connectors.errors import ConnectorError, NeedsAttention, TryAgainLater
from tollbook.connectors.lesnet.connector import LesNetConnector
from tollbook.connectors.secret import Secret
from tollbook.errors import BadInput

DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|"}


@pytest.fixture
def portal() -> Iterator[Portal]:
    with Simulator() as simulator:
        yield Portal(simulator)


def records(connector: LesNetConnector, text: str, folder: Path, *, name: str) -> list[tuple[object, ...]]:
    file = folder / "evidence"
    file.write_bytes(text.encode())
    (batch,) = connector.read_usage(file, name=name, batch_rows=100, is_complete=False)
    return batch.usage.select("kind", "cli", "cld", "duration_us", "trunk_ref", "account_ref", "defect").rows()


@pytest.mark.parametrize("has_header", [True, False])
@pytest.mark.parametrize("sign", DELIMITERS)
def test_delimiter_and_header_are_seen_in_the_file(portal: Portal, sign: str, has_header: bool) -> None:
    portal.simulator.set_layout(delimiter=DELIMITERS[sign], has_header=has_header)

    preview = portal.connector().preview()

    header = "the first line names the columns" if has_header else "no line names the columns"
    assert preview.says == f"layout lesnet, {sign} between columns, {header}, times of UTC"
    assert len(preview.usage) == 10
    assert preview.usage["defect"].null_count() == 10
    assert preview.usage["cld"].to_list() == [
        row.destination for row in portal.simulator.rows(portal.simulator.peers[0].id)
    ]
    assert preview.lines[0].startswith("start" if has_header else "2017-06-01 ")


def test_what_somebody_confirmed_is_asked_again_after_a_change(portal: Portal) -> None:
    settings = portal.connector().preview().settings
    assert portal.connector().unconfirmed()
    assert portal.connector(**settings).unconfirmed() == ""
    assert portal.connector(**settings, delimiter="tab").unconfirmed()
    assert portal.connector(**settings, incoming_to="12045550121").unconfirmed()


def test_a_file_that_is_no_longer_written_as_confirmed_is_for_a_person(portal: Portal) -> None:
    connector = portal.connector(**portal.connector().preview().settings)
    portal.simulator.set_layout(delimiter=";")
    (file,) = connector.files()
    with pytest.raises(NeedsAttention, match="no line has 7 columns") as caught:
        list(connector.fetch(file))
    assert file.name in str(caught.value)
    again = portal.connector(**connector.preview().settings)  # somebody looks once more
    assert b"".join(again.fetch(file)).count(b";") == 10 * 6


def test_calls_to_own_numbers_came_in(portal: Portal, tmp_path: Path) -> None:
    text = (
        "2017-06-01 10:00:00,12045550199,12046664021,30,0.0085,0.0043,D4E3CD2BFC791\r\n"
        "2017-06-01 10:01:00,12046664021,12045550199,30,0.0070,0.0035,D4E3CD2BFC791\r\n"
        "2017-06-01 10:02:00,12045550199,+12046664999,30,0.0085,0.0043,D4E3CD2BFC791\r\n"
        "2017-06-01 10:03:00,12046664021,18775550100,30,0,0,D4E3CD2BFC791\r\n"
        "2017-06-01 10:04:00,12046664021,1204666"  # cut
    )
    connector = portal.connector(incoming_to="12046664xxx, 1877*")
    found = records(connector, text, tmp_path, name=portal.links[0])
    assert [(kind, cld) for kind, _, cld, *_ in found] == [
        ("voice_in", "12046664021"),
        ("voice_out", "12045550199"),
        ("voice_in", "+12046664999"),
        ("voice_in", "18775550100"),
    ]
    assert {row[5] for row in found} == {portal.links[0]}  # whose file it is
    with pytest.raises(BadInput, match="incoming_to: '1204-666'"):
        portal.connector(incoming_to="1204-666")


def test_the_same_calls_written_in_another_way_have_the_same_keys(portal: Portal, tmp_path: Path) -> None:
    keys = []
    for sign, has_header in ((",", False), (";", True)):
        portal.simulator.set_layout(delimiter=sign, has_header=has_header)
        connector = portal.connector()
        (file,) = connector.files()
        evidence = tmp_path / "evidence"
        evidence.write_bytes(b"".join(connector.fetch(file)))
        (batch,) = connector.read_usage(evidence, name=file.name, batch_rows=100)
        keys.append(batch.usage["record_key"].to_list())
    assert keys[0] == keys[1]
    # By hand, under another name, they are the same ones too: the lines name the peer.
    (batch,) = connector.read_usage(evidence, name="saved.txt", batch_rows=100)
    assert batch.usage["record_key"].to_list() == keys[0]


def test_a_peer_in_small_letters_is_the_same_peer(portal: Portal, tmp_path: Path) -> None:
    line = "2017-06-01 10:00:00,12045550121,442079460201,61,0.0120,0.0132,d4e3cd2bfc791\n"
    ((_, _, _, _, trunk, _, _),) = records(portal.connector(), line, tmp_path, name="saved.txt")
    assert trunk == "D4E3CD2BFC791"


def test_without_links_there_is_nothing_to_collect_and_that_is_said(portal: Portal) -> None:
    connector = portal.connector()
    connector.follow([])
    with pytest.raises(NeedsAttention, match="no account has a link to its file"):
        list(connector.files())


def test_a_link_that_leads_elsewhere_is_not_followed_and_gets_no_secret(portal: Portal) -> None:
    with Simulator() as other:
        connector = portal.connector()
        connector.follow([other.link("D4E3CD2BFC791")])
        with pytest.raises(NeedsAttention, match="does not lead to"):
            list(connector.files())
        assert other.faults.requests()["counts"] == {}


def test_a_link_may_be_the_path_at_the_portal(portal: Portal, tmp_path: Path) -> None:
    connector = portal.connector()
    connector.follow(["/cdr/11330_0000.txt"])
    (file,) = connector.files()
    body = b"".join(connector.fetch(file)).decode()
    assert file.name == "/cdr/11330_0000.txt"
    assert {row[5] for row in records(connector, body, tmp_path, name=file.name)} == {file.name}


def test_a_file_that_has_not_changed_is_not_fetched(portal: Portal) -> None:
    (file,) = portal.connector().files()
    assert (file.size_bytes, file.is_complete) == (len(b"".join(portal.connector().fetch(file))), False)
    (same,) = portal.connector().files([file])
    assert same is file
    portal.simulator.next_day()
    (grown,) = portal.connector().files([file])
    assert (grown.size_bytes or 0) > (file.size_bytes or 0)


def test_links_that_fail_come_last_and_fail_again(portal: Portal) -> None:
    portal.peers = 5
    portal.simulator.faults.add(Fault("status", match="/11331_", times=None, status=404))
    connector = portal.connector()
    files = list(connector.files())
    assert [file.name for file in files] == [portal.links[at] for at in (0, 2, 3, 4, 1)]
    with pytest.raises(NeedsAttention, match="answer 404"):
        list(connector.fetch(files[-1]))


def test_a_portal_that_is_away_is_not_asked_for_every_link(portal: Portal) -> None:
    portal.peers = 5
    portal.simulator.stop()
    connector = portal.connector(attempts="1")
    with pytest.raises(TryAgainLater):
        list(connector.files())
    assert "was not asked for" in str(connector._source.lost[portal.links[4]])


def test_a_test_names_the_link_that_fails(portal: Portal) -> None:
    portal.peers = 2
    portal.simulator.faults.add(Fault("wrong_type", match="/11331_", times=None))
    checks = {check.name: check for check in portal.connector().test()}
    assert checks[portal.links[0]].says == (
        "calls, refreshed 2017-06-02 06:00 UTC; layout lesnet, comma between columns, no line names the columns, "
        "times of UTC"
    )
    assert not checks[portal.links[1]].is_ok
    assert "web page" in checks[portal.links[1]].says
    connector = portal.connector()
    connector.follow([])
    assert next((check.name, check.is_ok) for check in connector.test()) == ("links", False)


@pytest.mark.parametrize(
    ("settings", "secrets", "said"),
    [
        ({"auth": "basic"}, {}, "login is not set"),
        ({"auth": "cookie"}, {}, "it needs the secret cookie_secret"),
        ({"auth": "cookie"}, {"cookie_secret": "just a value"}, "write it as name=value"),
        ({"auth": "header"}, {"header_secret": "two\nlines"}, "it needs the secret header_secret, one line"),
        ({"auth": "header", "header_name": "X Key"}, {"header_secret": "k"}, "no name of a header"),
        ({"portal": "portal.les.net"}, {}, "write it as https://portal.les.net"),
    ],
)
def test_access_that_makes_no_sense_is_named(settings: dict[str, str], secrets: dict[str, str], said: str) -> None:
    hidden = {name: Secret(text) for name, text in secrets.items()}
    with pytest.raises((BadInput, ConnectorError)) as caught:
        LesNetConnector(Site(name="carrier", settings=settings, secrets=hidden, layout="lesnet"))
    assert said in str(caught.value)


def test_a_key_in_the_address_goes_with_every_link_and_is_never_shown(portal: Portal) -> None:
    site = Site(
        name="carrier",
        settings={"portal": portal.simulator.url, "attempts": "1"},
        secrets={"url_secret": Secret("key=s3cr3t-k3y")},
        layout="lesnet",
    )
    connector = LesNetConnector(site)
    connector.follow(portal.links)
    assert [file.name for file in connector.files()] == portal.links
    assert portal.simulator.faults.requests()["log"][0]["query"] == "key=s3cr3t-k3y"
    portal.simulator.faults.add(Fault("status", times=None, status=404, body="no s3cr3t-k3y here"))
    with pytest.raises(NeedsAttention) as caught:
        list(connector.files())
    assert "s3cr3t" not in str(caught.value)
