"""How something stood before it was suspended, kept on the PBX in a setting of its own.

It is written before anything is changed, and read back: a PBX answers `{}` also when it has dropped it. So whoever
resumes, even by hand, finds what to give back, and nothing of it depends on our own database.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self
from urllib.parse import parse_qsl, urlencode

BY_CUSTOMER, BY_ACCOUNT = "customer", "account"


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """What is kept, as `by=customer&plan=Standard&off=203+207`."""

    by: str  # whose suspension it was
    plan: str | None = None  # the dial plan before; "" = it had none of its own
    off: tuple[str, ...] | None = None  # what was disabled before: extensions, or trunks

    @classmethod
    def read(cls, text: str) -> Self | None:
        """What `str` wrote; None when nothing was kept."""
        told: Mapping[str, str] = dict(parse_qsl(text, keep_blank_values=True))
        if told.get("by") not in {BY_CUSTOMER, BY_ACCOUNT}:
            return None
        off = tuple(told["off"].split()) if "off" in told else None
        return cls(by=told["by"], plan=told.get("plan"), off=off)

    def __str__(self) -> str:
        told = {"by": self.by}
        if self.plan is not None:
            told["plan"] = self.plan
        if self.off is not None:
            told["off"] = " ".join(self.off)
        return urlencode(told)
