"""DIDs of a platform, and the accounts here that have them, day after day."""

import pytest

from tests.jobs.accounts_diary import ONE, THREE, TWO, numbers, open_diary
from tests.jobs.platform import Diary, said
from tollbook.jobs.sync_report import Deed


@pytest.fixture
def diary(db: None) -> Diary:
    return open_diary()


def test_dids_are_put_on_the_account_that_has_them_there(diary: Diary) -> None:
    diary.sim("1", "100", code="a")
    diary.sim("2", "200", code="b")
    diary.sync_accounts()
    diary.did(ONE, account="1", of="100")
    diary.did(TWO, of="100")
    diary.did(THREE)
    report = diary.sync_numbers()
    assert report.counts == {Deed.NUMBER_ADDED: 1}
    assert report.skipped == {"on no account": 2}
    assert numbers() == [f"a +{ONE} - -"]
    assert said(diary.sync_numbers()) == said(diary.sync_accounts()) == []


def test_a_did_moves_and_returns_to_stock(diary: Diary) -> None:
    diary.sim("1", "100", code="a")
    diary.sim("2", "200", code="b")
    diary.sync_accounts()
    diary.did(ONE, account="1")
    diary.sync_numbers()
    diary.on(5)
    diary.did(ONE, account="2")
    assert diary.sync_numbers().counts == {Deed.NUMBER_ENDED: 1, Deed.NUMBER_ADDED: 1}
    diary.on(9)
    diary.did(ONE)
    diary.sync_numbers()
    assert numbers() == [f"a +{ONE} - 03-05", f"b +{ONE} 03-05 03-09"]
    assert said(diary.sync_numbers()) == []


def test_a_number_on_both_lists_leaves_when_neither_has_it(diary: Diary) -> None:
    diary.sim("1", "100", ONE, code="a")
    diary.did(ONE, account="1")
    diary.sync_accounts()
    diary.sync_numbers()
    diary.on(5)
    diary.sim("1", "100", code="a")
    assert said(diary.sync_accounts()) == []
    diary.did(ONE)
    diary.sync_numbers()
    assert numbers() == [f"a +{ONE} - 03-05"]


def test_a_number_that_left_the_list_of_dids_stays_while_the_account_has_it(diary: Diary) -> None:
    diary.sim("1", "100", ONE, code="a")
    diary.did(ONE, account="1")
    diary.sync_accounts()
    diary.sync_numbers()
    diary.did(ONE)
    assert said(diary.sync_numbers()) == []
    assert numbers() == [f"a +{ONE} - -"]


def test_a_did_that_is_listed_no_more_is_marked_and_stays(diary: Diary) -> None:
    diary.sim("1", "100", code="a")
    diary.sync_accounts()
    diary.did(ONE, account="1")
    diary.did(TWO, account="1")
    diary.sync_numbers()
    del diary.platform.dids[ONE]
    diary.platform.breaks_after = 1
    assert diary.sync_numbers().counts == {}
    diary.platform.breaks_after = None
    assert diary.sync_numbers().counts == {Deed.GONE: 1}
    assert diary.sync_numbers().counts == {}
    assert numbers() == [f"a +{ONE} - -", f"a +{TWO} - -"]
