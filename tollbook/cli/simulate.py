"""`tollbook simulate`: stand-ins for platforms, to try things out without an account anywhere."""

import os
import shlex
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any

import typer
from django.conf import settings as django_settings

from tollbook.errors import BadInput

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="Stand-ins for platforms and file servers, on this machine only. Each runs until Ctrl-C.",
)
TICK_S = 0.2
CURRENCIES = ("EUR", "PLN")  # the simulated PortaBilling's products end with them
CALLS = ("voice_out",)
SERVICES = ("voice_out", "video_out", "sms_out", "mms_out", "data")
KEPT_IN = "simulators"  # in the data home: a certificate that is trusted once stays the same
REALMS = ("admin", "reseller", "customer", "account")  # at the port and the ones after it
SAMPLE = """\
type,direction,start,duration_s,cli,cld
call,out,2017-06-01T09:00:00Z,61,442079460001,441614960001
call,out,2017-06-01T09:10:00Z,30,442079460001,447700900123
call,in,2017-06-01T09:20:00Z,125,447700900123,442079460001
"""


@dataclass(frozen=True)
class _Product:
    """A product of ours that costs what the platform says."""

    code: str
    currency: str
    billed: Sequence[str]  # kinds; what comes in of them is free

    def commands(self) -> Iterator[list[str]]:
        """What makes its tariff, and it."""
        tariff = f"{self.code}-as-there"
        priced = [word for kind in self.billed for word in ("--tariff", f"{kind}={tariff}")]
        incoming = [f"{kind.removesuffix('_out')}_in" for kind in self.billed if kind.endswith("_out")]
        free = [word for kind in incoming for word in ("--not-billed", kind)]
        yield ["tollbook", "tariff", "platform", tariff, "--currency", self.currency]
        yield ["tollbook", "products", "set", self.code, "--name", self.code, *priced, *free]


NO_PRODUCTS: Mapping[str, _Product] = MappingProxyType({})

Month = Annotated[str, typer.Option(metavar="YYYY-MM", help="The month of its records.")]
Http = Annotated[bool, typer.Option("--http", help="Without TLS.")]
Folder = Annotated[
    Path | None, typer.Option(help="The folder to serve.", show_default="one with a few calls in a file")
]


def _port(usual: int, help_: str = "On 127.0.0.1; 0 takes a free one.") -> Any:
    return typer.Option(usual, min=0, max=65_000, help=help_)


@app.command()
def portabilling(
    port: int = _port(8443, "The administrators'; the other realms are at the ones after it. 0 takes free ones."),
    http: Http = False,
    month: Month = "2017-06",
) -> None:
    """A PortaBilling with a month of its customers' calls.

    Example: tollbook simulate portabilling --port 8443
    """
    simulators = _module("simulators.portabilling")
    ports = {realm: port + nth if port else 0 for nth, realm in enumerate(REALMS)}
    with _running(
        simulators.Simulator(month=month, https=not http, ports=ports, folder=_kept_in()), port
    ) as platform:
        typer.echo(f"PortaBilling is simulated at {platform.url()}")
        _tell({f"realm {realm}": platform.url(realm) for realm in REALMS[1:]})
        _tell({"login": platform.login, "password": platform.password, "token": platform.token})
        settings = {"url": platform.url(), "login": platform.login} | _trust(platform.tls)
        products = {
            f"*{currency}": _Product(f"line-{currency.lower()}", currency, CALLS) for currency in CURRENCIES
        }
        _try_next("softswitch", "portabilling", settings, {"token": platform.token}, month, products)
        _wait()


@app.command()
def metroport(port: int = _port(8450), http: Http = False, month: Month = "2017-06") -> None:
    """A Metroport with a month of a mobile virtual operator's records.

    Example: tollbook simulate metroport --port 8450
    """
    simulators = _module("simulators.metroport")
    tls = None if http else _module("simulators.certificate").self_signed(_kept_in())
    with _running(simulators.Simulator(month=month, port=port, tls=tls), port) as platform:
        typer.echo(f"Metroport is simulated at {platform.url}")
        _tell({"login": platform.login, "password": platform.password})
        settings = {"api_url": platform.url, "login": platform.login} | _trust(tls)
        products = {"": _Product("mobile", "PLN", SERVICES)}
        _try_next("mvno", "metroport", settings, {"password": platform.password}, month, products)
        _wait()


