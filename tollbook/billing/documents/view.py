"""What is printed, as plain text ready to be set: the invoice in the figures and words of one language.

Only texts go to the typesetter. They are data there, never markup, so a name may hold any sign.
"""

from collections.abc import Iterator
from itertools import groupby
from typing import Any

from tollbook.billing.documents.amount_in_words import amount_in_words
from tollbook.billing.documents.call_view import calls_view
from tollbook.billing.documents.figures import Figures, duration, iban
from tollbook.billing.documents.invoice import InvoiceDocument, InvoiceLine, Party, TaxTotal
from tollbook.billing.documents.printable import LONGEST_COPIED, printable
from tollbook.errors import BadInput

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"


def invoice_view(document: InvoiceDocument, figures: Figures) -> dict[str, Any]:
    """The document as nested dicts and lists of text, for `invoice.typ`."""
    return {
        "language": figures.language,
        "words": figures.words,
        "number": printable(document.number, LONGEST_COPIED),
        "logo": _logo(document),
        "seller": _party(document.seller, figures),
        "buyer": _party(document.buyer, figures),
        "facts": _facts(document, figures),
        "lines": list(_lines(document, figures)),
        "lines_remark": _lines_remark(document, figures),
        "tax_totals": [_tax_total(total, document, figures) for total in document.tax_totals],
        "totals": _totals(document, figures),
        "payment": list(_payment(document, figures)),
        "notes": [printable(note) for note in document.notes],
        "calls": calls_view(document, figures),
    }


def _logo(document: InvoiceDocument) -> dict[str, Any] | None:
    if document.logo is None:
        return None
    if document.logo.startswith(PNG_SIGNATURE):
        return {"format": "png", "bytes": list(document.logo)}
    if b"<svg" in document.logo:
        return {"format": "svg", "bytes": list(document.logo)}
    raise BadInput(f"invoice {document.number}: the logo is neither PNG nor SVG; save it as one of them")


def _party(party: Party, figures: Figures) -> dict[str, Any]:
    return {
        "name": printable(party.name),
        "address": [printable(line) for line in party.address],
        "tax_ids": [
            {
                "name": figures.words["tax_id"][tax_id.kind.value],
                "number": printable(tax_id.number, LONGEST_COPIED),
            }
            for tax_id in party.tax_ids
        ],
        "contact": [printable(line, LONGEST_COPIED) for line in party.contact],
    }


def _facts(document: InvoiceDocument, figures: Figures) -> list[dict[str, str]]:
    words = figures.words
    values = {
        "issue_date": figures.day(document.issue_date),
        "period": figures.period(document.period_since, document.period_until),
        "due_date": figures.day(document.due_date),
        "payment_method": words["method"][document.payment_method.value],
    }
    return [{"name": words["facts"][key], "value": value} for key, value in values.items()]


def _lines(document: InvoiceDocument, figures: Figures) -> Iterator[dict[str, Any]]:
    """Rows of the table: a service with several destinations becomes a title with a row for each."""
    position = 0
    for service, group in groupby(document.lines, key=lambda line: line.service):
        lines = list(group)
        is_titled = len(lines) > 1 and all(line.destination for line in lines)
        if is_titled:
            yield {"title": printable(service)}
        for line in lines:
            position += 1
            parts = [line.destination] if is_titled else [line.service, line.destination]
            text = " \u00b7 ".join(printable(part) for part in parts if part)
            yield {
                "position": str(position),
                "text": text,
                "is_under_title": is_titled,
                **_line_figures(line, document, figures),
            }


def _lines_remark(document: InvoiceDocument, figures: Figures) -> str:
    words = figures.words["lines"]
    remarks = [words["amounts_in"].format(currency=document.currency)]
    if any(line.duration_s is not None for line in document.lines):
        remarks.append(words["times_in"])
    return " ".join(remarks)


def _line_figures(line: InvoiceLine, document: InvoiceDocument, figures: Figures) -> dict[str, str]:
    return {
        "quantity": "" if line.quantity is None else figures.quantity(line.quantity, line.unit),
        "time": "" if line.duration_s is None else duration(line.duration_s),
        "net": figures.amount(line.net, document.currency),
        "rate": figures.tax_rate(line.tax_rate),
        "tax": figures.amount(line.tax, document.currency),
        "gross": figures.amount(line.gross, document.currency),
    }


def _tax_total(total: TaxTotal, document: InvoiceDocument, figures: Figures) -> dict[str, str]:
    return {
        "rate": figures.tax_rate(total.tax_rate),
        "net": figures.amount(total.net, document.currency),
        "tax": figures.amount(total.tax, document.currency),
        "gross": figures.amount(total.gross, document.currency),
    }


def _totals(document: InvoiceDocument, figures: Figures) -> dict[str, str]:
    words = figures.words["payment"]
    is_owed = document.to_pay >= 0
    asked = abs(document.to_pay)
    return {
        "net": figures.amount(document.total_net, document.currency),
        "tax": figures.amount(document.total_tax, document.currency),
        "gross": figures.amount(document.total_gross, document.currency),
        "paid": figures.money(document.paid, document.currency) if document.paid else "",
        "name": words["to_pay" if is_owed else "credit"],
        "to_pay": figures.money(asked, document.currency),
        "by": words["by"].format(date=figures.day(document.due_date)) if document.to_pay > 0 else "",
        "in_words": amount_in_words(asked, document.currency, figures.language),
    }


def _payment(document: InvoiceDocument, figures: Figures) -> Iterator[dict[str, str]]:
    words, account = figures.words["payment"], document.bank_account
    if account is None:
        return
    if account.bank_name:
        yield {"name": words["bank"], "value": printable(account.bank_name)}
    yield {"name": words["iban"], "value": iban(account.iban)}
    reference = document.payment_reference or document.number
    if account.bic:
        yield {"name": words["bic"], "value": printable(account.bic)}
    yield {"name": words["reference"], "value": printable(reference, LONGEST_COPIED)}
