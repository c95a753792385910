"""Checksums by hand.

NIP 123456321?: weights 6 5 7 2 3 4 5 6 7 give 6+10+21+8+15+24+15+12+7 = 118, and 118 mod 11 = 8.
PESEL 4405140135?: weights 1 3 7 9 1 3 7 9 1 3 give 4+12+0+45+1+12+0+9+3+15 = 101, and 10 - 1 = 9.
Identity card ABS?23456: A, B, S are 10, 11, 28; weights 7 3 1, then 7 3 1 7 3 for the last five digits, give
70+33+28 + 14+9+4+35+18 = 211; the check digit counts nine times, and 211 + 9·1 is a multiple of ten.
"""

from collections.abc import Callable

import pytest

from tollbook.customers.identities import id_card, nip, pesel, vat_id


def test_a_right_checksum_is_kept_as_plain_digits() -> None:
    assert nip("123-456-32-18") == "1234563218"
    assert pesel("44051401359") == "44051401359"
    assert vat_id("pl 123 456 32 18") == "PL1234563218"


@pytest.mark.parametrize("digits", ["1234563219", "123456321", "123456321A"])
def test_a_wrong_nip_is_refused(digits: str) -> None:
    with pytest.raises(ValueError, match="is not a NIP"):
        nip(digits)


@pytest.mark.parametrize("digits", ["44051401358", "4405140135"])
def test_a_wrong_pesel_is_refused(digits: str) -> None:
    with pytest.raises(ValueError, match="is not a PESEL"):
        pesel(digits)


@pytest.mark.parametrize("text", ["PL1234563219", "1234563218", "XX123", "DE1"])
def test_a_wrong_vat_id_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a VAT id"):
        vat_id(text)


def test_an_identity_card_is_in_capitals_without_blanks() -> None:
    assert id_card("abs 123456") == "ABS123456"


def test_a_document_of_another_country_is_taken_as_it_is() -> None:
    assert id_card("ci 00123-xy") == "CI00123XY"


@pytest.mark.parametrize("text", ["ABS223456", "ABT123456", "AB", "ABS 123/456"])
def test_a_wrong_identity_card_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not an identity card"):
        id_card(text)


@pytest.mark.parametrize("scheme", [nip, pesel, id_card, vat_id])
@pytest.mark.parametrize("text", ["0000000000", "000-000-00-00", "PL 00 0000 0000", "000"])
def test_nothing_but_zeros_is_nobodys(scheme: Callable[[str], str], text: str) -> None:
    with pytest.raises(ValueError, match="nothing but zeros"):
        scheme(text)
