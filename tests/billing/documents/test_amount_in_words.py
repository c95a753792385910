from decimal import Decimal

import pytest

from tollbook.billing.documents.amount_in_words import amount_in_words
from tollbook.errors import BadInput

# Written out by hand from the rules of Polish numerals: 1 złoty; 2-4 złote, but 12-14 złotych; else złotych.
POLISH = """
0.00          zero złotych 00/100
1.00          jeden złoty 00/100
1.99          jeden złoty 99/100
2.05          dwa złote 05/100
4.00          cztery złote 00/100
5.00          pięć złotych 00/100
11.00         jedenaście złotych 00/100
13.00         trzynaście złotych 00/100
21.00         dwadzieścia jeden złotych 00/100
22.00         dwadzieścia dwa złote 00/100
100.00        sto złotych 00/100
101.00        sto jeden złotych 00/100
112.00        sto dwanaście złotych 00/100
123.45        sto dwadzieścia trzy złote 45/100
999.00        dziewięćset dziewięćdziesiąt dziewięć złotych 00/100
1000.00       tysiąc złotych 00/100
1001.00       tysiąc jeden złotych 00/100
2000.00       dwa tysiące złotych 00/100
5016.30       pięć tysięcy szesnaście złotych 30/100
22000.00      dwadzieścia dwa tysiące złotych 00/100
112000.00     sto dwanaście tysięcy złotych 00/100
1000000.00    milion złotych 00/100
3000002.00    trzy miliony dwa złote 00/100
7000000000.00 siedem miliardów złotych 00/100
-15.50        minus piętnaście złotych 50/100
"""
ENGLISH = """
0.00          zero euros 00/100
1.00          one euro 00/100
15.38         fifteen euros 38/100
40.00         forty euros 00/100
42.00         forty-two euros 00/100
100.00        one hundred euros 00/100
101.00        one hundred and one euros 00/100
345.67        three hundred and forty-five euros 67/100
1001.00       one thousand and one euros 00/100
1234.56       one thousand two hundred and thirty-four euros 56/100
20000.00      twenty thousand euros 00/100
1000000.00    one million euros 00/100
2500000.00    two million five hundred thousand euros 00/100
-3.10         minus three euros 10/100
"""


def cases(sheet: str) -> list[list[str]]:
    return [line.split(maxsplit=1) for line in sheet.strip().splitlines()]


@pytest.mark.parametrize(("amount", "words"), cases(POLISH))
def test_polish(amount: str, words: str) -> None:
    assert amount_in_words(Decimal(amount), "PLN", "pl") == words


@pytest.mark.parametrize(("amount", "words"), cases(ENGLISH))
def test_english(amount: str, words: str) -> None:
    assert amount_in_words(Decimal(amount), "EUR", "en") == words


def test_a_currency_without_a_name_is_called_by_its_code_and_has_its_own_decimals() -> None:
    assert amount_in_words(Decimal("7"), "JPY", "en") == "seven JPY"
    assert amount_in_words(Decimal("7.125"), "KWD", "pl") == "siedem KWD 125/1000"


def test_the_largest_amount_has_words_and_the_next_is_refused() -> None:
    assert amount_in_words(Decimal("999999999999.99"), "PLN", "pl").startswith(
        "dziewięćset dziewięćdziesiąt dziewięć miliardów"
    )
    with pytest.raises(BadInput, match="has no words; amounts below 1000000000000 have"):
        amount_in_words(Decimal("1000000000000"), "PLN", "pl")
