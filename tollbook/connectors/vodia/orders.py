"""Suspending and resuming extensions, trunks and whole tenants, and how they stand.

A tenant cannot be switched off by any documented setting, so it is its extensions, its trunks, or its dial plan. Every
write is answered by `{}`, done or not: only what is read afterwards counts.
"""

from collections.abc import Iterable, Mapping

from tollbook.connectors.base import Order, OrderPowers, Standing, State, Target, Verb
from tollbook.connectors.errors import ForAPerson, NeedsAttention
from tollbook.connectors.vodia.client import Client, domain_path
from tollbook.connectors.vodia.memory import BY_ACCOUNT, BY_CUSTOMER, Memory
from tollbook.connectors.vodia.options import Options
from tollbook.connectors.vodia.people import People, Trunk, is_yes, tenant_of, text

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
            self._act(tenant, [number], "enable_selected")
            self._give_plan_back(tenant, number, told, BY_ACCOUNT)
        elif by_plan:
            self._restrict(tenant, number, told, BY_ACCOUNT)
        else:
            self._act(tenant, [number], "disable_selected")

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
        elif self._options.suspend_by == "trunk":
            own = self._own_trunks(tenant)
            if not own:
                raise ForAPerson(
                    f"tenant {tenant!r} has no trunk of its own, and one that others use is not touched; suspend it by "
                    "its accounts: `--set suspend_by=accounts`",
                    platform=self._client.platform,
                )
            self._remember_off(tenant, told, [_mark(trunk) for trunk in own if trunk.is_disabled])
            for trunk in own:
                self._switch_trunk(tenant, trunk.id, is_off=True)
        else:
            every = self._extensions(tenant)
            off = [number for number, settings in every.items() if is_yes(settings.get("disabled"))]
            self._remember_off(tenant, told, off)
            self._act(tenant, [number for number in every if number not in off], "disable_selected")

    def _resume_customer(self, tenant: str) -> None:
        """Everything that our suspension may have done is taken back, whatever the settings say today."""
        told = self._people.settings(tenant)
        memory = self._memory(told)
        off = memory.off if memory and memory.off is not None else ()
        every = self._extensions(tenant)
        own = self._own_trunks(tenant)
        is_known = (memory is not None and memory.off is not None) or not self._options.memory_key
        numbers = [one for one, settings in every.items() if is_yes(settings.get("disabled")) and one not in off]
        all_off = len(numbers) == len(every)  # it stands as suspended: then it is resumed, kept or not
        if numbers and (is_known or all_off):
            self._act(tenant, numbers, "enable_selected")
        trunks = [trunk for trunk in own if trunk.is_disabled and _mark(trunk) not in off]
        if is_known or len(trunks) == len(own):
            for trunk in trunks:
                self._switch_trunk(tenant, trunk.id, is_off=False)
        for number, settings in every.items():
            self._give_plan_back(tenant, number, settings, BY_CUSTOMER)
        plan = text(told.get(self._options.tenant_plan_key))
        if self._is_restricted(plan):
            before = {self._options.tenant_plan_key: self._plan_before(memory)}
            self._client.write(domain_path(tenant, "settings"), before)
        self._forget_when_done(tenant, memory)

    def _forget_when_done(self, tenant: str, memory: Memory | None) -> None:
        """What was kept is forgotten only when everything is as it was: else the next try would need it again."""
        if memory is None or not self._options.memory_key:
            return
        standing = self._customer_standing(tenant)
        left = [one for one in self._disabled(tenant) if one not in (memory.off or ())]
        if standing.state is State.ACTIVE and not left:
            self._client.write(domain_path(tenant, "settings"), {self._options.memory_key: ""})

    def _customer_standing(self, tenant: str) -> Standing:
        told = self._people.settings(tenant)
        memory = self._memory(told)
        every, own = self._extensions(tenant), self._own_trunks(tenant)
        enabled = [number for number, settings in every.items() if not is_yes(settings.get("disabled"))]
        running = [trunk.id for trunk in own if not trunk.is_disabled]
        for of, left in (("extensions", enabled if every else [""]), ("trunks", running if own else [""])):
            if not left:
                return Standing(state=State.SUSPENDED, state_word=f"all {of} disabled")
        if self._is_restricted(plan := text(told.get(self._options.tenant_plan_key))):
            free = [number for number in enabled if self._escapes(every[number])]
            if not free:
                return Standing(state=State.SUSPENDED, state_word=plan, is_outbound_only=True)
            return Standing(state=State.ACTIVE, is_settled=False, says=f"outgoing calls go on from {_some(free)}")
        before = memory.off if memory else None
        off = [] if before is None else [one for one in self._disabled(tenant) if one not in before]
        says = f"in part only: {_some(off)} disabled" if off else ""
        return Standing(state=State.ACTIVE, is_settled=not off, says=says)

    def _disabled(self, tenant: str) -> list[str]:
        """Of what a customer is suspended by."""
        if self._options.suspend_by == "trunk":
            return [_mark(trunk) for trunk in self._own_trunks(tenant) if trunk.is_disabled]
        return [one for one, told in self._extensions(tenant).items() if is_yes(told.get("disabled"))]

    # --- dial plans

    def _restrict_tenant(self, tenant: str, told: Settings) -> None:
        """The tenant's plan, and that of each extension that has one of its own."""
        key = self._options.tenant_plan_key
        plan = text(told.get(key))
        if not self._is_restricted(plan):
            self._remember(domain_path(tenant, "settings"), told, Memory(by=BY_CUSTOMER, plan=plan))
            self._client.write(domain_path(tenant, "settings"), {key: self._options.restricted_plan})
        for number, settings in self._extensions(tenant).items():
            if self._escapes(settings):
                self._restrict(tenant, number, settings, BY_CUSTOMER)

    def _restrict(self, tenant: str, number: str, told: Settings, by: str) -> None:
        key = self._options.account_plan_key
        plan = text(told.get(key))
        if self._is_restricted(plan):
            return
        path = domain_path(tenant, f"user_settings/{number}")
        self._remember(path, told, Memory(by=by, plan=plan))
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
        self._client.write(domain_path(tenant, f"user_settings/{number}"), changes)

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

    def _remember_off(self, tenant: str, told: Settings, off: list[str]) -> None:
        """What was disabled before. Once: what the first try disabled was not disabled before."""
        memory = self._memory(told)
        if memory is None or memory.off is None:
            plan = memory.plan if memory else None
            self._remember(
                domain_path(tenant, "settings"), told, Memory(by=BY_CUSTOMER, plan=plan, off=tuple(off))
            )

    def _remember(self, path: str, told: Settings, memory: Memory) -> None:
        """Keep it on the PBX and see that it is there, before anything is changed.

        Raises:
            NeedsAttention: the PBX does not keep it.
        """
        key = self._options.memory_key
        if not key:
            return
        before = self._memory(told)
        if before is not None and before.off is not None and memory.off is None:
            memory = Memory(by=memory.by, plan=memory.plan, off=before.off)
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

    def _act(self, tenant: str, numbers: list[str], action: str) -> None:
        for at in range(0, len(numbers), MAX_SELECTED):
            selected = " ".join(numbers[at : at + MAX_SELECTED])
            order = {"type": "accounts", "action": action, "selected": selected}
            self._client.write(domain_path(tenant, "domain_action"), order)
            if self._options.drops_registrations and action == "disable_selected":
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
        if not number or not tenant:
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


def _mark(trunk: Trunk) -> str:
    """As it is kept: an extension may have the same digits."""
    return f"trunk:{trunk.id}"


def _some(names: Iterable[str]) -> str:
    every = list(names)
    more = f" and {len(every) - SHOWN} more" if len(every) > SHOWN else ""
    return ", ".join(every[:SHOWN]) + more
