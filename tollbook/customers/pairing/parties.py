"""The two sides: a customer at a platform, and a customer here."""

from dataclasses import dataclass

Identities = tuple[tuple[str, str], ...]  # (scheme, value as written)


@dataclass(frozen=True, slots=True, kw_only=True)
class Theirs:
    """A customer at the platform."""

    foreign_id: str
    code: str = ""
    name: str = ""
    email: str = ""
    postcode: str = ""
    country: str = ""
    identities: Identities = ()
    is_closed: bool = False
    unknown_state: str = ""  # the platform's word for a state that we do not know

    def __str__(self) -> str:
        code = f" ({self.code})" if self.code and self.code != self.foreign_id else ""
        return f"{self.foreign_id}{code} {self.name}".rstrip()


@dataclass(frozen=True, slots=True, kw_only=True)
class Ours:
    """A customer here."""

    id: int
    code: str
    name: str = ""
    email: str = ""
    postcode: str = ""
    country: str = ""
    tax_id: str = ""  # as printed on invoices: a key when it reads as one
    identities: Identities = ()
    is_closed: bool = False

    def __str__(self) -> str:
        return f"{self.code} {self.name}".rstrip()
