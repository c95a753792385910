"""A log is one line each, whatever happened, and has no passwords."""

import json
import logging
import sys
from collections.abc import Iterator

import pytest
import structlog

from tollbook.errors import BadInput
from tollbook.up.logs import JSON_VARIABLE, set_up_logs


@pytest.fixture
def root() -> Iterator[logging.Logger]:
    logger = logging.getLogger()
    handlers, level = logger.handlers, logger.level
    yield logger
    logger.handlers, logger.level = handlers, level
    structlog.reset_defaults()


def test_a_line_names_time_level_process_and_event(
    root: logging.Logger, capsys: pytest.CaptureFixture[str]
) -> None:
    set_up_logs("worker")
    structlog.get_logger().info("collected", connection="office switch", charged=3)

    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("timestamp=2")
    assert line.endswith('level=info process=worker event=collected connection="office switch" charged=3')


def test_as_json_a_defect_is_one_line_with_where_it_arose(
    root: logging.Logger, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(JSON_VARIABLE, "1")
    set_up_logs("worker")
    try:
        raise ValueError("two\nlines")
    except ValueError:
        logging.getLogger("procrastinate.worker").exception("job failed")

    (line,) = capsys.readouterr().err.splitlines()
    said = json.loads(line)
    assert (said["event"], said["level"], said["process"]) == ("job failed", "error", "worker")
    assert "ValueError: two\nlines" in said["exception"]


def test_what_a_person_can_mend_has_its_message_only(
    root: logging.Logger, capsys: pytest.CaptureFixture[str]
) -> None:
    set_up_logs("worker")
    try:
        raise BadInput("there is no folder /x")
    except BadInput:
        logging.getLogger("procrastinate.worker").error("job failed", exc_info=sys.exc_info())

    (line,) = capsys.readouterr().err.splitlines()
    assert line.endswith('event="job failed" error="there is no folder /x"')


def test_passwords_of_urls_are_hidden(root: logging.Logger, capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logs("worker")
    logging.getLogger("x").warning("cannot reach %s", "smtp://tom:secret@mail.example.com:25/a@b")

    assert 'event="cannot reach smtp://tom:•••@mail.example.com:25/a@b"' in capsys.readouterr().err


def test_the_secret_in_an_address_that_records_are_sent_to_is_not_shown(
    root: logging.Logger, capsys: pytest.CaptureFixture[str]
) -> None:
    set_up_logs("web")
    for address in (
        "/push/fs/s3cret",
        "/push/fs/s3cret/",
        "/push//fs//s3cret",
        "/push/fs/s3cret?uuid=s3cret",
        "/push/fs",
    ):
        logging.getLogger("django.request").warning("Not Found: %s", address)
    structlog.get_logger().warning("refused", path="http://127.0.0.1:8000/push/office%20switch/s3cret?a=b")

    lines = capsys.readouterr().err
    assert lines.count("\n") == 6
    assert "s3cret" not in lines
    assert 'event="Not Found: /push/fs"' in lines
