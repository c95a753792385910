"""`tollbook extensions`: the short numbers of a customer's PBX."""

import typer

from tollbook.cli.extension_upload import template, upload

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Extensions: the short numbers of a customer.")

app.command()(upload)
app.command()(template)
