"""A platform's customers and ours, day after day. Theirs are numbers, ours have names."""

import pytest

from tests.jobs.platform import NIP, OTHER_NIP, PESEL, Diary, said
from tollbook.connectors.base import State
from tollbook.customers.models import Customer, ForeignCustomer, Identity, Pairing, PairingEvent, Suggestion
from tollbook.customers.operations import accept_suggestion, end_pairing, pair, reject_suggestion, set_ignored
from tollbook.customers.pairing_queries import open_suggestions, pairing_history, pairing_list
from tollbook.errors import BadInput
from tollbook.jobs.sync_report import Deed


@pytest.fixture
def diary(db: None) -> Diary:
    return Diary()


def pairings() -> list[str]:
    """Every pairing as `foreign=code from until`."""
    return [
        f"{one.foreign_id}={one.customer.code} {_day(one.active_from)} {_day(one.active_until)}"
        for one in Pairing.objects.select_related("customer").order_by("pk")
    ]


def standings() -> dict[str, str]:
    return dict(ForeignCustomer.objects.values_list("foreign_id", "standing"))


def _day(moment: object) -> str:
    return f"{moment:%m-%d}" if moment else "-"


def everything() -> list[list[tuple[object, ...]]]:
    """All that a sync writes, without when it last looked."""
    return [
        list(Pairing.objects.order_by("pk").values_list()),
        list(Suggestion.objects.order_by("pk").values_list()),
        list(PairingEvent.objects.order_by("pk").values_list()),
        list(Customer.objects.order_by("pk").values_list()),
        list(Identity.objects.order_by("pk").values_list()),
        list(ForeignCustomer.objects.order_by("pk").values_list("foreign_id", "standing", "remark", "gone_at")),
    ]


def test_who_has_the_same_key_is_paired_and_the_others_are_said(diary: Diary) -> None:
    diary.here("acme", nip=NIP)
    diary.there("100", "Acme sp. z o.o.", nip="PL 123-456-32-18")
    diary.there("200", "Nobody")
    report = diary.sync_customers()
    assert said(report) == [
        "paired: 100 Acme sp. z o.o. = acme Acme: same NIP 1234563218",
        "unmatched: 200 Nobody: it has no identifiers there",
    ]
    assert pairings() == ["100=acme - -"]
    assert standings() == {"100": "paired", "200": "unmatched"}


def test_a_second_sync_changes_nothing(diary: Diary) -> None:
    diary.connection.creates_customers = True
    diary.here("acme", nip=NIP)
    diary.here("lipa", name="Lipa", email="biuro@lipa.example")
    diary.there("100", "Acme", nip=NIP)
    diary.there("200", "Lipa", email="biuro@lipa.example")
    diary.there("300", "Wrong", nip="1234563219")
    diary.there("400", "New", nip=OTHER_NIP, currency="PLN")
    first = diary.sync_customers()
    assert first.has_changes
    before = everything()
    diary.on(2)
    again = diary.sync_customers()
    assert not again.has_changes
    assert [line for line in again.lines if line.deed == Deed.CONFLICT] == [
        line for line in first.lines if line.deed == Deed.CONFLICT
    ]
    assert everything() == before


def test_a_dry_run_says_the_same_and_writes_nothing(diary: Diary) -> None:
    diary.connection.creates_customers = True
    diary.here("acme", nip=NIP)
    diary.there("100", "Acme", nip=NIP)
    diary.there("400", "New", nip=OTHER_NIP, currency="PLN")
    before = everything()
    tried = diary.sync_customers(dry_run=True)
    assert everything() == before
    done = diary.sync_customers()
    assert said(tried) == said(done)
    assert said(tried, Deed.CREATED) != []


# What the plugin for LMS does wrong, one by one.


def test_twins_here_are_never_both_bound(diary: Diary) -> None:
    diary.here("office", nip=NIP)
    diary.here("branch", nip=NIP)
    diary.there("999", "Office", nip=NIP)
    report = diary.sync_customers()
    assert pairings() == []
    (line,) = [line for line in report.lines if line.deed == Deed.CONFLICT]
    assert line.why == "NIP 1234563218 is on 2 customers here: branch and office"
    assert (line.there, line.here) == (("999 Office",), ("branch Branch", "office Office"))
    assert line.next_step == "tell who is who: tollbook pairing pair mms 999 CUSTOMER"


