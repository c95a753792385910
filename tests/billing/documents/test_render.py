"""What stands on the paper: text taken out of the PDF, and pixels of its pages."""

import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl
import pytest

from tollbook.billing.documents import call_view, render
from tollbook.billing.documents.invoice import (
    BankAccount,
    InvoiceDocument,
    Party,
    PriceBasis,
    TaxCategory,
    TaxRate,
    TaxTotal,
)
from tollbook.billing.documents.render import render_invoice
from tollbook.errors import BadInput

MakeInvoice = Callable[..., InvoiceDocument]
ReadCalls = Callable[[str], pl.DataFrame]
MakeCalls = Callable[[int], pl.DataFrame]
ReadPages = Callable[[bytes], list[str]]

REVERSE_CHARGE = TaxRate(Decimal(0), TaxCategory.REVERSE_CHARGE)
THREE_CALLS = """
48225550100 | Recepcja | 2017-05-31 22:30:00 | 48601234567  | Polska, komórkowe | 61   | 0.0290
48225550100 | Recepcja | 2017-06-01 10:00:00 | 442079460958 | Wielka Brytania   | 3600 | 1.2
48225550101 | -        | 2017-06-02 07:15:09 | 112          | Alarmowe          | 30   | 0
"""


def test_a_polish_invoice_says_all_that_the_law_asks_for(invoice: MakeInvoice, pages: ReadPages) -> None:
    [page] = pages(render_invoice(invoice(notes=("Zwolnienie: art. 43 ust. 1 pkt 29 ustawy.",)), language="pl"))

    for text in (
        "Faktura",
        "FV/2017/06/0001",
        "Data wystawienia Okres sprzedaży Termin płatności Forma płatności",
        "01.07.2017 01.06.2017 – 30.06.2017 15.07.2017 Przelew",
        "Sprzedawca Nabywca",
        "Łączność Bałtycka sp. z o.o. Transport „Żuraw” s.c.",
        "ul. Długa 12/4 ul. Święty Marcin 118",
        "NIP 583-000-12-34",
        "NIP UE PL5830001234",
        "NIP 777-11-22-333",
        "Lp. Nazwa usługi Ilość Czas Stawka VAT Wartość netto Kwota VAT Wartość brutto",
        "Bank Przykładowy S.A.",
        "PL61 1090 1014 0000 0712 1981 2874",
        "EXAMPLPP",
        "Zwolnienie: art. 43 ust. 1 pkt 29 ustawy.",
        "Strona 1 z 1",
    ):
        assert text in page


def test_lines_stand_under_their_service_and_tax_is_summed_by_rate(invoice: MakeInvoice, pages: ReadPages) -> None:
    [page] = pages(render_invoice(invoice(), language="pl"))

    for text in (
        "1 Abonament Biznes 2 mies. 23% 98,00 22,54 120,54",
        "Połączenia wychodzące\n2 Polska, komórkowe 10 poł. 0:20:00 23% 5,80 1,33 7,13",
        "3 Wielka Brytania 3 poł. 1:10:15 23% 1,23 0,28 1,51",
        "4 Korekta za maj 23% −2,00 −0,46 −2,46",
        "5 Szkolenie 1 szt. zw. 10,00 0,00 10,00",
        "Razem 113,03 23,70 136,73",
        "W tym",
        "23% 103,03 23,70 126,73",
        "zw. 10,00 0,00 10,00",
        "Do zapłaty do 15.07.2017 136,73 zł",
        "Słownie: sto trzydzieści sześć złotych 73/100",
    ):
        assert text in page


