"""The ledger in Beancount's words: names of accounts, amounts, quoted text. No database."""

import re
from collections.abc import Iterable

from tollbook.ledger.models import LedgerAccount
from tollbook.money import MAX_DECIMALS, NANOS_PER_UNIT

FEWEST_DECIMALS = 2

# What stands before the detail of a ledger account; a receivable's detail is its customer.
ROOTS = {
    LedgerAccount.Kind.RECEIVABLE: "Assets:Receivable",
    LedgerAccount.Kind.REVENUE: "Income:Usage",
    LedgerAccount.Kind.TAX: "Liabilities:Tax",
    LedgerAccount.Kind.ROUNDING: "Income:Rounding",
    LedgerAccount.Kind.CASH: "Assets:Payments",
}
# What is sold besides usage.
SALES = {"fee": "Income:Fees", "charge": "Income:Charges", "credit": "Income:Credits"}


def account_name(kind: str, detail: str) -> str:
    """`revenue`, `voice_out` is Income:Usage:VoiceOut; `tax`, `23.00` is Liabilities:Tax:23-00; a fee Income:Fees."""
    if kind == LedgerAccount.Kind.REVENUE and detail in SALES:
        return SALES[detail]
    root = ROOTS[LedgerAccount.Kind(kind)]
    words = re.split(r"[^A-Za-z0-9.]+", detail)
    return f"{root}:{legal(''.join(word[:1].upper() + word[1:] for word in words))}" if detail else root


def customer_names(codes: Iterable[tuple[int, str]]) -> dict[int, str]:
    """A name for each customer (id, code) that no other has: Assets:Receivable:Acme.

    Where two codes come to the same name, the customer that was there first keeps it, and the id is added to the
    other. So a customer's name stays the same from export to export.
    """
    names: dict[int, str] = {}
    taken: set[str] = set()
    for customer_id, code in sorted(codes):
        name = legal(code)
        while name in taken:
            name = f"{name}-{customer_id}"
        taken.add(name)
        names[customer_id] = f"{ROOTS[LedgerAccount.Kind.RECEIVABLE]}:{name}"
    return names


def legal(code: str) -> str:
    """A code as part of an account name: letters, digits and hyphens, a capital or a digit first."""
    name = re.sub(r"[^A-Za-z0-9]", "-", code)
    name = name[:1].upper() + name[1:]
    return name if name[:1].isalnum() else f"X{name}"


def decimals_needed(amounts: Iterable[int]) -> int:
    """With how many decimals all these nano-units are exact, at least two.

    Beancount lets a transaction be off by half of the last digit written. When all its amounts have the same
    decimals, that is less than any of them can be off by.
    """
    needed = FEWEST_DECIMALS
    for nanos in amounts:
        while nanos % 10 ** (MAX_DECIMALS - needed):
            needed += 1
    return needed


def amount(nanos: int, decimals: int) -> str:
    """1_500_000_000 at two decimals is 1.50. Integers only; `decimals` must be enough (`decimals_needed`)."""
    whole, rest = divmod(abs(nanos), NANOS_PER_UNIT)
    return f"{'-' if nanos < 0 else ''}{whole}.{rest:09d}"[: decimals - MAX_DECIMALS or None]


def quoted(text: str) -> str:
    """Text as Beancount reads it."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
