"""Orders at the database and, where an event socket is set, at the running switch; and how things stand there."""

from collections.abc import Callable
from typing import Any

from tollbook.connectors.base import Order, OrderPowers, Standing, State, Target, Verb
from tollbook.connectors.errors import ForAPerson, NeedsAttention, NotOffered
from tollbook.connectors.fusionpbx import devices
from tollbook.connectors.fusionpbx.devices import Extension, Gateway, Tenant
from tollbook.connectors.fusionpbx.holds import Device, Holder, Wish, changed
from tollbook.connectors.fusionpbx.options import Options
from tollbook.connectors.fusionpbx.schema import DOMAINS, EXTENSIONS, GATEWAYS, Tables, check_there, probe
from tollbook.connectors.fusionpbx.switch import (
    AT_EXPIRY,
    CACHE_STAYS,
    Switch,
    calls_of_domain,
    calls_of_extension,
    calls_of_gateway,
)
from tollbook.connectors.postgres import Database

Channels = Callable[[dict[str, Any]], bool]


class Orders:
    """Reading is the reading user's, changing the controlling user's."""

    def __init__(
        self, platform: str, options: Options, database: Database, control: Database, switch: Switch | None
    ) -> None:
        self._platform, self._options, self._switch = platform, options, switch
        self._database, self._control = database, control
        self._probed: Tables | None = None

    def powers(self) -> OrderPowers:
        return OrderPowers(
            targets=frozenset({Target.CUSTOMER, Target.ACCOUNT, Target.TRUNK}),
            outbound_only=self._options.has_toll_allow_routes,
            cuts_calls=self._switch is not None,
            is_told_in_steps=self._switch is not None,  # the rows, then the switch
            remark="" if self._switch else AT_EXPIRY,
        )

    def carry_out(self, order: Order) -> str:
        """The rows first, then the switch: when it is interrupted between, the same order does the rest.

        Raises:
            ForAPerson: only somebody at FusionPBX can do it.
            NeedsAttention: there is no such thing, or it cannot be done as the settings are.
            TryAgainLater: away, or somebody was at it at the same moment.
        """
        if order.verb not in {Verb.SUSPEND, Verb.RESUME}:
            raise NotOffered(f"FusionPBX is not told to {order.verb}; do it there", platform=self._platform)
        if order.cuts_calls and self._switch is None:
            raise NeedsAttention(
                "calls in progress can be ended over the event socket only; set esl_host and esl_password",
                platform=self._platform,
            )
        wish = Wish.ON if order.verb is Verb.RESUME else Wish.NO_OUTBOUND if order.is_outbound_only else Wish.OFF
        if wish is Wish.NO_OUTBOUND and not self._options.has_toll_allow_routes:
            raise NeedsAttention(
                "outgoing calls alone cannot be stopped unless outbound routes test toll_allow; see that they do, "
                "set toll_allow_routes to yes",
                platform=self._platform,
            )
        match order.target:
            case Target.CUSTOMER:
                theirs = self._customer(order.foreign_id, wish)
            case Target.ACCOUNT:
                theirs = self._account(order.foreign_id, wish)
            case Target.TRUNK:
                theirs = self._trunk(order.foreign_id, wish)
        if order.cuts_calls and wish is not Wish.ON and self._switch is not None:
            self._switch.cut(theirs)
        return order.foreign_id

    def standing(self, target: Target, foreign_id: str) -> Standing:
        """As the database has it and, of gateways, as the running switch does."""
        match target:
            case Target.CUSTOMER:
                return self._tenant_stands(self._tenant(foreign_id))
            case Target.ACCOUNT:
                return self._extension_stands(*self._extension(foreign_id))
            case Target.TRUNK:
                return self._gateways_stand([self._gateway(foreign_id)])

    def close(self) -> None:
        if self._switch is not None:
            self._switch.close()

    def _customer(self, name: str, wish: Wish) -> Channels:
        of = self._tenant(name)
        found = devices.extensions(self._control, of)
        own = devices.gateways(self._control, self._tables, of=of)
        by = self._options.suspend_by
        if by == "gateway" and not own and wish is not Wish.NO_OUTBOUND:
            raise ForAPerson(
                f"{name} has no gateway of its own, and one that everybody uses is not touched; "
                "set suspend_by to extension, or stop it at FusionPBX by hand",
                platform=self._platform,
            )
        if by == "domain" and wish is Wish.NO_OUTBOUND and not of.is_on:
            raise ForAPerson(
                f"the domain {name} is switched off, and incoming calls shall go on: resume the customer first, "
                "or switch it on at FusionPBX",
                platform=self._platform,
            )
        if by == "domain" and wish is not Wish.NO_OUTBOUND:
            devices.switch_tenant(self._control, of, is_on=wish is Wish.ON)
        if by == "gateway" or any(Holder.TENANT in one.device.off_by for one in own):
            trunks = self._bring_gateways(own, Holder.TENANT, Wish.OFF if wish is Wish.OFF else Wish.ON)
            self._check_some_on(trunks if by == "gateway" and wish is Wish.ON else [], "gateway", name)
        kept_as_they_are = wish is Wish.OFF and by != "extension"
        after = found if kept_as_they_are else self._bring_extensions(found, Holder.TENANT, wish)
        devices_after = [one.device for one in after]
        self._check_some_on(devices_after if by == "extension" and wish is Wish.ON else [], "extension", name)
        self._tell(after, drops_registrations=wish is Wish.OFF and by != "gateway")
        return calls_of_domain(name)

    def _check_some_on(self, found: list[Device], what: str, name: str) -> None:
        """Raises ForAPerson: all are off, and none by an order of ours: nothing here may switch them on."""
        if found and not any(one.is_on or one.off_by for one in found):
            raise ForAPerson(
                f"every {what} of {name} was switched off by somebody else than Tollbook; "
                "switch on at FusionPBX those that shall work",
                platform=self._platform,
            )

    def _account(self, name: str, wish: Wish) -> Channels:
        _, found = self._extension(name)
        after = self._bring_extensions(found, Holder.OWN, wish)
        self._tell(after, drops_registrations=wish is Wish.OFF)
        return calls_of_extension(found[0].line)

    def _trunk(self, uuid: str, wish: Wish) -> Channels:
        gateway = self._gateway(uuid)
        if wish is Wish.NO_OUTBOUND:
            raise ForAPerson(
                f"gateway {uuid} can be stopped as a whole only; suspend it wholly, or its extensions' outgoing calls",
                platform=self._platform,
            )
        if not gateway.domain_uuid:
            raise ForAPerson(
                f"gateway {uuid} serves every tenant, so it is not touched; stop it at FusionPBX if that is meant",
                platform=self._platform,
            )
        self._bring_gateways([gateway], Holder.OWN, wish)
        return calls_of_gateway(gateway.device.uuid)

    def _bring_extensions(self, found: list[Extension], holder: Holder, wish: Wish) -> list[Extension]:
        restricted = self._options.restricted_toll_allow
        changes = [(one.device, changed(one.device, holder, wish, restricted=restricted)) for one in found]
        devices.write(self._control, self._tables, EXTENSIONS, changes, self._platform)
        return [Extension(after, one.line) for one, (_, after) in zip(found, changes, strict=True)]

    def _bring_gateways(self, found: list[Gateway], holder: Holder, wish: Wish) -> list[Device]:
        changes = [(one.device, changed(one.device, holder, wish)) for one in found]
        if not self._tables.has(GATEWAYS, "description"):  # nowhere to keep who switched it off
            changes = [(one, type(one)(one.uuid, wish is Wish.ON, one.description)) for one, _ in changes]
        devices.write(self._control, self._tables, GATEWAYS, changes, self._platform)
        if self._switch is not None:
            for one, (_, after) in zip(found, changes, strict=True):
                self._tell_gateway(self._switch, one, after, wish)
        return [after for _, after in changes]

    def _tell_gateway(self, switch: Switch, gateway: Gateway, after: Device, wish: Wish) -> None:
        """One that somebody disabled and left running is not stopped by a resume."""
        if wish is Wish.OFF:
            switch.stop_gateway(after.uuid, profile=gateway.profile, hostname=gateway.hostname)
        elif after.is_on:
            switch.start_gateway(profile=gateway.profile, hostname=gateway.hostname)

    def _tell(self, found: list[Extension], *, drops_registrations: bool) -> None:
        if self._switch is not None:
            self._switch.forget([one.line for one in found], drops_registrations=drops_registrations)

    def _tenant_stands(self, of: Tenant) -> Standing:
        found = devices.extensions(self._database, of)
        working = [one for one in found if one.device.is_on]
        match self._options.suspend_by:
            case "domain" if not of.is_on:
                return Standing(state=State.SUSPENDED, state_word="domain disabled", says=self._when)
            case "gateway":
                own = devices.gateways(self._database, self._tables, of=of)
                if own and not any(one.device.is_on for one in own):
                    return self._gateways_stand(own)
            case "extension" if found and not working:
                return Standing(state=State.SUSPENDED, state_word="every extension disabled", says=self._when)
        held = sum(Holder.TENANT in one.device.off_by and not one.device.is_on for one in found)
        restricted = sum(bool(one.device.restricted_by) for one in working)
        if working and restricted == len(working):
            return Standing(
                state=State.SUSPENDED,
                state_word=f"toll_allow {self._options.restricted_toll_allow}",
                is_outbound_only=True,
                says=self._when,
            )
        stopped = held + sum(Holder.TENANT in one.device.restricted_by for one in working)
        if stopped:  # by Tollbook, and somebody was at the others since
            return Standing(
                state=State.UNKNOWN,
                state_word="mixed",
                says=f"{stopped} of {len(found)} extensions are stopped by Tollbook, the others are not",
            )
        off = "" if of.is_on else "the domain itself was switched off by somebody"
        return Standing(state=State.ACTIVE, state_word="enabled", says=off)

    def _extension_stands(self, of: Tenant, found: list[Extension]) -> Standing:
        working = [one for one in found if one.device.is_on]
        off = "" if of.is_on else "its domain is switched off"
        if not working:
            return Standing(state=State.SUSPENDED, state_word="disabled", says=self._when)
        if all(one.device.restricted_by for one in working):
            return Standing(
                state=State.SUSPENDED,
                state_word=f"toll_allow {self._options.restricted_toll_allow}",
                is_outbound_only=True,
                says=self._when,
            )
        return Standing(state=State.ACTIVE, state_word="enabled", says=off)

    def _gateways_stand(self, found: list[Gateway]) -> Standing:
        """In the database and in the running switch: one that is disabled there may run on here."""
        is_on = any(one.device.is_on for one in found)
        state, word = (State.ACTIVE, "enabled") if is_on else (State.SUSPENDED, "disabled")
        if self._switch is None:
            says = "the running switch was not asked, as no event socket is set (esl_host)"
            return Standing(state=state, state_word=word, says=says)
        running = [one for one in found if self._switch.is_running(one.device.uuid)]
        is_settled = len(running) == sum(one.device.is_on for one in found)
        how = "still running" if not is_on else "not running yet"
        return Standing(
            state=state,
            state_word=word,
            is_settled=is_settled,
            says="" if is_settled else f"{word} in the database, and {how} in the switch",
        )

    @property
    def _when(self) -> str:
        if self._switch is None:
            return AT_EXPIRY
        return "" if self._switch.reaches_cache else CACHE_STAYS

    @property
    def _tables(self) -> Tables:
        if self._probed is None:
            self._probed = probe(self._database, self._platform)
            for table in (DOMAINS, EXTENSIONS, GATEWAYS):
                check_there(self._probed, table, self._platform)
        return self._probed

    def _tenant(self, name: str) -> Tenant:
        return devices.tenant(self._database, name, self._platform)

    def _extension(self, name: str) -> tuple[Tenant, list[Extension]]:
        number, _, domain = name.rpartition("@")
        found: list[Extension] = []
        if number:
            of = self._tenant(domain)
            found = devices.extensions(self._database, of, number)
        if not found:
            raise NeedsAttention(
                f"there is no extension {name!r}; sync the accounts, and see which one it is now",
                platform=self._platform,
            )
        return of, found

    def _gateway(self, uuid: str) -> Gateway:
        found = devices.gateways(self._database, self._tables, uuid=uuid.lower())
        if not found or not uuid:
            raise NeedsAttention(
                f"there is no gateway {uuid!r}; see its uuid in the address of its page", platform=self._platform
            )
        return found[0]
