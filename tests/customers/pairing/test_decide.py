"""Who is who, as a clerk would say it. Theirs are small letters, ours capitals.

The NIPs pass their checksum (weights 6 5 7 2 3 4 5 6 7, mod 11): 1234563218, 5260250274, 7740001454; so do the PESELs
44051401359 and 02070803628 and the identity card ABS123456.
"""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollbook.customers.pairing import ConflictKind, Decisions, Ours, Theirs, decide

NIP, OTHER_NIP, THIRD_NIP = "1234563218", "5260250274", "7740001454"
PESEL, CARD = "44051401359", "ABS123456"


def there(id: str, name: str = "", **fields: str) -> Theirs:
    more = {key: fields.pop(key) for key in ("code", "email", "country", "postcode") if key in fields}
    return Theirs(foreign_id=id, name=name, identities=tuple(fields.items()), **more)  # type: ignore[arg-type]


def here(code: str, name: str = "", **fields: str) -> Ours:
    more = {key: fields.pop(key) for key in ("email", "country", "postcode", "tax_id") if key in fields}
    return Ours(id=ord(code), code=code, name=name, identities=tuple(fields.items()), **more)  # type: ignore[arg-type]


def decided(
    theirs: Sequence[Theirs], ours: Sequence[Ours], *, paired: Sequence[str] = (), rejected: Sequence[str] = ()
) -> Decisions:
    """`paired` and `rejected` are written as "a=A"."""
    pairs, refused = (
        [(id, ord(code)) for id, _, code in (text.partition("=") for text in texts)]
        for texts in (paired, rejected)
    )
    return decide(theirs, ours, connection="mms", paired=pairs, rejected=refused)


def pairs(decisions: Decisions) -> list[str]:
    return sorted(f"{match.theirs.foreign_id}={match.ours.code}" for match in decisions.matches)


def kinds(decisions: Decisions) -> list[set[ConflictKind]]:
    return [set(conflict.kinds) for conflict in decisions.conflicts]


def sides(decisions: Decisions) -> list[str]:
    return [
        f"{' '.join(one.foreign_id for one in conflict.theirs)}|{' '.join(own.code for own in conflict.ours)}"
        for conflict in decisions.conflicts
    ]


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        (("nip", "123-456-32-18"), ("nip", NIP)),
        (("nip", "123-45-63-218"), ("nip", NIP)),
        (("nip", " PL 1234563218 "), ("nip", NIP)),
        (("vat_id", "PL1234563218"), ("nip", NIP)),
        (("nip", NIP), ("vat_id", "PL 123 456 32 18")),
        (("pesel", " 44051401359 "), ("pesel", PESEL)),
        (("id_card", "abs 123456"), ("id_card", CARD)),
        (("vat_id", "DE 136 695 976"), ("vat_id", "DE136695976")),
    ],
)
def test_a_key_is_the_same_however_it_is_written(theirs: tuple[str, str], ours: tuple[str, str]) -> None:
    decisions = decided([there("a", **dict([theirs]))], [here("A", **dict([ours]))])
    assert pairs(decisions) == ["a=A"]
    assert decisions.conflicts == []


def test_a_vat_id_without_letters_gets_those_of_the_country() -> None:
    assert pairs(decided([there("a", vat_id=NIP, country="PL")], [here("A", nip=NIP)])) == ["a=A"]


def test_the_tax_id_on_invoices_is_a_key_when_it_reads_as_one() -> None:
    assert pairs(decided([there("a", nip=NIP)], [here("A", tax_id="123-456-32-18")])) == ["a=A"]
    assert pairs(decided([there("a", nip=NIP)], [here("A", tax_id="see contract")])) == []


def test_any_shared_key_will_do() -> None:
    """A sole trader is there by NIP and PESEL, here by PESEL only."""
    assert pairs(decided([there("a", nip=NIP, pesel=PESEL)], [here("A", pesel=PESEL)])) == ["a=A"]


def test_an_id_or_code_of_the_platform_on_a_customer_of_ours() -> None:
    theirs = [there("a", code="M1"), there("b", code="M2"), there("c", code="a")]
    assert pairs(decided(theirs, [here("A", platform="a"), here("B", mms="M2")])) == ["a=A", "b=B"]
    # Another connection's ids mean nothing here.
    assert pairs(decided(theirs, [here("A", elsewhere="a")])) == []
    # Of two with one code none is meant.
    assert pairs(decided([there("a", code="M1"), there("b", code="M1")], [here("A", mms="M1")])) == []


