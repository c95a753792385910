"""The invoice as PDF/A, set by Typst with the font that is shipped: the same file on every machine, every time."""

import json
from datetime import UTC, datetime, time
from functools import cache
from pathlib import Path
from typing import Literal

import typst

from tollbook.billing.documents.figures import Figures
from tollbook.billing.documents.invoice import InvoiceDocument
from tollbook.billing.documents.view import invoice_view
from tollbook.errors import BadInput

FOLDER = Path(__file__).parent
TEMPLATE = FOLDER / "invoice.typ"
FONTS = FOLDER / "fonts"

# Made to be kept for years, every sign with its Unicode, and other files (a structured invoice) may be attached.
# Typst refuses it when a sign has no letter form in the fonts, so no box is ever printed in place of a letter.
PDF_STANDARD: Literal["a-3u"] = "a-3u"


def render_invoice(document: InvoiceDocument, *, language: str) -> bytes:
    """The invoice as PDF, in one of `words.languages()`. The same document gives the same bytes.

    Raises:
        BadInput: there are no words for the language, or something on the invoice cannot be printed: a logo that
            is no picture, a sign that the fonts lack.
    """
    view = invoice_view(document, Figures(language))
    issued_at = datetime.combine(document.issue_date, time(), UTC)  # not the clock: the same file next year
    try:
        pdf, warnings = typst.compile_with_warnings(
            TEMPLATE,
            root=TEMPLATE.parent,
            font_paths=_fonts(),
            ignore_system_fonts=True,
            sys_inputs={"invoice": json.dumps(view)},
            pdf_standards=PDF_STANDARD,
            timestamp=issued_at,
        )
    except typst.TypstError as error:
        raise BadInput(
            f"invoice {document.number} cannot be printed: {error.message}; {_next_step(error)}"
        ) from None
    if warnings:  # a font that is not there, a layout that does not settle: it would not look as it was designed
        raise BadInput(
            f"invoice {document.number} cannot be printed: {warnings[0].message}; the template is wrong"
        )
    return pdf


def _next_step(error: typst.TypstError) -> str:
    if "could not be displayed" in error.message:
        return "write it in Latin, Greek or Cyrillic letters"
    return "; ".join(error.hints) or "look at the logo and at the texts of this invoice"


@cache
def _fonts() -> typst.Fonts:
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=True, font_paths=[FONTS])
