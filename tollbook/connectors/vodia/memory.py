"""How something stood before it was suspended, kept on the PBX in a setting of its own.

It is written before anything is changed, and read back: a PBX answers `{}` also when it has dropped it. So whoever
resumes, even by hand, finds what to give back, and nothing of it depends on our own database.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Self
from urllib.parse import parse_qsl, urlencode

BY_CUSTOMER, BY_ACCOUNT = "customer", "account"
KINDS = ACCOUNTS, TRUNKS = "accounts", "trunks"


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """What is kept, as `by=customer&plan=Standard&accounts=203+207`.

    A kind of thing that is None was not touched, so it is left alone again: who disables an extension while its
    tenant's trunks are off had a reason.
    """

    by: str  # whose suspension it was
    plan: str | None = None  # the dial plan before; "" = it had none of its own
    accounts: tuple[str, ...] | None = None  # extensions that were disabled before
    trunks: tuple[str, ...] | None = None  # likewise trunks

    @classmethod
    def read(cls, text: str) -> Self | None:
        """What `str` wrote; None when nothing was kept."""
        told: Mapping[str, str] = dict(parse_qsl(text, keep_blank_values=True))
        if told.get("by") not in {BY_CUSTOMER, BY_ACCOUNT}:
            return None
        off = {kind: tuple(told[kind].split()) for kind in KINDS if kind in told}
        return cls(by=told["by"], plan=told.get("plan"), accounts=off.get(ACCOUNTS), trunks=off.get(TRUNKS))

    def off(self, kind: str) -> tuple[str, ...] | None:
        """What of a kind was disabled before; None: that kind was not touched."""
        return self.accounts if kind == ACCOUNTS else self.trunks

    def with_off(self, kind: str, ids: Iterable[str]) -> Self:
        off = tuple(ids)
        return replace(self, accounts=off) if kind == ACCOUNTS else replace(self, trunks=off)

    def __str__(self) -> str:
        told = {"by": self.by}
        if self.plan is not None:
            told["plan"] = self.plan
        told |= {kind: " ".join(ids) for kind in KINDS if (ids := self.off(kind)) is not None}
        return urlencode(told)
