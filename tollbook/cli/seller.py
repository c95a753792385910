"""`tollbook seller`: who issues the invoices."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from tollbook.billing.documents.invoice import MAX_LOGO_BYTES
from tollbook.billing.documents.view import PNG_SIGNATURE
from tollbook.billing.models import Seller
from tollbook.billing.operations import set_seller
from tollbook.cli.database import open_database
from tollbook.errors import BadInput

app = typer.Typer(
    no_args_is_help=True, add_completion=False, help="The company that stands on invoices as seller."
)

FIELDS = ("name", "street", "postcode", "city", "country", "tax_id", "email", "phone", "bank_name", "iban", "bic")

Text = Annotated[str, typer.Option()]


@app.command("set")
def set_(
    name: Text,
    country: Annotated[str, typer.Option(help="Two letters, as PL.")],
    street: Text = "",
    postcode: Text = "",
    city: Text = "",
    tax_id: Text = "",
    email: Text = "",
    phone: Text = "",
    bank_name: Text = "",
    iban: Text = "",
    bic: Text = "",
    logo: Annotated[Path | None, typer.Option(help="SVG or PNG, at most 256 KiB.")] = None,
) -> None:
    """Set everything that is printed about the seller; what is not given is left out on invoices.

    Example: tollbook seller set --name "Example Telecom Ltd" --country IE --iban IE29AIBK93115212345678
    """
    open_database()
    set_seller(
        name=name,
        country=country,
        street=street,
        postcode=postcode,
        city=city,
        tax_id=tax_id,
        email=email,
        phone=phone,
        bank_name=bank_name,
        iban=iban,
        bic=bic,
        logo=_read_logo(logo) if logo else None,
    )
    show()


@app.command()
def show() -> None:
    """The seller as it is printed."""
    open_database()
    seller = Seller.objects.first()
    if seller is None:
        raise BadInput("there is no seller yet; set it with `tollbook seller set`")
    table = Table(show_header=False)
    for field in FIELDS:
        table.add_row(field.replace("_", " "), getattr(seller, field))
    table.add_row("logo", f"{len(seller.logo):,} bytes" if seller.logo else "none")
    Console().print(table)


def _read_logo(path: Path) -> bytes:
    if not path.is_file():
        raise BadInput(f"{path} is not a file; name an SVG or PNG")
    if path.stat().st_size > MAX_LOGO_BYTES:
        raise BadInput(f"{path} has {path.stat().st_size:,} bytes; a logo has at most {MAX_LOGO_BYTES:,}")
    logo = path.read_bytes()
    if not logo.startswith(PNG_SIGNATURE) and b"<svg" not in logo:
        raise BadInput(f"{path} is neither SVG nor PNG; convert the logo to one of them")
    return logo