def test_of_two_there_with_one_nip_the_later_does_not_win(diary: Diary) -> None:
    diary.here("acme", nip=NIP)
    diary.there("100", "Acme", nip=NIP)
    diary.there("101", "Acme too", nip=NIP)
    report = diary.sync_customers()
    assert pairings() == []
    assert report.counts[Deed.CONFLICT] == 1
    assert standings() == {"100": "conflict", "101": "conflict"}


def test_a_twin_that_comes_later_leaves_the_pairing_as_it_is(diary: Diary) -> None:
    diary.here("acme", nip=NIP)
    diary.there("100", "Acme", nip=NIP)
    diary.sync_customers()
    diary.on(2)
    diary.there("101", "Acme too", nip=NIP)
    report = diary.sync_customers()
    assert pairings() == ["100=acme - -"]
    assert report.counts[Deed.CONFLICT] == 1
    assert standings() == {"100": "paired", "101": "conflict"}


def test_a_customer_who_is_bound_at_another_platform_is_considered(diary: Diary) -> None:
    other = type(diary.connection).objects.create(name="other", kind="memory")
    acme = diary.here("acme", nip=NIP)
    pair(customer=acme, connection=other, foreign="7", by="ann", why="known", now=diary.day)
    diary.there("100", "Acme", nip=NIP)
    diary.sync_customers()
    assert pairings() == ["7=acme - -", "100=acme - -"]


def test_keys_that_lead_to_two_customers_are_noticed(diary: Diary) -> None:
    diary.here("shop", nip=NIP)
    diary.here("person", pesel=PESEL)
    diary.there("995", "Morwa", nip=NIP, pesel=PESEL)
    report = diary.sync_customers()
    assert pairings() == []
    (line,) = [line for line in report.lines if line.deed == Deed.CONFLICT]
    assert line.why == "995: its NIP 1234563218 leads to shop, but its PESEL …1359 leads to person"


def test_somebody_bound_elsewhere_is_not_skipped_in_silence(diary: Diary) -> None:
    beta = diary.here("beta")
    diary.here("acme", nip=NIP)
    pair(customer=beta, connection=diary.connection, foreign="100", by="ann", why="by phone", now=diary.day)
    diary.there("100", "Acme", nip=NIP)
    report = diary.sync_customers()
    assert pairings() == ["100=beta - -"]
    (line,) = report.lines
    assert line.why == "100 is paired with another customer, but its NIP 1234563218 is acme's"


def test_a_municipality_and_its_school_are_settled_by_a_person(diary: Diary) -> None:
    diary.here("hall", nip=NIP)
    diary.here("school", nip=NIP)
    diary.there("992", "Urząd Gminy", nip=NIP, code="M1")
    diary.there("993", "Szkoła", nip=NIP, code="M2")
    diary.sync_customers()
    assert pairings() == []
    hall, school = Customer.objects.get(code="hall"), Customer.objects.get(code="school")
    pair(customer=hall, connection=diary.connection, foreign="992", by="ann", why="known", now=diary.day)
    assert diary.sync_customers().counts[Deed.CONFLICT] == 1  # who the school is has not been said
    pair(customer=school, connection=diary.connection, foreign="M2", by="ann", why="known", now=diary.day)
    assert said(diary.sync_customers()) == []
    assert pairings() == ["992=hall - -", "993=school - -"]


def test_a_wrong_checksum_binds_nobody(diary: Diary) -> None:
    diary.here("acme", nip=NIP)
    diary.there("996", "Acme", nip="1234563219")
    report = diary.sync_customers()
    assert pairings() == []
    assert report.counts[Deed.CONFLICT] == 1
    assert "1234563219 is not a NIP" in report.lines[0].why


# What a person decides.


def test_a_code_is_taken_when_it_is_nobodys_id(diary: Diary) -> None:
    acme = diary.here("acme")
    diary.there("100", code="200")
    diary.there("200", code="M2")
    diary.sync_customers()
    for text in ("200", "M2"):
        pair(customer=acme, connection=diary.connection, foreign=text, by="ann", why="known", now=diary.day)
    assert pairings() == ["200=acme - -"]


