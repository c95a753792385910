"""`tollbook up`: web, worker, scheduler, what takes pushed records, and what sends events."""

import os
import socket
from pathlib import Path
from typing import Annotated

import typer
from django.conf import settings

from tollbook.access.options import options
from tollbook.cli.database import open_database
from tollbook.errors import BadInput
from tollbook.up.certificate import check_certificate, trial_certificate
from tollbook.up.child import EVENTS, PUSH, REALMS, SCHEDULER, WEB, WORKER, command
from tollbook.up.logs import JSON_VARIABLE, set_up_logs
from tollbook.up.supervisor import Child, Patience, Supervisor

app = typer.Typer(add_completion=False)
FAILED = 1


@app.command()
def up(
    host: Annotated[str, typer.Option(help="The address to listen at.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="The port to listen at.")] = 8000,
    stop_within: Annotated[
        int, typer.Option(min=2, max=3600, metavar="SECONDS", help="For running jobs to finish when told to stop.")
    ] = 30,
    tls: Annotated[
        tuple[Path, Path] | None,
        typer.Option(
            metavar="CERT KEY", help="Answer by HTTPS: the certificate (with its chain) and its key, PEM."
        ),
    ] = None,
    tls_trial: Annotated[
        bool, typer.Option("--tls-trial", help="HTTPS with a certificate that nobody has signed, made for trials.")
    ] = False,
    portabilling_ports: Annotated[
        str,
        typer.Option(
            metavar="ADMIN,CUSTOMER,ACCOUNT",
            help="Further ports, each for one realm of the PortaBilling-compatible API, as 8443,8444,8445.",
        ),
    ] = "",
    log_json: Annotated[bool, typer.Option("--log-json", help="Log lines as JSON.")] = False,
) -> None:
    """Run it all: collect on schedule, send alarms, answer on the web. Ctrl-C or SIGTERM stops it.

    Example: tollbook up --port 8000
    """
    if tls_trial and tls is not None:
        raise BadInput("--tls and --tls-trial exclude each other; leave one out")
    pair = trial_certificate(folder=settings.TOLLBOOK_HOME, host=host) if tls_trial else tls
    if pair is not None:
        check_certificate(*pair)
    options()
    realm_ports = ports_of_realms(portabilling_ports, but=port)
    for one in (port, *realm_ports.values()):
        see_that_it_is_free(host, one)
    if log_json:
        os.environ[JSON_VARIABLE] = "1"
    set_up_logs("up")
    open_database()
    children = [
        Child(name=role, command=command(role, host=host, port=port, stop_s=stop_within, tls=pair))
        for role in (WEB, WORKER, SCHEDULER, PUSH, EVENTS)
    ]
    children += [
        Child(
            name=f"{WEB} {realm}",
            command=command(WEB, host=host, port=one, stop_s=stop_within, tls=pair, realm=realm),
        )
        for realm, one in realm_ports.items()
    ]
    typer.echo(f"{'https' if pair else 'http'}://{host}:{port}/health", err=True)
    if not Supervisor(children=children, patience=Patience(stop=stop_within)).run():
        raise typer.Exit(FAILED)


def ports_of_realms(text: str, *, but: int) -> dict[str, int]:
    """The port of each realm; none where nothing is written.

    Raises:
        BadInput: they are not three different ports, other than `but`.
    """
    if not text.strip():
        return {}
    words = [word.strip() for word in text.split(",")]
    ports = [int(word) for word in words if word.isdecimal() and len(word) < 6 and 1 <= int(word) <= 65_535]
    if len(ports) != len(words) or len(ports) != len(REALMS) or len({but, *ports}) != len(REALMS) + 1:
        raise BadInput(
            f"--portabilling-ports {text}: give three ports for {', '.join(REALMS)}, all different and other than "
            f"--port {but}, as 8443,8444,8445"
        )
    return dict(zip(REALMS, ports, strict=True))


def see_that_it_is_free(host: str, port: int) -> None:
    """Find out now rather than from a web process that dies again and again.

    Raises:
        BadInput: nobody can listen there.
    """
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        with socket.create_server((host, port), family=family):
            pass
    except OSError as error:
        reason = error.strerror if isinstance(error, socket.gaierror) else os.strerror(error.errno or 0)
        raise BadInput(f"{host}:{port}: {reason}; give another --port or --host") from None
