"""What every connector does. A connector's tests subclass `ConnectorContract` and give it a bench.

What a connector does not offer is held to raise NotOffered; what it offers is tried against its simulator, undisturbed
and with everything going wrong that the simulator can order.
"""

import inspect
import json
import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from simulators.faults import Fault
from tests.connectors.bench import (
    Bench,
    Fetched,
    by_key,
    fetch,
    is_said_well,
    lazily,
    outcome,
    read,
    read_batches,
    requests,
    told,
)
from tests.connectors.push_contract import ANY_MOMENT, BROKEN_LINES, REASONS, PushContract
from tollbook.connectors.base import (
    Connector,
    Failed,
    Feature,
    Order,
    Scope,
    State,
    Target,
    Verb,
    check_settings,
)
from tollbook.connectors.errors import NeedsAttention, NotOffered, TryAgainLater
from tollbook.connectors.pushed import Pushed
from tollbook.connectors.registry import connector_class
from tollbook.connectors.secret import Secret
from tollbook.records import KINDS

__all__ = ["Bench", "ConnectorContract", "Fetched", "by_key", "fetch", "read"]

NOBODY = "no-such-customer"
LONGEST_TEST_S = 60.0
SERVERS_THREAD = "process_request_thread"  # in the names of the simulators' own threads

FAULTS = (
    Fault("status", times=None, status=500),
    Fault("status", times=None, status=429),
    Fault("status", times=None, status=503),
    Fault("timeout_before", times=None),
    Fault("timeout_after", times=None),
    Fault("truncate", times=None),
    Fault("wrong_type", times=None),
)
ONE_FAULT = (
    *(Fault(fault.kind, status=fault.status, after=1) for fault in FAULTS),
    Fault("expire_session", after=1),
)