def test_an_id_that_nobody_has_is_refused(diary: Diary) -> None:
    acme = diary.here("acme")
    diary.there("100", code="M1")
    diary.there("101", code="M1")
    diary.sync_customers()
    with pytest.raises(BadInput, match="lists no customer with the id or code '999'"):
        pair(customer=acme, connection=diary.connection, foreign="999", by="ann", why="", now=diary.day)
    with pytest.raises(BadInput, match="100, 101 all have the code 'M1'"):
        pair(customer=acme, connection=diary.connection, foreign="M1", by="ann", why="", now=diary.day)


def test_several_there_for_one_here_and_the_other_way_round_by_dates(diary: Diary) -> None:
    acme, beta = diary.here("acme"), diary.here("beta")
    for foreign in ("100", "200"):
        pair(customer=acme, connection=diary.connection, foreign=foreign, by="ann", why="", now=diary.day)
    with pytest.raises(BadInput, match="100 is paired with acme Acme from always to open end"):
        pair(customer=beta, connection=diary.connection, foreign="100", by="ann", why="", now=diary.day)
    diary.on(10)
    end_pairing(customer=acme, connection=diary.connection, foreign="100", by="ann", why="sold", now=diary.day)
    pair(customer=beta, connection=diary.connection, foreign="100", by="ann", why="bought", now=diary.day)
    assert pairings() == ["100=acme - 03-10", "200=acme - -", "100=beta 03-10 -"]
    told = [
        (event.what, event.customer.code, event.by, event.why)
        for event in pairing_history(diary.connection, "100")
        if event.customer
    ]
    assert told == [
        ("paired", "acme", "ann", ""),
        ("ended", "acme", "ann", "sold"),
        ("paired", "beta", "ann", "bought"),
    ]


def test_two_here_may_share_one_there_when_that_is_said(diary: Diary) -> None:
    acme, beta = diary.here("acme"), diary.here("beta")
    pair(customer=acme, connection=diary.connection, foreign="100", by="ann", why="", now=diary.day)
    pair(
        customer=beta, connection=diary.connection, foreign="100", by="ann", why="", now=diary.day, is_shared=True
    )
    assert pairings() == ["100=acme - -", "100=beta - -"]


def test_what_a_person_ended_is_not_paired_again_by_itself(diary: Diary) -> None:
    diary.connection.creates_customers = True
    acme = diary.here("acme", nip=NIP)
    diary.there("100", "Acme", nip=NIP, currency="PLN")
    diary.sync_customers()
    diary.on(5)
    end_pairing(customer=acme, connection=diary.connection, foreign="100", by="ann", why="not them", now=diary.day)
    end_pairing(customer=acme, connection=diary.connection, foreign="100", by="ann", why="again", now=diary.day)
    report = diary.sync_customers()
    assert pairings() == ["100=acme - 03-05"]
    assert report.counts == {Deed.UNMATCHED: 1}


def test_a_suggestion_is_accepted_or_refused_once_and_for_all(diary: Diary) -> None:
    diary.here("lipa", name="Lipa", email="biuro@lipa.example")
    diary.here("klon", name="Klon")
    diary.there("200", "LIPA Sp. z o.o.", email="biuro@lipa.example")
    diary.there("300", "Klon S.A.")
    diary.sync_customers()
    assert standings() == {"200": "suggested", "300": "suggested"}
    lipa, klon = open_suggestions(diary.connection)
    assert (lipa.score, klon.score) == (99, 55)
    accept_suggestion(suggestion_id=lipa.pk, by="ann", why="", now=diary.day)
    reject_suggestion(suggestion_id=klon.pk, by="ann", why="another Klon", now=diary.day)
    assert pairings() == ["200=lipa - -"]
    report = diary.sync_customers()
    assert report.counts == {Deed.UNMATCHED: 1}
    assert list(open_suggestions(diary.connection)) == []
    with pytest.raises(BadInput, match="was refused by ann"):
        accept_suggestion(suggestion_id=klon.pk, by="bob", why="", now=diary.day)


def test_an_ignored_customer_is_asked_about_no_more(diary: Diary) -> None:
    diary.there("1021", "Our own office")
    diary.sync_customers()
    set_ignored(connection=diary.connection, foreign="1021", is_ignored=True, by="ann", why="ours", now=diary.day)
    assert said(diary.sync_customers()) == []
    assert standings() == {"1021": "ignored"}


# What a list that is not whole does, and one that is.


