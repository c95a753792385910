"""`tollbook simulate`: stand-ins for platforms, to try things out without an account anywhere."""

import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Annotated

import typer

from tollbook.cli import simulate_switches
from tollbook.cli.simulate_running import Month, kept_in, place, port_option, running_on, served, tell, trust, wait
from tollbook.cli.simulated_sites import simulator

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="Stand-ins for platforms and file servers, on this machine only. Each runs until Ctrl-C.",
)
CURRENCIES = ("EUR", "PLN")  # the simulated PortaBilling's products end with them
CALLS = ("voice_out",)
SERVICES = ("voice_out", "video_out", "sms_out", "mms_out", "data")
REALMS = ("admin", "reseller", "customer", "account")  # at the port and the ones after it


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

Http = Annotated[bool, typer.Option("--http", help="Without TLS.")]
Folder = Annotated[
    Path | None, typer.Option(help="The folder to serve.", show_default="one with a few calls in a file")
]


app.command()(simulate_switches.fusionpbx)
app.command()(simulate_switches.vodia)
app.command()(simulate_switches.lesnet)
app.command()(simulate_switches.kamailio)
app.command()(simulate_switches.freeswitch)


@app.command()
def portabilling(
    port: int = port_option(
        8443, "The administrators'; the other realms are at the ones after it. 0 takes free ones."
    ),
    http: Http = False,
    month: Month = "2017-06",
) -> None:
    """A PortaBilling with a month of its customers' calls.

    Example: tollbook simulate portabilling --port 8443
    """
    simulators = simulator("simulators.portabilling")
    ports = {realm: port + nth if port else 0 for nth, realm in enumerate(REALMS)}
    with running_on(
        simulators.Simulator(month=month, https=not http, ports=ports, folder=kept_in()), port
    ) as platform:
        typer.echo(f"PortaBilling is simulated at {platform.url()}")
        tell({f"realm {realm}": platform.url(realm) for realm in REALMS[1:]})
        tell({"login": platform.login, "password": platform.password, "token": platform.token})
        settings = {"url": platform.url(), "login": platform.login} | trust(platform.tls)
        products = {
            f"*{currency}": _Product(f"line-{currency.lower()}", currency, CALLS) for currency in CURRENCIES
        }
        _try_next("softswitch", "portabilling", settings, {"token": platform.token}, month, products)
        wait()


@app.command()
def metroport(port: int = port_option(8450), http: Http = False, month: Month = "2017-06") -> None:
    """A Metroport with a month of a mobile virtual operator's records.

    Example: tollbook simulate metroport --port 8450
    """
    simulators = simulator("simulators.metroport")
    tls = None if http else simulator("simulators.certificate").self_signed(kept_in())
    with running_on(simulators.Simulator(month=month, port=port, tls=tls), port) as platform:
        typer.echo(f"Metroport is simulated at {platform.url}")
        tell({"login": platform.login, "password": platform.password})
        settings = {"api_url": platform.url, "login": platform.login} | trust(tls)
        products = {"": _Product("mobile", "PLN", SERVICES)}
        _try_next("mvno", "metroport", settings, {"password": platform.password}, month, products)
        wait()


@app.command()
def sftp(port: int = port_option(2222), folder: Folder = None) -> None:
    """An SFTP server over a folder.

    Example: tollbook simulate sftp --port 2222
    """
    simulators = simulator("simulators.sftp")
    with served(folder) as root, running_on(simulators.SftpServer(root, port=port), port) as server:
        typer.echo(f"SFTP at {server.host}:{server.port}, folder {root}")
        tell({"login": server.login, "password": server.password, "host key": server.fingerprint})
        settings = {"source": "sftp", "fingerprint": server.fingerprint} | place(server)
        _try_next("drop", "files", settings, {"password": server.password}, None)
        wait()


@app.command()
def ftp(
    port: int = port_option(2121),
    plain: Annotated[bool, typer.Option("--plain", help="Without TLS: FTP instead of FTPS.")] = False,
    folder: Folder = None,
) -> None:
    """An FTP server over a folder.

    Example: tollbook simulate ftp --port 2121
    """
    simulators = simulator("simulators.ftp")
    tls = None if plain else simulator("simulators.certificate").self_signed(kept_in())
    with served(folder) as root, running_on(simulators.FtpServer(root, port=port, tls=tls), port) as server:
        source = "ftps" if tls else "ftp"
        typer.echo(f"{source.upper()} at {server.host}:{server.port}, folder {root}")
        tell({"login": server.login, "password": server.password})
        settings = {"source": source} | place(server) | trust(tls)
        _try_next("drop", "files", settings, {"password": server.password}, None)
        wait()


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
        tell({"certificate to trust": settings["verify"]})
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