class ConnectorContract(PushContract):
    """Subclass it as TestContract, with a fixture `bench`."""

    # --- what it says of itself

    def test_it_is_registered_under_its_kind(self, bench: Bench) -> None:
        connector = bench.connector()
        assert connector_class(connector.kind) is type(connector)
        assert connector.title
        assert connector.price_is in {"", "retail", "cost"}

    def test_every_setting_is_described_and_every_secret_marked(self, bench: Bench) -> None:
        connector = bench.connector()
        names = [setting.name for setting in connector.settings]
        assert len(names) == len(set(names))
        for setting in connector.settings:
            assert setting.help, setting.name
            sounds_secret = setting.name.endswith(("password", "token", "secret", "private_key", "passphrase"))
            assert setting.is_secret == sounds_secret, setting.name
            assert not (setting.is_secret and setting.default), setting.name
            assert not setting.choices or not setting.default or setting.default in setting.choices
        site = connector.site
        given = {**site.settings, **dict.fromkeys(site.secrets, "•")}
        assert list(check_settings(type(connector), given)) == []

    def test_what_is_not_offered_says_so_by_name(self, bench: Bench, tmp_path: Path) -> None:
        connector = bench.connector()
        for feature, use in USES.items():
            if feature in connector.offers:
                continue
            with pytest.raises(NotOffered) as caught:
                use(connector, tmp_path)
            assert str(caught.value).startswith(f"{connector.site.name}: ")

    def test_closing_can_be_repeated(self, bench: Bench) -> None:
        connector = bench.connector()
        list(islice(connector.test(), 2))
        connector.close()
        connector.close()

    # --- trying it out

    def test_a_test_goes_step_by_step_and_all_is_well(self, bench: Bench) -> None:
        connector = bench.connector()
        checks = list(connector.test())
        connector.close()
        assert checks
        assert [check for check in checks if not check.is_ok] == []
        assert all(check.name and check.says for check in checks)
        assert len({check.name for check in checks}) == len(checks)

    def test_a_test_that_fails_says_what_to_do(self, bench: Bench) -> None:
        for fault in FAULTS:
            bench.faults.set([fault])
            connector = bench.connector()
            failed = [check for check in connector.test() if not check.is_ok]
            connector.close()
            if bench.faults.requests()["log"]:  # a connector that asks nobody cannot be disturbed
                assert failed, fault
            assert all(check.says and check.next_step for check in failed), (fault, failed)
            bench.faults.reset()

    def test_a_wrong_secret_is_for_a_person(self, bench: Bench) -> None:
        if bench.with_wrong_secret is None:
            return
        connector = bench.with_wrong_secret()
        failed = [check for check in connector.test() if not check.is_ok]
        connector.close()
        assert failed[0].next_step
        for feature in sorted(connector.offers & STREAMS.keys()):
            connector = bench.with_wrong_secret()
            with pytest.raises(NeedsAttention) as caught:
                list(STREAMS[feature](connector, bench))
            assert is_said_well(caught.value, connector.site.name)
            connector.close()

    # --- customers, accounts, numbers

    def test_customers_stream_each_with_an_id_of_text(self, bench: Bench) -> None:
        if not bench.offers(Feature.CUSTOMERS):
            return
        connector = bench.connector(**bench.small_pages)
        customers = lazily(connector.customers())
        connector.close()
        ids = [customer.foreign_id for customer in customers]
        assert len(ids) == len(set(ids)) == bench.customers
        assert all(isinstance(id, str) and id.strip() == id != "" for id in ids)
        for customer in customers:
            assert isinstance(customer.state, State)
            assert all(scheme and value for scheme, value in customer.identities)

    def test_accounts_belong_to_customers_and_can_be_asked_for_by_customer(self, bench: Bench) -> None:
        if not bench.offers(Feature.ACCOUNTS):
            return
        connector = bench.connector(**bench.small_pages)
        accounts = lazily(connector.accounts())
        ids = [account.foreign_id for account in accounts]
        assert len(ids) == len(set(ids)) == bench.accounts
        assert all(isinstance(id, str) and id for id in ids)
        if Feature.CUSTOMERS in connector.offers:
            known = {customer.foreign_id for customer in connector.customers()}
            assert {account.customer_id for account in accounts} <= known
        one = accounts[0].customer_id
        of_one = {account.foreign_id for account in connector.accounts([one])}
        assert of_one == {account.foreign_id for account in accounts if account.customer_id == one}
        assert list(connector.accounts([])) == []
        connector.close()

    def test_numbers_stream_and_can_be_asked_for_by_customer(self, bench: Bench) -> None:
        if not bench.offers(Feature.NUMBERS):
            return
        connector = bench.connector(**bench.small_pages)
        numbers = lazily(connector.numbers())
        assert len(numbers) == bench.numbers
        assert all(number.number for number in numbers)
        one = next(number.customer_id for number in numbers if number.customer_id)
        of_one = {number.number for number in connector.numbers([one])}
        assert of_one == {number.number for number in numbers if number.customer_id == one}
        connector.close()

    # --- fetching usage

    def test_usage_comes_whole_and_every_scope_is_finished(self, bench: Bench) -> None:
        if not bench.offers(Feature.USAGE):
            return
        fetched = fetch(bench.connector(), bench.scopes)
        assert fetched.failed == []
        assert sorted(done.scope.customer_id for done in fetched.finished) == sorted(
            scope.customer_id for scope in bench.scopes
        )
        assert sum(bench.is_record(line) for line in fetched.lines) == bench.records
        assert sum(done.records for done in fetched.finished) == bench.records
        assert all(done.cursor for done in fetched.finished)

    def test_usage_fetched_twice_or_in_small_pages_is_the_same(self, bench: Bench, tmp_path: Path) -> None:
        if not bench.offers(Feature.USAGE):
            return
        first = read(bench.connector(), fetch(bench.connector(), bench.scopes).evidence, tmp_path)
        again = fetch(bench.connector(**bench.small_pages), bench.scopes)
        assert by_key(read(bench.connector(), again.evidence, tmp_path)).equals(by_key(first))

    def test_overlapping_windows_give_the_same_records_with_the_same_keys(
        self, bench: Bench, tmp_path: Path
    ) -> None:
        if not bench.offers(Feature.USAGE):
            return
        whole = read(bench.connector(), fetch(bench.connector(), bench.scopes).evidence, tmp_path)
        pieces = []
        for scope in bench.scopes:
            half = (scope.until - scope.since) / 2
            hour = timedelta(hours=1)
            for since, until in ((scope.since, scope.since + half + hour), (scope.since + half, scope.until)):
                part = Scope(customer_id=scope.customer_id, since=since, until=until)
                pieces.append(fetch(bench.connector(), [part]).evidence)
        parts = read(bench.connector(), b"".join(pieces), tmp_path)
        assert set(whole["record_key"]) <= set(parts["record_key"])
        both = by_key(parts).filter(pl.col("record_key").is_in(whole["record_key"].implode()))
        assert both.equals(by_key(whole))

    def test_going_on_from_the_cursor_loses_nothing(self, bench: Bench, tmp_path: Path) -> None:
        if not bench.offers(Feature.USAGE):
            return
        whole = read(bench.connector(), fetch(bench.connector(), bench.scopes).evidence, tmp_path)
        half = [
            Scope(customer_id=one.customer_id, since=one.since, until=one.since + (one.until - one.since) / 2)
            for one in bench.scopes
        ]
        first = fetch(bench.connector(), half)
        cursors = {done.scope.customer_id: done.cursor for done in first.finished}
        rest = fetch(
            bench.connector(),
            [
                Scope(
                    customer_id=one.customer_id, since=one.since, until=one.until, cursor=cursors[one.customer_id]
                )
                for one in bench.scopes
            ],
        )
        parts = read(bench.connector(), first.evidence + rest.evidence, tmp_path)
        assert set(parts["record_key"]) == set(whole["record_key"])

    def test_usage_is_not_fetched_ahead_of_who_takes_it(self, bench: Bench) -> None:
        """Whoever takes one piece and waits has not made the connector fetch everything; closing stops the rest."""
        if not bench.offers(Feature.USAGE) or not bench.small_pages:
            return
        fetch(bench.connector(**bench.small_pages), bench.scopes)
        all_requests = requests(bench)
        bench.faults.reset()
        connector = bench.connector(**bench.small_pages)
        threads_before = set(threading.enumerate())
        events = connector.usage(bench.scopes)
        assert inspect.isgenerator(events)
        next(events)
        time.sleep(0.5)
        fetched_ahead = requests(bench)
        assert fetched_ahead < all_requests / 2
        events.close()
        left = set(threading.enumerate()) - threads_before
        assert [thread for thread in left if SERVERS_THREAD not in thread.name] == []
        stopped_at = requests(bench)
        time.sleep(0.3)
        assert requests(bench) == stopped_at <= fetched_ahead + 1
        connector.close()

    def test_a_scope_that_fails_leaves_the_others(self, bench: Bench, tmp_path: Path) -> None:
        if not bench.offers(Feature.USAGE) or len(bench.scopes) < 2:
            return
        lost = bench.scopes[1]
        bench.faults.add(Fault("status", match=bench.match_of(lost), times=None, status=500))
        fetched = fetch(bench.connector(), bench.scopes)
        assert [failed.scope for failed in fetched.failed] == [lost]
        assert isinstance(fetched.failed[0].error, TryAgainLater)
        assert is_said_well(fetched.failed[0].error, bench.connector().site.name)
        assert len(fetched.finished) == len(bench.scopes) - 1
        bench.faults.reset()
        rest = fetch(bench.connector(), [lost])
        whole = fetch(bench.connector(), bench.scopes)
        both = read(bench.connector(), fetched.evidence + rest.evidence, tmp_path)
        assert by_key(both).equals(by_key(read(bench.connector(), whole.evidence, tmp_path)))

    @pytest.mark.parametrize("fault", ONE_FAULT, ids=lambda fault: f"{fault.kind}-{fault.status}")
    def test_after_any_fault_and_a_repeat_the_records_are_those_of_an_undisturbed_fetch(
        self, bench: Bench, fault: Fault, tmp_path: Path
    ) -> None:
        if not bench.offers(Feature.USAGE):
            return
        whole = by_key(read(bench.connector(), fetch(bench.connector(), bench.scopes).evidence, tmp_path))
        ordered = Fault(fault.kind, match=bench.usage_match, status=fault.status, after=fault.after)
        bench.faults.add(ordered)
        disturbed = fetch(bench.connector(), bench.scopes)
        assert bench.faults.left() == []
        if fault.kind == "expire_session":  # a new one is opened by itself
            assert disturbed.failed == []
        repeated = fetch(bench.connector(), [failed.scope for failed in disturbed.failed])
        assert repeated.failed == []
        assert by_key(read(bench.connector(), disturbed.evidence + repeated.evidence, tmp_path)).equals(whole)

    @pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: f"{fault.kind}-{fault.status}")
    def test_a_platform_that_stays_down_is_an_error_with_a_next_step(self, bench: Bench, fault: Fault) -> None:
        name = bench.connector().site.name
        begun = time.monotonic()
        for feature in sorted(bench.connector().offers & STREAMS.keys()):
            bench.faults.set([fault])
            connector = bench.connector()
            problem, given = outcome(STREAMS[feature](connector, bench))
            if problem is not None:
                assert isinstance(problem, (TryAgainLater, NeedsAttention)), problem
                assert is_said_well(problem, name), problem
            elif bench.faults.requests()["log"]:
                assert given
                assert all(isinstance(event, Failed) for event in given)
            connector.close()
        assert time.monotonic() - begun < LONGEST_TEST_S

    def test_no_secret_is_ever_shown(self, bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.DEBUG)
        texts = []
        told_it = [secret.reveal() for secret in bench.connector().site.secrets.values()]
        for fault in (None, *FAULTS, *_echoes(told_it)):
            bench.faults.set([fault] if fault else [])
            connector = bench.connector()
            texts += [repr(connector), repr(connector.site), repr(vars(connector))]
            texts += [repr(check) for check in connector.test()]
            for feature in sorted(connector.offers & STREAMS.keys()):
                problem, given = outcome(STREAMS[feature](connector, bench))
                texts += [told(one.error) for one in given if isinstance(one, Failed)]
                texts += [told(problem)] if problem else []
            connector.close()
        if bench.with_wrong_secret is not None:
            bench.faults.reset()
            connector = bench.with_wrong_secret()
            texts += [repr(check) for check in connector.test()]
        seen = "\n".join([*texts, caplog.text])
        assert bench.secrets or not bench.connector().site.secrets
        for secret in bench.secrets:
            assert secret not in seen

    # --- reading usage

    def test_every_line_becomes_one_record_that_makes_sense(self, bench: Bench, tmp_path: Path) -> None:
        if not bench.offers(Feature.USAGE):
            return
        fetched = fetch(bench.connector(), bench.scopes)
        records = read(bench.connector(), fetched.evidence, tmp_path)
        lines = [at for at, line in enumerate(fetched.lines, 1) if bench.is_record(line)]
        assert records["line"].to_list() == lines
        assert records["record_key"].null_count() == 0
        has_defect = pl.col("defect").is_not_null()
        assert records.filter(has_defect, ~pl.col("defect").is_in(REASONS)).is_empty()
        assert records.filter(has_defect & pl.col("defect_detail").is_null()).is_empty()
        fine = records.filter(~has_defect)
        assert not fine.is_empty()
        assert fine.filter(~pl.col("kind").is_in(list(KINDS))).is_empty()
        assert fine["start"].null_count() == 0
        assert fine["answered"].null_count() == 0
        assert fine.filter(pl.col("duration_us").is_null() & pl.col("quantity").is_null()).is_empty()

    @pytest.mark.parametrize("batch_rows", [1, 7, 1_000])
    def test_batches_of_any_size_hold_the_same_records(
        self, bench: Bench, tmp_path: Path, batch_rows: int
    ) -> None:
        if not bench.offers(Feature.USAGE):
            return
        lines = fetch(bench.connector(), bench.scopes).lines[:60]
        evidence = b"".join([*lines[:30], *BROKEN_LINES, *lines[30:]])
        whole = read(bench.connector(), evidence, tmp_path)
        assert read(bench.connector(), evidence, tmp_path, batch_rows=batch_rows).equals(whole)
        sizes = [
            len(one.usage) for one in read_batches(bench.connector(), evidence, tmp_path, batch_rows=batch_rows)
        ]
        assert max(sizes) <= batch_rows

    @pytest.mark.parametrize("broken", BROKEN_LINES)
    def test_a_broken_line_is_set_aside_and_costs_no_other(
        self, bench: Bench, tmp_path: Path, broken: bytes
    ) -> None:
        if not bench.offers(Feature.USAGE):
            return
        lines = fetch(bench.connector(), bench.scopes).lines
        whole = read(bench.connector(), b"".join(lines), tmp_path)
        disturbed = read(bench.connector(), b"".join([*lines[:5], broken, *lines[5:]]), tmp_path)
        unreadable = disturbed.filter(pl.col("defect") == "unreadable", pl.col("line") == 6)
        assert len(unreadable) == 1
        assert unreadable["record_key"][0]
        assert unreadable["defect_detail"][0]
        assert by_key(disturbed.filter(pl.col("line") != 6)).equals(by_key(whole))

    def test_nothing_fetched_is_one_empty_batch(self, bench: Bench, tmp_path: Path) -> None:
        if bench.offers(Feature.USAGE):
            assert read(bench.connector(), b"", tmp_path).is_empty()

    def test_a_last_line_without_its_end_waits_while_the_file_may_grow(self, bench: Bench, tmp_path: Path) -> None:
        if not bench.offers(Feature.USAGE):
            return
        lines = [line for line in fetch(bench.connector(), bench.scopes).lines[:10] if bench.is_record(line)]
        half = lines[-1][:-9]
        evidence = b"".join(lines[:-1]) + half
        growing = read_batches(bench.connector(), evidence, tmp_path, batch_rows=100, is_complete=False)
        assert sum(len(batch.usage) for batch in growing) == len(lines) - 1
        assert growing[-1].unfinished == half
        whole = read_batches(bench.connector(), b"".join(lines)[:-1], tmp_path, batch_rows=100)
        assert sum(len(batch.usage) for batch in whole) == len(lines)
        assert whole[-1].unfinished is None

    # --- orders

    def test_an_account_is_suspended_and_resumed_and_twice_is_as_good_as_once(self, bench: Bench) -> None:
        if not bench.offers(Feature.ORDERS) or not bench.account_to_suspend:
            return
        connector = bench.connector()
        account = bench.account_to_suspend

        def stands() -> State:
            return connector.standing(Target.ACCOUNT, account).state

        assert Target.ACCOUNT in connector.order_powers().targets
        assert stands() is State.ACTIVE
        for verb, becomes in ((Verb.SUSPEND, {State.BLOCKED, State.SUSPENDED}), (Verb.RESUME, {State.ACTIVE})):
            for _ in range(2):
                told = connector.carry_out(Order(verb=verb, target=Target.ACCOUNT, foreign_id=account))
                assert told == account
                assert stands() in becomes
        connector.close()

    def test_all_calls_and_outgoing_calls_alone_follow_each_other(self, bench: Bench) -> None:
        """What holds somebody may become stricter or milder at any time, and is told as it is wanted now."""
        if not bench.offers(Feature.ORDERS) or not bench.account_to_suspend:
            return
        connector = bench.connector()
        account = bench.account_to_suspend
        if connector.order_powers().outbound_only:
            for is_outbound_only in (True, False, True):
                order = Order(
                    verb=Verb.SUSPEND, target=Target.ACCOUNT, foreign_id=account, is_outbound_only=is_outbound_only
                )
                connector.carry_out(order)
                standing = connector.standing(Target.ACCOUNT, account)
                assert standing.state in {State.BLOCKED, State.SUSPENDED}
                assert standing.is_outbound_only is is_outbound_only
            connector.carry_out(Order(verb=Verb.RESUME, target=Target.ACCOUNT, foreign_id=account))
            standing = connector.standing(Target.ACCOUNT, account)
            assert (standing.state, standing.is_outbound_only) == (State.ACTIVE, False)
        connector.close()

    def test_an_order_for_nobody_is_an_error(self, bench: Bench) -> None:
        if not bench.offers(Feature.ORDERS):
            return
        connector = bench.connector()
        with pytest.raises(NeedsAttention, match=NOBODY):
            connector.carry_out(Order(verb=Verb.SUSPEND, target=Target.ACCOUNT, foreign_id=NOBODY))
        connector.close()


