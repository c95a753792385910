"""What all of `tollbook simulate` shares: starting, waiting, and telling how to try it."""

import os
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from django.conf import settings as django_settings

from tollbook.errors import BadInput

TICK_S = 0.2
KEPT_IN = "simulators"  # in the data home: a certificate that is trusted once stays the same
SAMPLE = """\
type,direction,start,duration_s,cli,cld
call,out,2017-06-01T09:00:00Z,61,442079460001,441614960001
call,out,2017-06-01T09:10:00Z,30,442079460001,447700900123
call,in,2017-06-01T09:20:00Z,125,447700900123,442079460001
"""

Month = Annotated[str, typer.Option(metavar="YYYY-MM", help="The month of its records.")]


def port_option(usual: int, help_: str = "On 127.0.0.1; 0 takes a free one.") -> Any:
    return typer.Option(usual, min=0, max=65_000, help=help_)


def kept_in() -> Path:
    home: Path = django_settings.TOLLBOOK_HOME
    return home / KEPT_IN


@contextmanager
def running_on(simulator: Any, port: int) -> Iterator[Any]:
    try:
        simulator.start()
    except OSError as error:
        raise _taken(port, error) from None
    try:
        yield simulator
    finally:
        simulator.stop()


@contextmanager
def served(folder: Path | None) -> Iterator[Path]:
    """The folder that was named, or one with a file of calls in it, for as long as it is served."""
    if folder is not None:
        if not folder.is_dir():
            raise BadInput(f"there is no folder {folder}")
        yield folder
        return
    with tempfile.TemporaryDirectory(prefix="tollbook-simulate-") as made:
        (Path(made) / "calls-2017-06-01.csv").write_text(SAMPLE, encoding="utf-8")
        yield Path(made)


def trust(tls: Any) -> dict[str, str]:
    return {"verify": str(tls.certificate)} if tls else {}


def place(server: Any) -> dict[str, str]:
    return {
        "folder": "/",
        "host": server.host,
        "port": str(server.port),
        "login": server.login,
        "minimum_age_s": "0",
    }


def tell(facts: dict[str, str]) -> None:
    for name, value in facts.items():
        typer.echo(f"  {name}: {value}")


def wait() -> None:
    never = threading.Event()
    try:
        # In bits: a library's thread may take the signal, and then nobody wakes one who waits for ever.
        while not never.wait(TICK_S):
            pass
    except KeyboardInterrupt:
        typer.echo("stopped")


@contextmanager
def started(port: int) -> Iterator[ExitStack]:
    """What is started in the block ends with it.

    Raises:
        BadInput: the port is taken.
    """
    with ExitStack() as running:
        try:
            yield running
        except OSError as error:
            raise _taken(port, error) from None


def _taken(port: int, error: OSError) -> BadInput:
    return BadInput(f"port {port} cannot be used ({os.strerror(error.errno or 0)}); give another with --port")
