"""Suspending by commands of the event socket. FreeSWITCH has no customers: what a command does is a setting."""

import re
from collections.abc import Callable, Mapping

from tollbook.connectors import settings
from tollbook.connectors.base import Order, OrderPowers, Site, Standing, State, Target, Verb
from tollbook.connectors.errors import NeedsAttention
from tollbook.connectors.esl import EventSocket
from tollbook.connectors.freeswitch.options import SETTINGS
from tollbook.errors import BadInput

NOTHING = "-"  # a setting that is not used
SUSPENDED, OUTBOUND_ONLY = "suspended", "outbound_only"
# What an id may have, so that it stays one word of one command.
_ID = re.compile(r"[\w@.+:-]{1,200}", re.ASCII)
_FAILED = re.compile(r"^-(ERR|USAGE)", re.IGNORECASE)


class Orders:
    """What can be told of one site, and how."""

    def __init__(self, site: Site, socket: EventSocket | None) -> None:
        """Nothing is asked yet.

        Raises:
            BadInput: a pattern is none.
        """
        self._site = site
        self._socket = socket
        self._patterns = {
            (target, how): self._pattern(f"{target}_{name}_says")
            for target in Target
            for how, name in ((SUSPENDED, "suspended"), (OUTBOUND_ONLY, "outbound"))
        }

    def powers(self) -> OrderPowers:
        """What can be told, as the settings have it."""
        if self._socket is None:
            return OrderPowers(remark="no event socket is set: give esl_host and `--secret esl_password`")
        targets = frozenset(target for target in Target if self._text(f"{target}_suspend") != NOTHING)
        return OrderPowers(
            targets=targets,
            outbound_only=any("{how}" in self._text(f"{target}_suspend") for target in targets),
            cuts_calls=True,
            keeps_emergency=self._text("keeps_emergency") == "yes",
            remark="a flag that the dial plan asks at each call; see the page on FreeSWITCH for what it needs",
        )

    def carry_out(self, order: Order) -> None:
        """Tell the switch."""
        if order.verb not in {Verb.SUSPEND, Verb.RESUME}:
            raise NeedsAttention(f"cannot {order.verb} anything there", platform=self._site.name)
        self._see_that_it_is_there(order.target, order.foreign_id)
        how = OUTBOUND_ONLY if order.is_outbound_only else SUSPENDED
        template = self._command(order.target, "suspend" if order.verb is Verb.SUSPEND else "resume")
        if order.verb is Verb.SUSPEND and order.is_outbound_only and "{how}" not in template:
            raise NeedsAttention(
                f"{order.target}_suspend ({template}) cannot stop outgoing calls alone; put {{how}} into it, or "
                "suspend all calls",
                platform=self._site.name,
            )
        self._tell(self._filled(template, order.foreign_id, how))
        if order.verb is Verb.SUSPEND and order.cuts_calls:
            self._cut_calls(order)

    def standing(self, target: Target, foreign_id: str) -> Standing:
        """How it stands, asked of the switch."""
        self._see_that_it_is_there(target, foreign_id)
        said = self._ask(self._filled(self._command(target, "state"), foreign_id, ""))
        for how in (OUTBOUND_ONLY, SUSPENDED):
            pattern = self._patterns[target, how]
            if pattern is not None and pattern.search(said):
                return Standing(
                    state=State.SUSPENDED, state_word=_first_line(said), is_outbound_only=how == OUTBOUND_ONLY
                )
        return Standing(state=State.ACTIVE, state_word=_first_line(said))

    def _see_that_it_is_there(self, target: Target, foreign_id: str) -> None:
        """Where the switch can be asked: a flag can be set for anybody, and would stop nobody's calls."""
        command = self._text("account_exists")
        if target is not Target.ACCOUNT or command == NOTHING:
            return
        if "{domain}" in command and not self._parts(foreign_id)["domain"]:
            return
        said = self._ask(self._filled(command, foreign_id, ""))
        if said.strip() != "true":
            raise NeedsAttention(
                f"there is no account {foreign_id} on the switch ({_first_line(said)}); sync, or say by account_exists "
                "how it is looked up",
                platform=self._site.name,
            )

    def _cut_calls(self, order: Order) -> None:
        is_theirs = _CHANNELS[order.target]
        for channel in self._opened().channels():
            if is_theirs(channel, order.foreign_id):
                self._opened().hang_up(channel["uuid"])

    def _command(self, target: Target, what: str) -> str:
        command = self._text(f"{target}_{what}")
        if command == NOTHING:
            raise NeedsAttention(
                f"what {what}s a {target} is not said; set {target}_{what}", platform=self._site.name
            )
        return command

    def _filled(self, template: str, foreign_id: str, how: str) -> str:
        parts = self._parts(foreign_id) | {"how": how, "profile": self._text("gateway_profile")}
        for name, value in parts.items():
            template = template.replace(f"{{{name}}}", value)
        return template

    def _parts(self, foreign_id: str) -> dict[str, str]:
        if not _ID.fullmatch(foreign_id):
            raise NeedsAttention(
                f"{foreign_id!r} cannot stand in a command; names have letters, digits and @.+:-_",
                platform=self._site.name,
            )
        user, _, domain = foreign_id.partition("@")
        return {"id": foreign_id, "user": user, "domain": domain or self._text("default_domain")}

    def _tell(self, command: str) -> None:
        said = self._ask(command)
        if _FAILED.match(said):
            raise NeedsAttention(f"{command}: {_first_line(said)}; correct the setting", platform=self._site.name)

    def _ask(self, command: str) -> str:
        return self._opened().api(command)

    def _opened(self) -> EventSocket:
        if self._socket is None:
            raise NeedsAttention(
                "no event socket is set; give esl_host and `--secret esl_password`", platform=self._site.name
            )
        return self._socket

    def _pattern(self, name: str) -> re.Pattern[str] | None:
        given = self._text(name)
        if given == NOTHING:
            return None
        try:
            return re.compile(given)
        except re.error as error:
            raise BadInput(f"{self._site.name}: setting {name}: {given!r} is no pattern ({error})") from None

    def _text(self, name: str) -> str:
        return settings.text(self._site, SETTINGS, name)


def _first_line(said: str) -> str:
    return next(iter(said.splitlines()), "")[:200]


# Whether a channel in progress is somebody's: columns of `show channels`.
_CHANNELS: Mapping[Target, Callable[[dict[str, str], str], bool]] = {
    Target.ACCOUNT: lambda channel, id: id in {channel.get("accountcode"), channel.get("presence_id")},
    Target.CUSTOMER: lambda channel, id: (
        channel.get("context") == id or channel.get("presence_id", "").endswith(f"@{id}")
    ),
    Target.TRUNK: lambda channel, id: f"sofia/gateway/{id}/" in channel.get("application_data", ""),
}