def test_an_english_invoice_writes_english_figures(invoice: MakeInvoice, pages: ReadPages) -> None:
    lines = "Line rental | - | 1 | month | - | 1234.50 | 23 | 283.94 | 1518.44"
    total = TaxTotal(
        tax_rate=TaxRate(Decimal(23)), net=Decimal("1234.50"), tax=Decimal("283.94"), gross=Decimal("1518.44")
    )

    document = invoice(lines=lines, tax_totals=(total,), currency="EUR", paid=Decimal("18.44"))
    [page] = pages(render_invoice(document, language="en"))

    for text in (
        "Invoice",
        "2017-07-01 2017-06-01 – 2017-06-30 2017-07-15 Bank transfer",
        "1 Line rental 1 month 23% 1,234.50 283.94 1,518.44",
        "Already paid €18.44",
        "Total to pay by 2017-07-15 €1,500.00",
        "In words: one thousand five hundred euros 00/100",
        "Page 1 of 1",
    ):
        assert text in page


def test_calls_are_listed_by_account_in_the_customers_time(
    invoice: MakeInvoice, call_list: ReadCalls, pages: ReadPages
) -> None:
    _, page = pages(render_invoice(invoice(calls=call_list(THREE_CALLS)), language="pl"))

    # 22:30 UTC is half past midnight of the next day in Warsaw in summer. 0.0290 needs three decimals: 0,029.
    for text in (
        "Wykaz połączeń",
        "Godziny w strefie czasowej Europe/Warsaw. Ceny w PLN.",
        "Konto +48 22 555 01 00 · Recepcja",
        "Data Godzina Z numeru Na numer Kierunek Czas Cena netto",
        "01.06.2017 00:30:00 +48 22 555 01 00 +48 601 234 567 Polska, komórkowe 0:01:01 0,029",
        "01.06.2017 12:00:00 +48 22 555 01 00 +44 20 7946 0958 Wielka Brytania 1:00:00 1,200",
        "Razem konto · Połączenia: 2 1:01:01 1,229",
        "02.06.2017 09:15:09 +48 22 555 01 01 112 Alarmowe 0:00:30 0,000",
        "Razem konto · Połączenia: 1 0:00:30 0,000",
        "Razem 3 1:01:31 1,229",
    ):
        assert text in page


def test_free_calls_can_be_left_out_and_are_counted(
    invoice: MakeInvoice, call_list: ReadCalls, pages: ReadPages
) -> None:
    document = invoice(calls=call_list(THREE_CALLS), show_free_calls=False)
    _, page = pages(render_invoice(document, language="pl"))

    assert "Alarmowe" not in page
    assert "Połączenia bezpłatne, nieujęte w wykazie: 1." in page


def test_prices_with_tax_are_called_gross(invoice: MakeInvoice, call_list: ReadCalls, pages: ReadPages) -> None:
    # Gross 120.54 + 7.13 + 1.51 - 2.46 = 126.72, of which 23/123 is 23.6956, so 23.70.
    totals = (
        TaxTotal(
            tax_rate=TaxRate(Decimal(23)), net=Decimal("103.02"), tax=Decimal("23.70"), gross=Decimal("126.72")
        ),
        invoice().tax_totals[1],
    )
    document = invoice(price_basis=PriceBasis.GROSS, tax_totals=totals, calls=call_list(THREE_CALLS))
    first, calls = pages(render_invoice(document, language="pl"))

    assert "Razem 113,02 23,70 136,72" in first
    assert "Cena brutto" in calls


def test_a_thousand_calls_repeat_their_heading_on_every_page(
    invoice: MakeInvoice, many_calls: MakeCalls, pages: ReadPages
) -> None:
    first, *rest = pages(render_invoice(invoice(calls=many_calls(1_000)), language="en"))

    total = len(rest) + 1
    assert total > 15
    assert f"Page 1 of {total}" in first
    for number, page in enumerate(rest, start=2):
        assert "Invoice no. FV/2017/06/0001 Transport „Żuraw” s.c." in page
        assert "Account +48 22 555 01 00 · Recepcja" in page
        assert "Date Time From To Destination Duration Price, net" in page
        assert f"Page {number} of {total}" in page
    assert sum(page.count("+48 601 234 567") for page in rest) == 1_000
    assert "Subtotal · Calls: 1,000 16:40:00 100.00" in rest[-1]


