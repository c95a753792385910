"""Suspending and resuming extensions, trunks and whole tenants, and how they stand.

A tenant cannot be switched off by any documented setting, so it is its extensions, its trunks, or its dial plan. Every
write is answered by `{}`, done or not: only what is read afterwards counts.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from tollbook.connectors.base import Order, OrderPowers, Standing, State, Target, Verb
from tollbook.connectors.errors import ForAPerson, NeedsAttention
from tollbook.connectors.vodia.client import Client, domain_path
from tollbook.connectors.vodia.memory import ACCOUNTS, BY_ACCOUNT, BY_CUSTOMER, KINDS, TRUNKS, Memory
from tollbook.connectors.vodia.options import Options
from tollbook.connectors.vodia.people import People, Trunk, is_yes, settings_path, tenant_of, text

MAX_SELECTED = 100  # accounts in one order
SHOWN = 10  # of a list, to a person
EXTENSIONS = "extensions"

Settings = Mapping[str, object]


class Orders:
    """Tells a PBX what to do, and asks how it stands."""

    def __init__(self, client: Client, people: People, options: Options) -> None:
        self._client = client
        self._people = people
        self._options = options

    def powers(self) -> OrderPowers:
        by_plan = self._options.suspend_by == "dial_plan"
        how = {"accounts": "its extensions are disabled", "trunk": "its own trunks are disabled"}
        customer = how.get(self._options.suspend_by, f"the dial plan {self._options.restricted_plan} is set")
        return OrderPowers(
            targets=frozenset({Target.CUSTOMER, Target.ACCOUNT, Target.TRUNK}),
            outbound_only=bool(self._options.restricted_plan),
            cuts_calls=False,
            keeps_emergency=by_plan,
            is_told_in_steps=self._options.drops_registrations,
            remark=f"a customer is suspended so that {customer}; calls in progress go on",
        )

    def carry_out(self, order: Order) -> str:
        """Tell it. See `Connector.carry_out`."""
        if order.verb not in {Verb.SUSPEND, Verb.RESUME}:
            raise ForAPerson(
                f"{order.verb.value} {order.target.value} {order.foreign_id!r} is not done here; do it on the PBX",
                platform=self._client.platform,
            )
        is_off = order.verb is Verb.SUSPEND
        if order.is_outbound_only and is_off and not self._options.restricted_plan:
            raise ForAPerson(
                "outgoing calls alone can be stopped by a dial plan only; make one on the PBX that allows emergency "
                "calls, and give its name by `--set restricted_plan=…`",
                platform=self._client.platform,
            )
        match order.target:
            case Target.ACCOUNT:
                self._account(order.foreign_id, is_off=is_off, by_plan=order.is_outbound_only)
            case Target.TRUNK:
                tenant, trunk = self._trunk(order.foreign_id)
                self._switch_trunk(tenant, trunk.id, is_off=is_off)
            case Target.CUSTOMER:
                by_plan = order.is_outbound_only or self._options.suspend_by == "dial_plan"
                if is_off:
                    self._suspend_customer(order.foreign_id, by_plan=by_plan)
                else:
                    self._resume_customer(order.foreign_id)
        return order.foreign_id

    def standing(self, target: Target, foreign_id: str) -> Standing:
        """As the PBX says now."""
        match target:
            case Target.ACCOUNT:
                tenant, number = self._account_of(foreign_id)
                return self._account_standing(self._people.account_settings(tenant, number))
            case Target.TRUNK:
                _, trunk = self._trunk(foreign_id)
                is_off = trunk.is_disabled
                return Standing(
                    state=State.SUSPENDED if is_off else State.ACTIVE, state_word="disabled" if is_off else ""
                )
        return self._customer_standing(foreign_id)

    # --- one account

    def _account(self, foreign_id: str, *, is_off: bool, by_plan: bool) -> None:
        tenant, number = self._account_of(foreign_id)
        told = self._people.account_settings(tenant, number)
        if not is_off:
            self._act(tenant, [number], is_off=False)
            self._give_plan_back(tenant, number, told, BY_ACCOUNT)
        elif by_plan:
            self._restrict(tenant, number, told, BY_ACCOUNT)
        else:
            self._act(tenant, [number], is_off=True)

    def _account_standing(self, told: Settings) -> Standing:
        if is_yes(told.get("disabled")):
            return Standing(state=State.SUSPENDED, state_word="disabled")
        plan = text(told.get(self._options.account_plan_key))
        if self._is_restricted(plan):
            return Standing(state=State.SUSPENDED, state_word=plan, is_outbound_only=True)
        return Standing(state=State.ACTIVE)

    # --- a whole tenant

    def _suspend_customer(self, tenant: str, *, by_plan: bool) -> None:
        told = self._people.settings(tenant)
        if by_plan:
            self._restrict_tenant(tenant, told)
            return
        kind = self._kind
        things = self._things(tenant, kind)
        if kind == TRUNKS and not things:
            raise ForAPerson(
                f"tenant {tenant!r} has no trunk of its own, and one that others use is not touched; suspend it by "
                "its accounts: `--set suspend_by=accounts`",
                platform=self._client.platform,
            )
        memory = self._memory(told) or Memory(by=BY_CUSTOMER)
        if memory.off(kind) is None:  # once: what a first try disabled was not disabled before
            before = [id for id, is_off in things.items() if is_off]
            self._remember(domain_path(tenant, "settings"), memory.with_off(kind, before))
        self._switch(tenant, kind, [id for id, is_off in things.items() if not is_off], is_off=True)

    def _resume_customer(self, tenant: str) -> None:
        """Everything that a suspension of ours did is taken back, whatever the settings say today."""
        told = self._people.settings(tenant)
        memory = self._memory(told)
        for kind in KINDS:
            things = self._things(tenant, kind)
            before = memory.off(kind) if memory else None
            # Nothing is kept, and it stands as suspended: then it is resumed all the same.
            is_ours = before is not None or (memory is None and (all(things.values()) or self._forgets(kind)))
            if is_ours:
                off = [id for id, is_off in things.items() if is_off and id not in (before or ())]
                self._switch(tenant, kind, off, is_off=False)
        for number, settings in self._extensions(tenant).items():
            self._give_plan_back(tenant, number, settings, BY_CUSTOMER)
        if self._is_restricted(text(told.get(self._options.tenant_plan_key))):
            before_it = {self._options.tenant_plan_key: self._plan_before(memory)}
            self._client.write(domain_path(tenant, "settings"), before_it)
        if memory and self._customer_standing(tenant) == Standing(state=State.ACTIVE):
            # Not before: else the next try would not know what to give back.
            self._client.write(domain_path(tenant, "settings"), {self._options.memory_key: ""})

    def _customer_standing(self, tenant: str) -> Standing:
        told = self._people.settings(tenant)
        memory = self._memory(told)
        things = {kind: self._things(tenant, kind) for kind in KINDS}
        for kind, of_kind in things.items():
            if of_kind and all(of_kind.values()):
                return Standing(state=State.SUSPENDED, state_word=f"all {kind} disabled")
        if self._is_restricted(plan := text(told.get(self._options.tenant_plan_key))):
            free = [number for number, one in self._extensions(tenant).items() if self._escapes(one)]
            if not free:
                return Standing(state=State.SUSPENDED, state_word=plan, is_outbound_only=True)
            return Standing(state=State.ACTIVE, is_settled=False, says=f"outgoing calls go on from {_some(free)}")
        left = [
            id
            for kind, of_kind in things.items()
            if memory and (before := memory.off(kind)) is not None
            for id, is_off in of_kind.items()
            if is_off and id not in before
        ]
        says = f"in part only: {_some(left)} disabled" if left else ""
        return Standing(state=State.ACTIVE, is_settled=not left, says=says)

    @property
    def _kind(self) -> str:
        """What of a customer is disabled, as the settings have it."""
        return TRUNKS if self._options.suspend_by == "trunk" else ACCOUNTS

    def _forgets(self, kind: str) -> bool:
        return not self._options.memory_key and kind == self._kind

    def _things(self, tenant: str, kind: str) -> dict[str, bool]:
        """Its extensions, or its own trunks, each with whether it is disabled now."""
        if kind == TRUNKS:
            return {trunk.id: trunk.is_disabled for trunk in self._own_trunks(tenant)}
        return {number: is_yes(told.get("disabled")) for number, told in self._extensions(tenant).items()}

    def _switch(self, tenant: str, kind: str, ids: list[str], *, is_off: bool) -> None:
        if kind == ACCOUNTS:
            self._act(tenant, ids, is_off=is_off)
            return
        for id in ids:
            self._switch_trunk(tenant, id, is_off=is_off)

    # --- dial plans

    def _restrict_tenant(self, tenant: str, told: Settings) -> None:
        """The tenant's plan, and that of each extension that has one of its own."""
        key = self._options.tenant_plan_key
        plan = text(told.get(key))
        if not self._is_restricted(plan):
            memory = self._memory(told) or Memory(by=BY_CUSTOMER)
            self._remember(domain_path(tenant, "settings"), replace(memory, plan=plan))
            self._client.write(domain_path(tenant, "settings"), {key: self._options.restricted_plan})
        for number, settings in self._extensions(tenant).items():
            if self._escapes(settings):
                self._restrict(tenant, number, settings, BY_CUSTOMER)

    def _restrict(self, tenant: str, number: str, told: Settings, by: str) -> None:
        key = self._options.account_plan_key
        plan = text(told.get(key))
        if self._is_restricted(plan):
            return
        path = settings_path(tenant, number)
        self._remember(path, Memory(by=by, plan=plan))
        self._client.write(path, {key: self._options.restricted_plan})

    def _give_plan_back(self, tenant: str, number: str, told: Settings, by: str) -> None:
        """Only what the same kind of suspension took: an account's own outlasts its customer's."""
        key = self._options.account_plan_key
        memory = self._memory(told)
        is_ours = memory.by == by if memory else by == BY_ACCOUNT or not self._options.memory_key
        if not self._is_restricted(text(told.get(key))) or not is_ours:
            return
        changes = {key: self._plan_before(memory)}
        if memory:
            changes[self._options.memory_key] = ""
        self._client.write(settings_path(tenant, number), changes)

    def _escapes(self, told: Settings) -> bool:
        """An extension with a plan of its own does not mind the tenant's."""
        plan = text(told.get(self._options.account_plan_key))
        return bool(plan) and not self._is_restricted(plan)

    def _is_restricted(self, plan: str) -> bool:
        return bool(self._options.restricted_plan) and plan == self._options.restricted_plan

    def _plan_before(self, memory: Memory | None) -> str:
        return self._options.usual_plan if memory is None or memory.plan is None else memory.plan

    # --- what is kept

    def _memory(self, told: Settings) -> Memory | None:
        return Memory.read(text(told.get(self._options.memory_key))) if self._options.memory_key else None

    def _remember(self, path: str, memory: Memory) -> None:
        """Keep it on the PBX and see that it is there, before anything is changed.

        Raises:
            NeedsAttention: the PBX does not keep it.
        """
        key = self._options.memory_key
        if not key:
            return
        self._client.write(path, {key: str(memory)})
        kept = self._client.get(path)
        if not isinstance(kept, dict) or text(kept.get(key)) != str(memory):
            raise NeedsAttention(
                f"POST {path}: the PBX does not keep {key!r}, so it would not be known how to undo the suspension, and "
                "nothing was changed; name a text setting by memory_key that it keeps, or - to enable everything "
                "again with usual_plan",
                platform=self._client.platform,
            )

    # --- what is written and read

    def _act(self, tenant: str, numbers: list[str], *, is_off: bool) -> None:
        action = "disable_selected" if is_off else "enable_selected"
        for at in range(0, len(numbers), MAX_SELECTED):
            selected = " ".join(numbers[at : at + MAX_SELECTED])
            order = {"type": "accounts", "action": action, "selected": selected}
            self._client.write(domain_path(tenant, "domain_action"), order)
            if self._options.drops_registrations and is_off:
                self._client.write(domain_path(tenant, "domain_action"), {**order, "action": "clear_reg"})

    def _switch_trunk(self, tenant: str, id: str, *, is_off: bool) -> None:
        self._client.write(
            domain_path(tenant, "domain_trunks"), {"dis": "true" if is_off else "false"}, {"trunk": id}
        )

    def _extensions(self, tenant: str) -> dict[str, Settings]:
        """Every extension with its settings, as they are now."""
        return {
            account.number: self._people.account_settings(tenant, account.number)
            for account in self._people.accounts_of(tenant)
            if account.type == EXTENSIONS
        }

    def _own_trunks(self, tenant: str) -> list[Trunk]:
        return [trunk for trunk in self._people.trunks(tenant) if not trunk.is_global]

    def _account_of(self, foreign_id: str) -> tuple[str, str]:
        number, tenant = tenant_of(foreign_id)
        if not number or not tenant or number.split() != [number]:  # a blank would make it several
            raise NeedsAttention(
                f"account {foreign_id!r} is none of a tenant; name it as 200@tenant.example.ca",
                platform=self._client.platform,
            )
        return tenant, number

    def _trunk(self, foreign_id: str) -> tuple[str, Trunk]:
        id, tenant = tenant_of(foreign_id)
        if not id or not tenant:
            raise NeedsAttention(
                f"trunk {foreign_id!r} is none of a tenant; name it as 1@tenant.example.ca",
                platform=self._client.platform,
            )
        found = next((trunk for trunk in self._own_trunks(tenant) if trunk.id == id), None)
        if found is None:
            raise NeedsAttention(
                f"tenant {tenant!r} has no trunk {id!r} of its own; see `tollbook connection test`, and leave trunks "
                "that others use alone",
                platform=self._client.platform,
            )
        return tenant, found


def _some(names: Iterable[str]) -> str:
    every = list(names)
    more = f" and {len(every) - SHOWN} more" if len(every) > SHOWN else ""
    return ", ".join(every[:SHOWN]) + more
