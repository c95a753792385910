"""`tollbook custom-fields`: fields of your own with customers and accounts."""

from typing import Annotated

import typer

from tollbook.cli.database import open_database
from tollbook.cli.listing import print_list
from tollbook.customers.models import CustomField
from tollbook.customers.operations.custom_fields import remove_custom_field, set_custom_field

app = typer.Typer(
    no_args_is_help=True, add_completion=False, help="Custom fields: what you keep with customers and accounts."
)
Of = Annotated[CustomField.Of, typer.Argument(help="With whom it is kept.")]
Name = Annotated[str, typer.Argument(help="The field's name, as clients of the API ask for it.")]


@app.command("set")
def set_(
    of: Of,
    name: Name,
    default: Annotated[str, typer.Option(help="What it says where nobody has said anything.")] = "",
) -> None:
    """Keep a field with every customer, or with every account. Its values come by the API. Safe to repeat.

    Example: tollbook custom-fields set account "ICCID of the SIM"
    """
    open_database()
    field = set_custom_field(of=of, name=name, default=default)
    typer.echo(f"field {field.pk}: {field.name!r} of every {field.of}")


@app.command()
def remove(of: Of, name: Name) -> None:
    """Keep a field no longer; refused while somebody has a value in it.

    Example: tollbook custom-fields remove account "ICCID of the SIM"
    """
    open_database()
    remove_custom_field(of=of, name=name)
    typer.echo(f"removed: {name!r}")


@app.command("list")
def list_(as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False) -> None:
    """The fields there are, with the numbers by which the API knows them.

    Example: tollbook custom-fields list
    """
    open_database()
    rows = list(CustomField.objects.order_by("of", "name").values("id", "of", "name", "default"))
    print_list(rows, as_json=as_json, empty="there is none; make one with `tollbook custom-fields set`")
