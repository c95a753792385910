"""Orders by FS PBX's REST API: extensions are suspended, and calls in progress ended."""

from collections.abc import Iterator
from urllib.parse import quote

import msgspec

from tollbook.connectors.base import Order, OrderPowers, Standing, State, Target, Verb
from tollbook.connectors.errors import NeedsAttention, NotOffered
from tollbook.connectors.fusionpbx.options import Options
from tollbook.connectors.fusionpbx.rest import Client
from tollbook.connectors.fusionpbx.schemas import Domain, Extension, is_yes


class _ActiveCall(msgspec.Struct):
    """Which fields it has is not known; these are tried."""

    call_uuid: str = ""
    uuid: str = ""
    extension: str | int | None = None
    presence_id: str | None = None

    def is_of(self, extension: str) -> bool:
        return extension in {str(self.extension), (self.presence_id or "").partition("@")[0]}


class RestOrders:
    """FS PBX's own flag, beside `enabled`; what a person disabled there stays so."""

    def __init__(self, client: Client, options: Options) -> None:
        self._client, self._options = client, options
        self._field = "suspended" if options.suspends_by_flag else "enabled"

    def powers(self) -> OrderPowers:
        return OrderPowers(
            targets=frozenset({Target.CUSTOMER, Target.ACCOUNT}),
            cuts_calls=True,
            remark="a resumed customer's extensions are all resumed, also those that were suspended alone",
        )

    def carry_out(self, order: Order) -> str:
        """Raises NeedsAttention: there is no such thing, or REST cannot do it; TryAgainLater: away."""
        if order.verb not in {Verb.SUSPEND, Verb.RESUME}:
            raise NotOffered(f"FS PBX is not told to {order.verb}; do it there", platform=self._client.platform)
        if order.is_outbound_only:
            raise NeedsAttention(
                "outgoing calls alone cannot be stopped by REST; use the database for it (usage_from)",
                platform=self._client.platform,
            )
        domain, extensions = self._found(order.target, order.foreign_id)
        stops = order.verb is Verb.SUSPEND
        for one in extensions:
            if self._is_stopped(one) != stops:
                path = f"/domains/{quote(domain.domain_uuid)}/extensions/{quote(one.extension_uuid)}"
                self._client.send("PATCH", path, {self._field: stops == self._options.suspends_by_flag})
        if stops and order.cuts_calls:
            whose = None if order.target is Target.CUSTOMER else extensions[0].extension
            for call in self._calls(domain, whose):
                path = f"/domains/{quote(domain.domain_uuid)}/active-calls/{quote(call)}"
                self._client.send("DELETE", path)
        return order.foreign_id

    def standing(self, target: Target, foreign_id: str) -> Standing:
        domain, extensions = self._found(target, foreign_id)
        stopped = [one for one in extensions if self._is_stopped(one)]
        if extensions and len(stopped) == len(extensions):
            return Standing(
                state=State.SUSPENDED, state_word=f"{self._field} {str(self._is_flag_on(True)).lower()}"
            )
        if stopped:
            return Standing(
                state=State.UNKNOWN,
                state_word="mixed",
                says=f"{len(stopped)} of {len(extensions)} extensions are suspended, the others are not",
            )
        off = "" if is_yes(domain.domain_enabled) else "its domain is switched off"
        return Standing(
            state=State.ACTIVE, state_word=f"{self._field} {str(self._is_flag_on(False)).lower()}", says=off
        )

    def _is_flag_on(self, stops: bool) -> bool:
        return stops == self._options.suspends_by_flag

    def _is_stopped(self, extension: Extension) -> bool:
        return is_yes(extension.suspended) if self._options.suspends_by_flag else not is_yes(extension.enabled)

    def _found(self, target: Target, foreign_id: str) -> tuple[Domain, list[Extension]]:
        number, _, name = foreign_id.rpartition("@")
        domain = next((one for one in self._client.domains() if one.domain_name == name), None)
        if target is Target.TRUNK:
            raise NeedsAttention(
                "gateways cannot be told by REST; use the database for it (usage_from)",
                platform=self._client.platform,
            )
        if domain is None or (target is Target.ACCOUNT and not number):
            raise self._nobody(foreign_id)
        extensions = [
            one for one in self._client.extensions(domain) if target is Target.CUSTOMER or one.extension == number
        ]
        if target is Target.ACCOUNT and not extensions:
            raise self._nobody(foreign_id)
        return domain, extensions

    def _calls(self, domain: Domain, extension: str | None) -> Iterator[str]:
        path = f"/domains/{quote(domain.domain_uuid)}/active-calls"
        for row in list(self._client.rows(path, "call_uuid")):
            call = self._client.decoded(row, _ActiveCall, path)
            uuid = call.call_uuid or call.uuid
            if uuid and (extension is None or call.is_of(extension)):
                yield uuid

    def _nobody(self, name: str) -> NeedsAttention:
        return NeedsAttention(
            f"there is no {name!r}; sync customers and accounts, and see which one it is now",
            platform=self._client.platform,
        )