def test_ids_stated_for_a_customer_may_be_several() -> None:
    own = Ours(id=65, code="A", identities=(("mms", "a"), ("mms", "b")))
    assert pairs(decided([there("a"), there("b")], [own])) == ["a=A", "b=A"]


def test_two_there_with_one_nip_are_not_paired() -> None:
    decisions = decided([there("a", nip=NIP), there("b", nip="123-456-32-18")], [here("A", nip=NIP)])
    assert pairs(decisions) == []
    assert kinds(decisions) == [{ConflictKind.TWINS_THERE}]
    assert sides(decisions) == ["a b|A"]


def test_two_here_with_one_nip_are_not_paired() -> None:
    decisions = decided([there("a", nip=NIP)], [here("A", nip=NIP), here("B", nip=NIP)])
    assert pairs(decisions) == []
    assert kinds(decisions) == [{ConflictKind.TWINS_HERE}]
    assert sides(decisions) == ["a|A B"]


def test_a_town_hall_and_its_school_share_a_nip_until_somebody_decides() -> None:
    theirs, ours = [there("a", nip=NIP), there("b", nip=NIP)], [here("A", nip=NIP), here("B", nip=NIP)]
    decisions = decided(theirs, ours)
    assert pairs(decisions) == []
    assert kinds(decisions) == [{ConflictKind.TWINS_THERE, ConflictKind.TWINS_HERE}]
    assert pairs(decided(theirs, ours, paired=["a=A"])) == []
    settled = decided(theirs, ours, paired=["a=A", "b=B"])
    assert (settled.conflicts, settled.suggestions) == ([], [])


def test_two_keys_that_lead_to_two_customers() -> None:
    decisions = decided([there("a", nip=NIP, pesel=PESEL)], [here("A", nip=NIP), here("B", pesel=PESEL)])
    assert pairs(decisions) == []
    assert kinds(decisions) == [{ConflictKind.KEYS_DISAGREE}]
    assert decisions.conflicts[0].why == "a: its NIP 1234563218 leads to A, but its PESEL …1359 leads to B"


def test_two_there_that_lead_to_one_here_by_different_keys() -> None:
    decisions = decided([there("a", nip=NIP), there("b", pesel=PESEL)], [here("A", nip=NIP, pesel=PESEL)])
    assert pairs(decisions) == []
    assert kinds(decisions) == [{ConflictKind.SEVERAL_TO_ONE}]


def test_a_customer_that_is_paired_with_another_there() -> None:
    """Somebody paired A with b by hand; now a comes with the NIP of A."""
    decisions = decided([there("a", nip=NIP), there("b")], [here("A", nip=NIP)], paired=["b=A"])
    assert pairs(decisions) == []
    assert kinds(decisions) == [{ConflictKind.BOUND_ELSEWHERE}]
    assert decisions.conflicts[0].why == "A is paired with b already"


def test_a_pairing_stays_though_a_key_speaks_for_somebody_else() -> None:
    decisions = decided([there("a", nip=NIP)], [here("A"), here("B", nip=NIP)], paired=["a=A"])
    assert pairs(decisions) == []
    assert kinds(decisions) == [{ConflictKind.BOUND_ELSEWHERE}]
    assert "but its NIP 1234563218 is B's" in decisions.conflicts[0].why


@pytest.mark.parametrize("nip", ["1234563219", "123", "12345632188"])
def test_a_key_that_fails_its_checksum_pairs_nobody(nip: str) -> None:
    decisions = decided([there("a", nip=nip, pesel=PESEL)], [here("A", nip=NIP, pesel=PESEL)])
    assert pairs(decisions) == []
    assert kinds(decisions) == [{ConflictKind.WRONG_KEY}]
    assert nip in decisions.conflicts[0].why


def test_nothing_but_zeros_is_no_key() -> None:
    theirs = [there("a", nip="000-000-00-00", pesel=PESEL), there("b", nip="0000000000")]
    decisions = decided(theirs, [here("A", nip="0000000000"), here("B", pesel=PESEL)])
    assert pairs(decisions) == ["a=B"]
    assert decisions.conflicts == []
    assert decisions.zeros == {"a": ["NIP 000-000-00-00"], "b": ["NIP 0000000000"]}


def test_closed_customers_are_not_paired() -> None:
    closed = Theirs(foreign_id="a", identities=(("nip", NIP),), is_closed=True)
    assert kinds(decided([closed], [here("A", nip=NIP)])) == [{ConflictKind.CLOSED_THERE}]
    closed_here = Ours(id=65, code="A", identities=(("nip", NIP),), is_closed=True)
    assert kinds(decided([there("a", nip=NIP)], [closed_here])) == [{ConflictKind.CLOSED_HERE}]
    assert decided([closed], []).conflicts == []


