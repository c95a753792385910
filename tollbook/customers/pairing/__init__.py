"""Who is who: a platform's customers beside ours. No database: two lists and what people decided in, decisions out."""

from tollbook.customers.pairing.decide import Decisions, Match, decide
from tollbook.customers.pairing.hints import Suggested
from tollbook.customers.pairing.keys import PLATFORM_SCHEME, Key
from tollbook.customers.pairing.parties import Ours, Theirs
from tollbook.customers.pairing.reasons import Conflict, ConflictKind

__all__ = [
    "PLATFORM_SCHEME",
    "Conflict",
    "ConflictKind",
    "Decisions",
    "Key",
    "Match",
    "Ours",
    "Suggested",
    "Theirs",
    "decide",
]
