"""`tollbook connection`: the platforms usage comes from, how each is reached, and how its records are read."""

import typer

from tollbook.cli.connection.add import add
from tollbook.cli.connection.confirm import confirm
from tollbook.cli.connection.kinds import kinds, settings
from tollbook.cli.connection.look import list_, show
from tollbook.cli.connection.password import password
from tollbook.cli.connection.presets import presets
from tollbook.cli.connection.remove import remove
from tollbook.cli.connection.trial import try_out

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="Connections: the platforms usage comes from, how each is reached, and how its records are read.",
)
app.command()(add)
app.command("list")(list_)
app.command()(show)
app.command("test")(try_out)
app.command()(confirm)
app.command()(kinds)
app.command()(settings)
app.command()(presets)
app.command()(password)
app.command()(remove)