def test_a_state_that_we_do_not_know_is_left_alone() -> None:
    strange = Theirs(foreign_id="a", identities=(("nip", NIP),), unknown_state="hibernating")
    decisions = decided([strange], [here("A", nip=NIP)])
    assert (pairs(decisions), kinds(decisions)) == ([], [{ConflictKind.UNKNOWN_STATE}])


def test_what_somebody_refused_is_neither_made_nor_suggested() -> None:
    theirs, ours = [there("a", "Lipa", nip=NIP)], [here("A", "Lipa", nip=NIP)]
    decisions = decided(theirs, ours, rejected=["a=A"])
    assert (pairs(decisions), decisions.suggestions) == ([], [])


def test_hints_only_suggest() -> None:
    ours = [here("A", "Lipa Sp. z o.o.", email="biuro@lipa.example"), here("B", "Klon")]
    decisions = decided([there("a", "LIPA sp. z o.o.", email="Biuro@Lipa.example")], ours)
    (suggestion,) = decisions.suggestions
    assert pairs(decisions) == []
    assert (suggestion.foreign_id, suggestion.customer_id, suggestion.score) == ("a", ord("A"), 99)
    assert suggestion.hints == ("same e-mail biuro@lipa.example", "same name")


def test_the_order_accents_and_legal_form_of_a_name_do_not_matter() -> None:
    (suggestion,) = decided([there("a", "Żółć Michał")], [here("A", "Michal Zolc")]).suggestions
    assert (suggestion.score, suggestion.hints) == (55, ("same name",))


def test_a_part_of_a_name_is_a_hint_only_beside_another() -> None:
    theirs, ours = there("a", "Piekarnia Rogal", postcode="00-999"), here("A", "Piekarnia Rogal - filia")
    assert decided([theirs], [ours]).suggestions == []
    (suggestion,) = decided([theirs], [here("A", "Piekarnia Rogal - filia", postcode="00-999")]).suggestions
    assert suggestion.score == 50


def test_a_conflict_suggests_those_it_is_about() -> None:
    ours = [here("A", "Lipa", nip=NIP), here("B", "Klon", pesel=PESEL)]
    decisions = decided([there("a", "Lipa", nip=NIP, pesel=PESEL)], ours)
    assert [(one.customer_id, one.score) for one in decisions.suggestions] == [(ord("A"), 99), (ord("B"), 90)]


def test_a_key_shared_there_that_nobody_here_has() -> None:
    decisions = decided([there("a", nip=NIP), there("b", nip=NIP)], [here("A", nip=OTHER_NIP)])
    assert decisions.conflicts == []
    assert decisions.shared == {"a": ["b"], "b": ["a"]}


KEYS = st.dictionaries(
    st.sampled_from(["nip", "pesel"]),
    st.sampled_from([NIP, OTHER_NIP, THIRD_NIP, PESEL, "02070803628"]),
    max_size=2,
)


@given(
    theirs=st.lists(KEYS, max_size=5),
    ours=st.lists(KEYS, max_size=5),
    paired=st.sets(st.tuples(st.integers(0, 4), st.integers(0, 4)), max_size=3),
    rejected=st.sets(st.tuples(st.integers(0, 4), st.integers(0, 4)), max_size=3),
)
def test_nothing_is_ever_guessed(
    theirs: list[dict[str, str]],
    ours: list[dict[str, str]],
    paired: set[tuple[int, int]],
    rejected: set[tuple[int, int]],
) -> None:
    """Whoever is paired by itself shares a key with the other, and with nobody else on either side."""
    there_ = [there(str(place), **keys) for place, keys in enumerate(theirs)]
    here_ = [here(chr(65 + place), **keys) for place, keys in enumerate(ours)]
    decisions = decided(
        there_,
        here_,
        paired=[f"{a}={chr(65 + b)}" for a, b in paired if a < len(theirs) and b < len(ours)],
        rejected=[f"{a}={chr(65 + b)}" for a, b in rejected],
    )
    for match in decisions.matches:
        place, own = int(match.theirs.foreign_id), match.ours.id - 65
        shared = theirs[place].items() & ours[own].items()
        assert shared
        assert (place, own) not in rejected
        assert not [other for other in range(len(theirs)) if other != place and theirs[other].items() & shared]
        assert not [other for other in range(len(ours)) if other != own and ours[other].items() & shared]