@app.command()
def sftp(port: int = _port(2222), folder: Folder = None) -> None:
    """An SFTP server over a folder.

    Example: tollbook simulate sftp --port 2222
    """
    simulators = _module("simulators.sftp")
    with _served(folder) as root, _running(simulators.SftpServer(root, port=port), port) as server:
        typer.echo(f"SFTP at {server.host}:{server.port}, folder {root}")
        _tell({"login": server.login, "password": server.password, "host key": server.fingerprint})
        settings = {"source": "sftp", "fingerprint": server.fingerprint} | _place(server)
        _try_next("drop", "files", settings, {"password": server.password}, None)
        _wait()


@app.command()
def ftp(
    port: int = _port(2121),
    plain: Annotated[bool, typer.Option("--plain", help="Without TLS: FTP instead of FTPS.")] = False,
    folder: Folder = None,
) -> None:
    """An FTP server over a folder.

    Example: tollbook simulate ftp --port 2121
    """
    simulators = _module("simulators.ftp")
    tls = None if plain else _module("simulators.certificate").self_signed(_kept_in())
    with _served(folder) as root, _running(simulators.FtpServer(root, port=port, tls=tls), port) as server:
        source = "ftps" if tls else "ftp"
        typer.echo(f"{source.upper()} at {server.host}:{server.port}, folder {root}")
        _tell({"login": server.login, "password": server.password})
        settings = {"source": source} | _place(server) | _trust(tls)
        _try_next("drop", "files", settings, {"password": server.password}, None)
        _wait()


def _kept_in() -> Path:
    home: Path = django_settings.TOLLBOOK_HOME
    return home / KEPT_IN


def _module(name: str) -> Any:
    """Simulators are no part of the program, so they are looked for only here."""
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        raise BadInput(
            f"{name} cannot be used: {error.name} is not installed; install Tollbook with its extra `test`"
        ) from None


@contextmanager
def _running(simulator: Any, port: int) -> Iterator[Any]:
    try:
        simulator.start()
    except OSError as error:
        reason = os.strerror(error.errno or 0)
        raise BadInput(f"port {port} cannot be used ({reason}); give another with --port") from None
    try:
        yield simulator
    finally:
        simulator.stop()


@contextmanager
def _served(folder: Path | None) -> Iterator[Path]:
    """The folder that was named, or one with a file of calls in it, for as long as it is served."""
    if folder is not None:
        if not folder.is_dir():
            raise BadInput(f"there is no folder {folder}")
        yield folder
        return
    with tempfile.TemporaryDirectory(prefix="tollbook-simulate-") as made:
        (Path(made) / "calls-2017-06-01.csv").write_text(SAMPLE, encoding="utf-8")
        yield Path(made)


def _trust(tls: Any) -> dict[str, str]:
    return {"verify": str(tls.certificate)} if tls else {}


def _place(server: Any) -> dict[str, str]:
    return {
        "folder": "/",
        "host": server.host,
        "port": str(server.port),
        "login": server.login,
        "minimum_age_s": "0",
    }


def _tell(facts: dict[str, str]) -> None:
    for name, value in facts.items():
        typer.echo(f"  {name}: {value}")


def _try_next(
    name: str,
    kind: str,
    settings: dict[str, str],
    secret: dict[str, str],
    month: str | None,
    products: Mapping[str, _Product] = NO_PRODUCTS,
) -> None:
    """Commands that work as they stand, in another terminal. `products`: by what the platform's are called."""
    if "verify" in settings:
        _tell({"certificate to trust": settings["verify"]})
    [(which, value)] = secret.items()
    of_kind = ["--layout", "neutral"] if kind == "files" else ["--kind", kind, "--creates-customers"]
    for theirs, product in products.items():
        of_kind += ["--account-product", f"{theirs}={product.code}" if theirs else product.code]
    set_ = [word for pair in settings.items() for word in ("--set", "=".join(pair))]
    add = shlex.join(["tollbook", "connection", "add", name, *of_kind, *set_, "--secret", which])
    typer.echo("\nin another terminal:")
    for product in products.values():
        for command in product.commands():
            typer.echo(f"  {shlex.join(command)}")
    typer.echo(f"  TOLLBOOK_SECRET_{which.upper()}={value} {add}")
    if month is None:
        typer.echo(f"  tollbook connection test {name}")
        typer.echo(f"  tollbook collect {name}")
    else:
        typer.echo(f"  tollbook sync {name}")
        typer.echo(f"  tollbook collect {name} --from {month}-01")
    typer.echo("\nCtrl-C ends it")


def _wait() -> None:
    never = threading.Event()
    try:
        # In bits: a library's thread may take the signal, and then nobody wakes one who waits for ever.
        while not never.wait(TICK_S):
            pass
    except KeyboardInterrupt:
        typer.echo("stopped")