def _echoes(secrets: Sequence[str]) -> Iterator[Fault]:
    """A platform that says back what it was told: in an error of a gateway's, and in one that looks like its own."""
    said = f"cannot use {' or '.join(secrets)}"
    for status in (400, 403, 500):
        yield Fault("status", times=None, status=status, body=said)
        yield Fault("status", times=None, status=status, body=json.dumps({"faultcode": said, "faultstring": said}))


# One use of each feature, to see it refused.
USES: Mapping[Feature, Callable[[Connector, Path], object]] = {
    Feature.CUSTOMERS: lambda connector, _: next(iter(connector.customers()), None),
    Feature.ACCOUNTS: lambda connector, _: next(iter(connector.accounts()), None),
    Feature.NUMBERS: lambda connector, _: next(iter(connector.numbers()), None),
    Feature.USAGE: lambda connector, _: next(iter(connector.usage([])), None),
    Feature.FILES: lambda connector, _: next(iter(connector.files()), None),
    Feature.TOTALS: lambda connector, _: next(iter(connector.totals(ANY_MOMENT, ANY_MOMENT, [])), None),
    Feature.PRICE_LIST: lambda connector, _: next(iter(connector.price_list()), None),
    Feature.UPLOAD_PRICE_LIST: lambda connector, folder: connector.upload_price_list(folder / "prices.csv"),
    Feature.ORDERS: lambda connector, _: connector.standing(Target.ACCOUNT, NOBODY),
    Feature.PUSH: lambda connector, _: connector.call_of(Pushed(received_at=ANY_MOMENT)),
    Feature.CHANGE_PASSWORD: lambda connector, _: connector.change_password(Secret("correct horse 1")),
}

# The features that give streams.
STREAMS: Mapping[Feature, Callable[[Connector, Bench], Iterator[Any]]] = {
    Feature.CUSTOMERS: lambda connector, _: connector.customers(),
    Feature.ACCOUNTS: lambda connector, _: connector.accounts(),
    Feature.NUMBERS: lambda connector, _: connector.numbers(),
    Feature.USAGE: lambda connector, bench: connector.usage(bench.scopes),
    Feature.FILES: lambda connector, _: connector.files(),
}
