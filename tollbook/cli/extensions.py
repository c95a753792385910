"""`tollbook extensions`: the short numbers of a customer's PBX."""

import typer

from tollbook.cli import extension_deeds
from tollbook.cli.extension_upload import template, upload

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Extensions: the short numbers of a customer.")

app.command()(upload)
app.command()(template)
app.command("list")(extension_deeds.list_)
app.command()(extension_deeds.add)
app.command()(extension_deeds.delete)
