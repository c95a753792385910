"""Hints: what speaks for two being the same without proving it. They only make suggestions, which a person accepts."""

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain

from tollbook.customers.pairing.keys import Key
from tollbook.customers.pairing.parties import Ours, Theirs

# Points out of 100; they add up.
KEY_IN_CONFLICT = 90
SAME_EMAIL, SHARED_EMAIL = 60, 30  # shared: an accountant's, who writes for several
SAME_NAME, PART_OF_NAME = 55, 40
SAME_POSTCODE = 10  # only beside another hint
LEAST_SCORE, HIGHEST_SCORE = 50, 99
MOST_PER_CUSTOMER = 3
LEAST_WORDS = 2  # of a name that is part of another
COMMON_WORD = 200  # a word in more names than that says nothing
LEGAL_FORMS = frozenset(
    ["sp", "zoo", "oo", "sa", "sj", "sc", "spj", "psa", "ltd", "llc", "inc", "gmbh", "ag", "kg"]
)


@dataclass(frozen=True, slots=True)
class Suggested:
    """Who a platform's customer might be here."""

    foreign_id: str
    customer_id: int
    score: int  # 0 to 100
    hints: tuple[str, ...]


class Hints:
    """Our customers, to be found by what they are called and where they get mail."""

    def __init__(self, ours: Iterable[Ours]) -> None:
        self._by_id = {customer.id: customer for customer in ours}
        self._words = {customer.id: words(customer.name) for customer in self._by_id.values()}
        self._by_email: defaultdict[str, list[int]] = defaultdict(list)
        self._by_word: defaultdict[str, list[int]] = defaultdict(list)
        for customer in self._by_id.values():
            for address in addresses(customer.email):
                self._by_email[address].append(customer.id)
            for word in self._words[customer.id]:
                self._by_word[word].append(customer.id)

    def suggest(
        self, theirs: Theirs, keys: dict[int, list[Key]], rejected: frozenset[tuple[str, int]]
    ) -> list[Suggested]:
        """The best for one of theirs. `keys`: those that lead to a customer of ours, though not to it alone."""
        points: defaultdict[int, dict[str, int]] = defaultdict(dict)
        for customer_id, its_keys in keys.items():
            points[customer_id][f"has its {' and '.join(map(str, its_keys))}"] = KEY_IN_CONFLICT
        for customer_id, hint, worth in chain(self._same_email(theirs), self._alike(theirs)):
            points[customer_id][hint] = worth
        for customer_id, hints in points.items():
            if theirs.postcode and theirs.postcode == self._by_id[customer_id].postcode:
                hints["same postcode"] = SAME_POSTCODE
        found = [
            Suggested(theirs.foreign_id, id, min(sum(hints.values()), HIGHEST_SCORE), tuple(hints))
            for id, hints in points.items()
            if (theirs.foreign_id, id) not in rejected and not (self._by_id[id].is_closed and id not in keys)
        ]
        good = [one for one in found if one.score >= LEAST_SCORE]
        return sorted(good, key=lambda one: (-one.score, self._by_id[one.customer_id].code))[:MOST_PER_CUSTOMER]

    def _same_email(self, theirs: Theirs) -> Iterator[tuple[int, str, int]]:
        for address in addresses(theirs.email):
            having = self._by_email.get(address, [])
            for customer_id in having:
                if len(having) == 1:
                    yield customer_id, f"same e-mail {address}", SAME_EMAIL
                else:
                    yield customer_id, f"same e-mail {address}, which {len(having)} here have", SHARED_EMAIL

    def _alike(self, theirs: Theirs) -> Iterator[tuple[int, str, int]]:
        its = words(theirs.name)
        rare = [self._by_word[word] for word in its if 0 < len(self._by_word.get(word, ())) <= COMMON_WORD]
        for customer_id in Counter(chain.from_iterable(rare)):
            here = self._words[customer_id]
            if here == its:
                yield customer_id, "same name", SAME_NAME
            elif min(len(here), len(its)) >= LEAST_WORDS and (here < its or its < here):
                yield customer_id, f"name like {self._by_id[customer_id].name}", PART_OF_NAME


def words(name: str) -> frozenset[str]:
    """The words of a name without case, accents, order and legal form."""
    plain = unicodedata.normalize("NFKD", name.casefold().replace("ł", "l").replace(".", ""))
    letters = "".join(character for character in plain if not unicodedata.combining(character))
    found = re.findall(r"\w+", letters)
    return frozenset(word for word in found if len(word) > 1 and word not in LEGAL_FORMS)


def addresses(email: str) -> list[str]:
    """The e-mail addresses in a text that may hold several."""
    return sorted({part.casefold() for part in re.split(r"[,;\s]+", email) if "@" in part})
