"""The price list goes to Metroport unread, once, and what it answers is shown."""

from pathlib import Path

import pytest

from simulators.faults import Fault
from simulators.metroport import Simulator
from simulators.metroport.operator import prices_csv
from tests.connectors.metroport.sites import connector_at
from tollbook.connectors.errors import TryAgainLater
from tollbook.errors import BadInput


@pytest.fixture
def price_list(tmp_path: Path) -> Path:
    file = tmp_path / "cennik.csv"
    file.write_text(prices_csv(), encoding="utf-8")
    return file


def test_the_file_arrives_byte_for_byte_and_the_answer_comes_back(metroport: Simulator, price_list: Path) -> None:
    lines = price_list.read_text(encoding="utf-8").count("\n")
    assert (
        connector_at(metroport).upload_price_list(price_list) == f"answer 200: Imported cennik.csv: {lines} lines"
    )
    (sent,) = metroport.price_lists
    assert (sent.name, sent.content) == ("cennik.csv", price_list.read_bytes())


def test_an_answer_without_a_text_is_its_status(metroport: Simulator, price_list: Path) -> None:
    metroport.faults.add(Fault("status", match="importRates", status=204))
    assert connector_at(metroport).upload_price_list(price_list) == "answer 204"


@pytest.mark.parametrize("content", ["", " \r\n\r\n"])
def test_an_empty_file_is_not_sent(metroport: Simulator, tmp_path: Path, content: str) -> None:
    file = tmp_path / "empty.csv"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(BadInput, match=r"empty\.csv is empty; .* not sent"):
        connector_at(metroport).upload_price_list(file)
    assert metroport.faults.requests()["counts"] == {}


def test_a_file_that_is_not_there_is_named(metroport: Simulator, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"prices\.csv is not a file"):
        connector_at(metroport).upload_price_list(tmp_path / "prices.csv")


def test_an_answer_that_is_lost_is_not_answered_by_sending_it_again(
    metroport: Simulator, price_list: Path
) -> None:
    metroport.faults.add(Fault("timeout_after", match="importRates"))
    with pytest.raises(TryAgainLater, match="it may have been done all the same: look before doing it again"):
        connector_at(metroport).upload_price_list(price_list)
    assert len(metroport.price_lists) == 1


def test_a_session_that_ended_before_it_is_renewed(metroport: Simulator, price_list: Path) -> None:
    metroport.faults.add(Fault("expire_session", match="importRates"))
    assert connector_at(metroport).upload_price_list(price_list).startswith("answer 200")
    assert len(metroport.price_lists) == 1