def test_a_list_too_long_to_print_shows_its_sums_and_points_to_the_csv(
    invoice: MakeInvoice, many_calls: MakeCalls, pages: ReadPages
) -> None:
    calls = many_calls(call_view.MAX_PRINTED_CALLS + 1)
    _, page = pages(render_invoice(invoice(calls=calls), language="en"))

    assert "These 2,001 calls are listed one by one in the CSV file" in page
    assert "+48 22 555 01 00 Recepcja 2,001 33:21:00 200.10" in page
    assert "+48 601 234 567" not in page


@pytest.mark.parametrize(
    "name",
    [
        "#1 Best* _Value_ $5 @me",
        r"back\slash `a` <b> ~ // c",
        '"quotes" #{sys} [b] {c}',
        "= heading - list + list",
        "https://a.example /* */ \\u{41}",
    ],
)
def test_a_name_is_never_markup(invoice: MakeInvoice, call_list: ReadCalls, pages: ReadPages, name: str) -> None:
    document = invoice(
        buyer=Party(name=name, address=(name,)),
        lines=tuple(replace(line, service=name) for line in invoice().lines[-1:]),
        tax_totals=invoice().tax_totals[-1:],
        notes=(name,),
        payment_reference=name,
        calls=call_list(f"48225550100 | {name} | 2017-06-01 08:00:00 | 112 | {name} | 30 | 0"),
    )
    first, second = pages(render_invoice(document, language="en"))

    assert first.count(name) == 5  # name, address, line, note, reference
    assert second.count(name) == 3  # head of the page, account, destination


def test_line_breaks_in_a_name_do_not_tear_the_page(invoice: MakeInvoice, pages: ReadPages) -> None:
    [page] = pages(render_invoice(invoice(buyer=Party(name="Kolej\x00na\nNord", address=())), language="en"))

    assert "Kolej na Nord" in page


def test_without_charges_bank_or_calls_it_is_one_page_that_asks_for_nothing(
    invoice: MakeInvoice, pages: ReadPages
) -> None:
    document = invoice(lines=(), tax_totals=(), bank_account=None)
    [page] = pages(render_invoice(document, language="en"))

    assert "No charges in this period." in page
    assert "Total to pay PLN 0.00" in page
    assert "Payment details" not in page


def test_a_bank_without_a_name_has_no_line(invoice: MakeInvoice, pages: ReadPages) -> None:
    unnamed = BankAccount(bank_name="", iban="PL61109010140000071219812874", bic="")
    [page] = pages(render_invoice(invoice(bank_account=unnamed), language="pl"))

    assert "PL61 1090 1014 0000 0712 1981 2874" in page
    assert "Bank\n" not in page


def test_a_credit_is_a_balance_in_the_customers_favour(invoice: MakeInvoice, pages: ReadPages) -> None:
    [page] = pages(render_invoice(invoice(paid=Decimal("200.00")), language="pl"))

    # 136.73 - 200.00 = -63.27
    assert "Do zwrotu 63,27 zł" in page
    assert "Słownie: sześćdziesiąt trzy złote 27/100" in page


def test_reverse_charge_is_named(invoice: MakeInvoice, pages: ReadPages) -> None:
    lines = "Consulting | - | 1 | piece | - | 10.00 | 23 | 0.00 | 10.00"
    line = replace(invoice(lines=lines.replace("23", "zw."), tax_totals=invoice().tax_totals[1:]).lines[0])
    total = TaxTotal(tax_rate=REVERSE_CHARGE, net=Decimal(10), tax=Decimal(0), gross=Decimal(10))
    document = invoice(lines=(replace(line, tax_rate=REVERSE_CHARGE),), tax_totals=(total,))

    assert "Consulting 1 szt. o.o. 10,00 0,00 10,00" in pages(render_invoice(document, language="pl"))[0]