def test_a_list_that_breaks_off_marks_nobody_gone_and_pairs_nobody(diary: Diary) -> None:
    diary.here("acme", nip=NIP)
    diary.there("100", "Other")
    diary.there("200", "Acme", nip=NIP)
    diary.there("300", "Acme too", nip=NIP)
    diary.platform.breaks_after = 2
    report = diary.sync_customers()
    assert not report.is_complete
    assert report.error == "mms: the answer broke off; run it again"
    assert pairings() == []
    diary.platform.breaks_after = None
    diary.sync_customers()
    diary.platform.breaks_after = 0
    diary.sync_customers()
    assert ForeignCustomer.objects.filter(gone_at=None).count() == 3


def test_an_empty_list_is_not_believed(diary: Diary) -> None:
    diary.there("100")
    diary.sync_customers()
    diary.platform.people.clear()
    report = diary.sync_customers()
    assert "lists no customers at all" in report.error
    assert ForeignCustomer.objects.filter(gone_at=None).count() == 1


def test_who_is_gone_keeps_the_pairing_and_may_return(diary: Diary) -> None:
    diary.here("acme", nip=NIP)
    diary.there("100", "Acme", nip=NIP)
    diary.there("200")
    diary.sync_customers()
    diary.on(2)
    acme = diary.platform.people.pop("100")
    assert said(diary.sync_customers(), Deed.GONE) == ["gone: 100 Acme: is no longer listed; its pairing stays"]
    assert not diary.sync_customers().has_changes
    assert pairings() == ["100=acme - -"]
    diary.on(3)
    diary.platform.people["100"] = acme
    assert said(diary.sync_customers(), Deed.RETURNED) == ["returned: 100: is listed again"]
    assert [event.what for event in pairing_history(diary.connection, "100")] == ["paired", "gone", "returned"]


# New customers.


def test_new_customers_are_made_when_the_connection_says_so(diary: Diary) -> None:
    diary.connection.creates_customers = True
    diary.connection.customer_defaults = {"currency": "PLN", "language": "pl", "tax_rate": "23"}
    diary.here("M4", name="Somebody else")
    diary.there("400", "Nowa sp. z o.o.", nip="526-025-02-74", code="M4", city="Łódź", country="PL")
    diary.there("500", "Closed", state=State.CLOSED)
    diary.sync_customers()
    made = Customer.objects.get(code="M4@mms")
    assert (made.name, made.city, made.tax_id, made.currency, made.language, str(made.tax_rate)) == (
        "Nowa sp. z o.o.",
        "Łódź",
        OTHER_NIP,
        "PLN",
        "pl",
        "23.00",
    )
    assert [str(identity) for identity in made.identities.all()] == [f"nip {OTHER_NIP}"]
    assert pairings() == ["400=M4@mms - -"]


def test_nobody_is_made_where_a_person_may_know_better(diary: Diary) -> None:
    """Alike by name, a shared key, a wrong one, no currency."""
    diary.connection.creates_customers = True
    diary.here("lipa", name="Lipa")
    diary.there("1", "Lipa", currency="PLN")
    diary.there("2", "One", nip=NIP, currency="PLN")
    diary.there("3", "Other", nip=NIP, currency="PLN")
    diary.there("4", "Wrong", nip="1234563219", currency="PLN")
    diary.there("5", "No currency")
    report = diary.sync_customers()
    assert Customer.objects.count() == 1
    assert said(report, Deed.NOT_CREATED) == [
        "not created: 5 No currency: it says no currency, and the connection's customer_defaults say none"
    ]


def test_defaults_that_make_no_sense_are_refused(diary: Diary) -> None:
    diary.connection.customer_defaults = {"currency": "zloty"}
    with pytest.raises(BadInput, match="customer_defaults: currency 'zloty' is not a currency"):
        diary.sync_customers()


def test_the_list_says_how_everybody_stands(diary: Diary) -> None:
    acme = diary.here("acme", nip=NIP)
    pair(customer=acme, connection=diary.connection, foreign="900", by="ann", why="", now=diary.day)
    diary.there("100", "Nobody")
    diary.sync_customers()
    rows = pairing_list(diary.connection)
    assert [(row["id"], row["standing"], row["customer"]) for row in rows] == [
        ("100", "unmatched", ""),
        ("900", "paired", "acme"),
    ]
    assert [row["id"] for row in pairing_list(diary.connection, standing="paired")] == ["900"]
    with pytest.raises(BadInput, match="no standing 'lost'"):
        pairing_list(diary.connection, standing="lost")
