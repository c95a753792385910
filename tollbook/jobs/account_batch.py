"""One batch of a platform's accounts: what is stored of them is read, what becomes of each is worked out, and all of it
is written, with a fixed number of statements however many there are.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from tollbook.connections.models import Connection
from tollbook.connectors.base import PlatformAccount, State
from tollbook.credit.queries import accounts_under_orders
from tollbook.customers.account_states import blocked_by, first_state, next_state
from tollbook.customers.linked_accounts import Stored, code_variants, read_numbers, stored_accounts, wanted_code
from tollbook.customers.models import Account, AccountEvent, AccountLink, AccountState, Number, Pairing
from tollbook.customers.operations.claim_numbers import Claim, Taken, claim_numbers, end_numbers, end_of
from tollbook.database import lock_table
from tollbook.jobs.account_products import AccountProducts
from tollbook.jobs.sync_report import Deed, SyncReport
from tollbook.phone import NumberRules

ROWS_PER_STATEMENT = 5_000
MAX_NAME, MAX_WORD, MAX_DETAIL = 200, 40, 500
NO_PRODUCT = "the connection names no product for new accounts"
UNPAIRED = "their customer is not paired"
DESCRIBED = "they are part of an account, as somebody described it"


@dataclass(slots=True)
class Sync:
    """What one run knows from its beginning, and what it leaves for its end."""

    connection: Connection
    rules: NumberRules
    products: AccountProducts
    payers: Mapping[str, list[Pairing]]  # foreign customer → who they are here now
    now: datetime
    by: str
    report: SyncReport
    seen: set[int] = field(default_factory=set)  # links
    postponed: list[Claim] = field(default_factory=list)  # numbers that may yet become free


class AccountBatch:
    """Make one, take every account, write. Part of the transaction that is open."""

    def __init__(self, sync: Sync, listed: Sequence[PlatformAccount]) -> None:
        lock_table(Account._meta.db_table)
        lock_table(Number._meta.db_table)
        self._sync = sync
        self._listed = list({account.foreign_id: account for account in listed}.values())
        texts = (number for account in self._listed for number in account.numbers)
        self._digits, self._unreadable = read_numbers(texts, sync.rules)
        payers = {id: [pairing.customer_id for pairing in of_id] for id, of_id in sync.payers.items()}
        wanted = {there.foreign_id: self._wanted(there) for there in self._listed}
        self._stored: Stored = stored_accounts(sync.connection, self._listed, wanted, payers, at=sync.now)
        self._under_orders = accounts_under_orders(sync.connection)
        self._made: list[Account] = []
        self._changed: dict[int, Account] = {}
        self._links_made: list[AccountLink] = []
        self._links_changed: dict[int, AccountLink] = {}
        self._ended: list[tuple[Number, datetime]] = []
        self._claims: list[Claim] = []
        self._events: list[AccountEvent] = []

    def run(self) -> None:
        """Work it all out and write it."""
        for there in self._listed:
            self._report_unreadable(there)
            if there.state == State.UNKNOWN:
                self._leave_alone(there)
            elif link := self._stored.open_links.get(there.foreign_id):
                self._known(there, link)
            else:
                self._unknown(there)
        self._write()

    # Accounts that are not linked.

    def _unknown(self, there: PlatformAccount) -> None:
        pairings = self._sync.payers.get(there.customer_id, [])
        if there.foreign_id in self._stored.described:
            self._sync.report.skipped[DESCRIBED] += 1
        elif not pairings:
            self._sync.report.skipped[UNPAIRED] += 1
        elif is_over(there) and there.foreign_id in self._stored.once_linked:
            self._sync.report.unchanged += 1
        elif account := self._adoptable(there, pairings):
            self._adopt(there, account)
        elif len(pairings) > 1:
            names = " and ".join(pairing.customer.code for pairing in pairings)
            step = "make the account by hand with exactly its numbers; the next sync adopts it"
            why = f"{there.customer_id} is paired with {names}, and it cannot be told whose it is"
            self._sync.report.add(Deed.NOT_CREATED, _who(there), why, step)
        elif self._sync.products.of(there.product) is None:
            self._sync.report.skipped[NO_PRODUCT] += 1
        else:
            since = self._sync.now if there.foreign_id in self._stored.once_linked else None
            self._make(there, pairings[0], since, "listed again" if since else "")

    def _adoptable(self, there: PlatformAccount, pairings: Sequence[Pairing]) -> Account | None:
        """An account of the same customer with exactly the same numbers, or the same name where there are none."""
        wanted = self._wanted(there)
        payers = {pairing.customer_id for pairing in pairings}
        if is_over(there) or any(text in self._unreadable for text in there.numbers):
            return None
        if not wanted:
            account = self._stored.by_code.get(wanted_code(there))
            return account if account and account.customer_id in payers and _is_in_use(account) else None
        for account in self._stored.adoptable.get(min(wanted), []):
            if account.customer_id in payers and set(self._stored.numbers[account.pk]) == wanted:
                return account
        return None

    def _adopt(self, there: PlatformAccount, account: Account) -> None:
        # Nobody else may adopt it in this batch.
        for digits in self._wanted(there):
            self._stored.adoptable[digits].remove(account)
        self._stored.by_code.pop(account.code, None)
        link = self._link(there, account, self._sync.now if there.foreign_id in self._stored.once_linked else None)
        self._tell(account, "adopted", f"is {there.foreign_id} at {self._sync.connection.name}")
        self._sync.report.add(
            Deed.ADOPTED, f"{_who(there)} = account {account.code}", "same customer, same numbers"
        )
        self._take_over_state(there, account, link)

    def _make(self, there: PlatformAccount, pairing: Pairing, since: datetime | None, why: str) -> None:
        """A new account from `since` on, null being always: then usage of before the first sync finds it too."""
        product = self._sync.products.of(there.product)
        assert product is not None
        state = first_state(there.state, is_settled=there.is_settled)
        variants = code_variants(wanted_code(there), self._sync.connection.name)
        code = next(
            (code for code in variants if code not in self._stored.taken_codes),
            f"{variants[1]}-{there.foreign_id}",
        )
        self._stored.taken_codes.add(code)
        until = end_of(since, self._sync.now) if is_over(there) else None
        account = Account(
            customer=pairing.customer,
            product=product,
            code=code,
            name=there.name[:MAX_NAME],
            active_from=since,
            active_until=until,
            state=state,
            blocked_by=blocked_by(state),
        )
        self._made.append(account)
        link = self._link(there, account, since)
        link.active_until = until
        claims = [Claim(account, digits, since, until) for digits in sorted(self._wanted(there))]
        # Whoever has a number now goes before those who had it once.
        (self._sync.postponed if is_over(there) else self._claims).extend(claims)
        self._tell(account, "created", why or f"listed by {self._sync.connection.name}")
        payer = pairing.customer.code
        self._sync.report.add(Deed.CREATED, f"{_who(there)} = account {code} of {payer}", why)

    def _link(self, there: PlatformAccount, account: Account, since: datetime | None) -> AccountLink:
        link = AccountLink(
            account=account,
            connection=self._sync.connection,
            foreign_id=there.foreign_id,
            foreign_customer_id=there.customer_id,
            active_from=since,
            state_word=there.state_word[:MAX_WORD],
            numbers=sorted(self._wanted(there)),
            seen_at=self._sync.now,
        )
        self._links_made.append(link)
        return link

    # Accounts that are linked.

    def _known(self, there: PlatformAccount, link: AccountLink) -> None:
        account = link.account
        pairings = self._sync.payers.get(there.customer_id, [])
        payers = {pairing.customer_id for pairing in pairings}
        before = self._marks()
        self._see(there, link)
        if account.customer_id in payers:
            if link.foreign_customer_id != there.customer_id:
                why = f"from {link.foreign_customer_id} to {there.customer_id} there, both {account.customer.code}"
                link.foreign_customer_id = there.customer_id
                self._change_link(link)
                self._deed(Deed.UPDATED, there, account, why)
            self._update(there, account, link)
        elif pairings or link.foreign_customer_id != there.customer_id:
            self._move(there, link, pairings)
        else:
            self._sync.report.skipped[UNPAIRED] += 1
            return
        if self._marks() == before:
            self._sync.report.unchanged += 1

    def _marks(self) -> int:
        return len(self._sync.report.lines)

    def _see(self, there: PlatformAccount, link: AccountLink) -> None:
        self._sync.seen.add(link.pk)
        if link.gone_at is not None:
            link.gone_at = None
            self._change_link(link)
            self._deed(Deed.RETURNED, there, link.account, "is listed again")
        if link.state_word != there.state_word[:MAX_WORD]:
            link.state_word = there.state_word[:MAX_WORD]
            self._change_link(link)

    def _update(self, there: PlatformAccount, account: Account, link: AccountLink) -> None:
        if not _is_in_use(account) or (account.active_until and account.active_until <= self._sync.now):
            if there.state != State.CLOSED:
                step = "end it there too, or give the account here another end"
                self._sync.report.add(
                    Deed.DIFFERS, f"{_who(there)} = account {account.code}", "is over here, but not there", step
                )
            return
        if there.name and there.name[:MAX_NAME] != account.name:
            why = f"name {account.name or '(nothing)'} → {there.name[:MAX_NAME]}"
            account.name = there.name[:MAX_NAME]
            self._change(account)
            self._deed(Deed.UPDATED, there, account, why)
        self._take_over_state(there, account, link)
        if account.state != AccountState.TERMINATED:
            self._update_numbers(there, account, link)

    def _take_over_state(self, there: PlatformAccount, account: Account, link: AccountLink) -> None:
        state = next_state(account.state, account.blocked_by, there.state, is_settled=there.is_settled)
        if state is None or (account.pk in self._under_orders and state != AccountState.TERMINATED):
            return  # what we had stopped or resumed there ourselves is read back by the orders, not taken over
        if state == AccountState.TERMINATED:
            self._end(account, link, self._sync.now)
            self._deed(Deed.CLOSED, there, account, f"is {there.state_word or there.state} there")
            return
        was, account.state, account.blocked_by = account.state, state, blocked_by(state)
        self._change(account)
        deed = Deed.BLOCKED if state == AccountState.BLOCKED else Deed.UPDATED
        if was == AccountState.BLOCKED:
            deed = Deed.UNBLOCKED
        self._deed(deed, there, account, f"is {there.state_word or there.state} there, was {was} here")

    def _update_numbers(self, there: PlatformAccount, account: Account, link: AccountLink) -> None:
        wanted, held = self._wanted(there), self._stored.numbers.get(account.pk, {})
        by_dids = self._stored.dids.get(there.foreign_id, set())
        left = (set(link.numbers) & held.keys()) - wanted - by_dids
        if any(text in self._unreadable for text in there.numbers):
            left = set()  # one that cannot be read may be the one that seems to have left
            wanted |= set(link.numbers) & held.keys()
        for digits in sorted(left):
            self._ended.append((held[digits], self._sync.now))
            self._deed(Deed.NUMBER_ENDED, there, account, f"+{digits}")
        self._claims += [Claim(account, digits, self._sync.now) for digits in sorted(wanted - held.keys())]
        if sorted(wanted) != link.numbers:
            link.numbers = sorted(wanted)
            self._change_link(link)

    def _move(self, there: PlatformAccount, link: AccountLink, pairings: Sequence[Pairing]) -> None:
        """It is somebody else's from now on; what it used before stays theirs who had it."""
        old, moment = link.account, self._sync.now
        if len(pairings) == 1 and link.foreign_customer_id == there.customer_id:
            # It did not move there: somebody here paired its customer with another one, from a date on.
            moment = min(pairings[0].active_from or moment, moment)
            moment = end_of(old.active_from, moment)
        self._end(old, link, moment)
        whose = there.customer_id
        if len(pairings) == 1 and self._sync.products.of(there.product) and not is_over(there):
            whose = pairings[0].customer.code
            self._make(there, pairings[0], moment, f"was account {old.code} of {old.customer.code}")
        why = f"from {old.customer.code} to {whose}; account {old.code} ends"
        step = ""
        if not pairings:
            why += f", and {there.customer_id} is nobody's here"
            step = f"tollbook pairing pair {self._sync.connection.quoted} {there.customer_id} CUSTOMER"
        elif len(pairings) > 1:
            why += f", and {there.customer_id} is several here"
            step = "make the account by hand with exactly its numbers; the next sync adopts it"
        elif self._sync.products.of(there.product) is None:
            why += f", and no other begins: {NO_PRODUCT}"
            step = "name one (account_product) and sync again"
        self._tell(old, Deed.MOVED, why)
        self._sync.report.add(Deed.MOVED, _who(there), why, step)

    def _end(self, account: Account, link: AccountLink, moment: datetime) -> None:
        """For good: its numbers are free, its record stays."""
        for number in self._stored.numbers.get(account.pk, {}).values():
            self._ended.append((number, moment))
        account.state, account.blocked_by = AccountState.TERMINATED, ""
        account.active_until = min(account.active_until or moment, end_of(account.active_from, moment))
        self._change(account)
        link.active_until, link.numbers = end_of(link.active_from, moment), []
        self._change_link(link)

    # What both have.

    def _leave_alone(self, there: PlatformAccount) -> None:
        link = self._stored.open_links.get(there.foreign_id)
        if link is not None:
            self._see(there, link)
        elif there.customer_id not in self._sync.payers:
            self._sync.report.skipped[UNPAIRED] += 1
            return
        why = f"has the state {there.state_word or 'nothing'!r}, which we do not know; it is left alone"
        step = "see what it means there, and change the account here by hand"
        self._sync.report.add(Deed.UNKNOWN_STATE, _who(there), why, step)

    def _report_unreadable(self, there: PlatformAccount) -> None:
        if there.customer_id in self._sync.payers:
            for text in there.numbers:
                if text in self._unreadable:
                    step = f"correct it there, or the number rules of {self._sync.connection.name}"
                    self._sync.report.add(Deed.UNREADABLE_NUMBER, _who(there), f"{text!r} is no number", step)

    def _wanted(self, there: PlatformAccount) -> set[int]:
        return {self._digits[text] for text in there.numbers if text in self._digits}

    def _deed(self, deed: Deed, there: PlatformAccount, account: Account, why: str) -> None:
        self._tell(account, deed, why)
        self._sync.report.add(deed, f"{_who(there)} = account {account.code}", why)

    def _tell(self, account: Account, what: str, detail: str) -> None:
        event = AccountEvent(
            account=account, what=what, detail=detail[:MAX_DETAIL], by=self._sync.by, at=self._sync.now
        )
        self._events.append(event)

    def _change(self, account: Account) -> None:
        if account.pk:
            self._changed[account.pk] = account

    def _change_link(self, link: AccountLink) -> None:
        if link.pk:
            self._links_changed[link.pk] = link

    def _write(self) -> None:
        Account.objects.bulk_create(self._made, batch_size=ROWS_PER_STATEMENT)
        # An insert that finds its row is many times faster than bulk_update, which writes a CASE for each field.
        Account.objects.bulk_create(
            list(self._changed.values()),
            batch_size=ROWS_PER_STATEMENT,
            update_conflicts=True,
            unique_fields=["id"],
            update_fields=["name", "state", "blocked_by", "active_until"],
        )
        AccountLink.objects.bulk_create(
            list(self._links_changed.values()),
            batch_size=ROWS_PER_STATEMENT,
            update_conflicts=True,
            unique_fields=["id"],
            update_fields=["foreign_customer_id", "state_word", "numbers", "gone_at", "active_until"],
        )
        made = AccountLink.objects.bulk_create(self._links_made, batch_size=ROWS_PER_STATEMENT)
        self._sync.seen.update(link.pk for link in made)
        seen = [link.pk for link in self._stored.open_links.values()]
        AccountLink.objects.filter(pk__in=seen).update(seen_at=self._sync.now)
        end_numbers(self._ended)
        AccountEvent.objects.bulk_create(self._events, batch_size=ROWS_PER_STATEMENT)
        self._sync.postponed += [taken.claim for taken in give_numbers(self._sync, self._claims)]


def give_numbers(sync: Sync, claims: Sequence[Claim]) -> list[Taken]:
    """Give what is free, and tell of it unless the account was made with it; what is taken comes back."""
    is_of_accounts = sync.report.part == "accounts"
    given, taken = claim_numbers(claims, now=sync.now)
    events = []
    for number in given:
        is_first = number.active_from is None or number.account.active_from == number.active_from
        if not (is_of_accounts and is_first) and number.active_until is None:
            detail = f"+{number.digits}"
            events.append(
                AccountEvent(
                    account=number.account, what=Deed.NUMBER_ADDED, detail=detail, by=sync.by, at=sync.now
                )
            )
            sync.report.add(Deed.NUMBER_ADDED, f"account {number.account.code}", detail)
    AccountEvent.objects.bulk_create(events, batch_size=ROWS_PER_STATEMENT)
    return taken


def is_over(there: PlatformAccount) -> bool:
    """Whether it has ended there. What is only being closed is still in use."""
    return there.state == State.CLOSED and there.is_settled


def _is_in_use(account: Account) -> bool:
    return account.state != AccountState.TERMINATED


def _who(there: PlatformAccount) -> str:
    return there.foreign_id if there.code in ("", there.foreign_id) else f"{there.foreign_id} ({there.code})"