def test_the_same_invoice_gives_the_same_bytes(invoice: MakeInvoice, call_list: ReadCalls) -> None:
    first = render_invoice(invoice(calls=call_list(THREE_CALLS)), language="pl")
    second = render_invoice(invoice(calls=call_list(THREE_CALLS)), language="pl")

    assert first == second


def test_every_font_is_ours_and_inside_the_file(invoice: MakeInvoice, tmp_path: Path) -> None:
    file = tmp_path / "invoice.pdf"
    file.write_bytes(render_invoice(invoice(), language="pl"))
    listing = subprocess.run(["pdffonts", file], check=True, capture_output=True, text=True).stdout

    fonts = [row.split() for row in listing.splitlines()[2:]]
    assert sorted(font[0].split("+")[1] for font in fonts) == [
        "Inter-Regular-Identity-H",
        "Inter-SemiBold-Identity-H",
    ]
    assert {font[-5] for font in fonts} == {"yes"}  # embedded


def test_a_warning_of_the_typesetter_is_a_failure(
    invoice: MakeInvoice, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    template = tmp_path / "invoice.typ"
    template.write_text('#set text(font: "No Such Family")\nHello')
    monkeypatch.setattr(render, "TEMPLATE", template)

    with pytest.raises(BadInput, match="unknown font family: no such family"):
        render_invoice(invoice(), language="en")


def test_a_sign_the_font_lacks_is_refused_and_never_a_box(invoice: MakeInvoice) -> None:
    with pytest.raises(BadInput, match=r"漢.*Latin, Greek or Cyrillic"):
        render_invoice(invoice(buyer=Party(name="漢字", address=())), language="en")


def test_a_language_without_words_is_refused(invoice: MakeInvoice) -> None:
    with pytest.raises(BadInput, match="there are no words for the language 'xx'; there are en, pl"):
        render_invoice(invoice(), language="xx")


SVG = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 900 60"><rect width="900" height="60"/></svg>'


def test_nothing_runs_over_the_margins(
    invoice: MakeInvoice, call_list: ReadCalls, many_calls: MakeCalls, tmp_path: Path
) -> None:
    long_word = "Przedsiębiorstwo" * 8
    hard = invoice(
        number="FV/" + "2017/" * 12 + "1",
        seller=Party(name=long_word, address=(long_word,), contact=(long_word,)),
        buyer=Party(name=long_word, address=(long_word, long_word)),
        lines=f"{long_word} | {long_word} | 123456789 | call | 99999999 | 123456789.12 | zw. | 0 | 123456789.12",
        tax_totals=(replace(invoice().tax_totals[1], net=Decimal("123456789.12"), gross=Decimal("123456789.12")),),
        calls=call_list(
            f"{'9' * 40} | {long_word} | 2017-06-01 08:00:00 | {'8' * 40} | {long_word} | 9 | 12345678"
        ),
        logo=SVG,
        notes=(long_word,),
        payment_reference=long_word,
    )

    for document in (invoice(calls=many_calls(100)), hard):
        for page in grey_pages(render_invoice(document, language="pl"), tmp_path):
            dark = np.argwhere(page < 250) * 25.4 / 50  # row and column in millimetres
            top, left = dark.min(axis=0)
            bottom, right = dark.max(axis=0)
            assert top >= 9
            assert left >= 17
            assert right <= 193
            assert bottom <= 287


def grey_pages(pdf: bytes, folder: Path) -> Iterator[npt.NDArray[np.uint8]]:
    """Each page as a table of pixels, 50 to the inch, 0 is black."""
    (folder / "invoice.pdf").write_bytes(pdf)
    subprocess.run(["pdftoppm", "-gray", "-r", "50", folder / "invoice.pdf", folder / "page"], check=True)
    for file in sorted(folder.glob("page-*.pgm")):
        _, size, _, pixels = file.read_bytes().split(b"\n", 3)
        width, height = map(int, size.split())
        yield np.frombuffer(pixels, dtype=np.uint8).reshape(height, width)
        file.unlink()
