"""What an installation may say about FreeSWITCH. What its dial plan decides is a setting."""

import re
from dataclasses import dataclass
from typing import Self
from zoneinfo import ZoneInfo

from tollbook.connectors import settings
from tollbook.connectors.base import Setting, Site
from tollbook.connectors.esl import ESL_SETTINGS
from tollbook.connectors.push_gate import PUSH_SETTINGS
from tollbook.errors import BadInput

USUAL_ZONE = "UTC"
MAX_ALTERNATIVES = 20  # ways to name an account
_VARIABLE = re.compile(r"\{(\w+)\}")

CALL_SETTINGS: tuple[Setting, ...] = (
    Setting(
        name="legs",
        help="Which legs are calls: those that come to the switch (a), those it makes (b), or both",
        default="a",
        choices=("a", "b", "both"),
    ),
    Setting(
        name="direction",
        help="Of calls whose dial plan sets no call_direction: auto (see the page), out, in, or local",
        default="auto",
        choices=("auto", "out", "in", "local"),
    ),
    Setting(name="incoming_contexts", help="Contexts that calls from outside come in by", default="public"),
    Setting(
        name="local_bridges",
        help="How the argument of bridge begins for a call that stays inside",
        default="user/,group/,error/user",
    ),
    Setting(
        name="forwarded",
        help="Whether a call that comes in and is put through to a gateway is an outgoing call, too; with legs a",
        default="yes",
        choices=("yes", "no"),
    ),
    Setting(
        name="account",
        help="Which channel variables name the account, as {extension}@{domain_name}; the first alternative, with | "
        "between them, whose variables are all there",
        default="{accountcode}|{user_name}@{domain_name}|{sip_auth_username}",
    ),
    Setting(name="tenant", help="Likewise, which name the tenant; - for none", default="{domain_name}"),
    Setting(
        name="json_values",
        help="How mod_json_cdr writes values of variables: encoded (encode-values is on), or plain",
        default="encoded",
        choices=("encoded", "plain"),
    ),
)


def _order_settings(
    target: str, what: str, *, suspend: str, resume: str, state: str, is_suspended: str, is_outbound: str
) -> tuple[Setting, ...]:
    return (
        Setting(
            name=f"{target}_suspend",
            help=f"Command that suspends {what}; - where that is not done",
            default=suspend,
        ),
        Setting(name=f"{target}_resume", help=f"Command that resumes {what}", default=resume),
        Setting(name=f"{target}_state", help=f"Command that asks how {what} stands", default=state),
        Setting(
            name=f"{target}_suspended_says",
            help="Pattern in its answer when no calls are let through",
            default=is_suspended,
        ),
        Setting(
            name=f"{target}_outbound_says",
            help="Pattern in its answer when only outgoing calls are stopped; - where that is not told apart",
            default=is_outbound,
        ),
    )


ORDER_SETTINGS: tuple[Setting, ...] = (
    *_order_settings(
        "customer",
        "a domain",
        suspend="db insert/tollbook-domains/{id}/{how}",
        resume="db delete/tollbook-domains/{id}",
        state="db select/tollbook-domains/{id}",
        is_suspended="^suspended$",
        is_outbound="^outbound_only$",
    ),
    *_order_settings(
        "account",
        "an account",
        suspend="db insert/tollbook-accounts/{id}/{how}",
        resume="db delete/tollbook-accounts/{id}",
        state="db select/tollbook-accounts/{id}",
        is_suspended="^suspended$",
        is_outbound="^outbound_only$",
    ),
    *_order_settings(
        "trunk",
        "a gateway",
        suspend="sofia profile {profile} killgw {id}",
        resume="sofia profile {profile} rescan",
        state="sofia status gateway {id}",
        is_suspended="^Invalid Gateway",
        is_outbound="-",
    ),
    Setting(
        name="account_exists",
        help="Command that answers true when there is such an account; - asks nobody",
        default="user_exists id {user} {domain}",
    ),
    Setting(name="default_domain", help="Domain of accounts whose name has none; empty = they are not looked up"),
    Setting(name="gateway_profile", help="SIP profile that gateways belong to", default="external"),
    Setting(
        name="keeps_emergency",
        help="Whether the dial plan lets emergency calls through for who is suspended",
        default="no",
        choices=("yes", "no"),
    ),
)
SETTINGS: tuple[Setting, ...] = (*PUSH_SETTINGS, *CALL_SETTINGS, *ESL_SETTINGS, *ORDER_SETTINGS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Settings of a site as what they mean."""

    zone: ZoneInfo
    legs: str
    direction: str
    incoming_contexts: tuple[str, ...]
    local_bridges: tuple[str, ...]
    account: tuple[str, ...]  # alternatives
    tenant: tuple[str, ...]
    decodes_json: bool
    bills_forwarded: bool

    @classmethod
    def of(cls, site: Site) -> Self:
        """As the site says.

        Raises:
            BadInput: a setting makes no sense.
        """
        return cls(
            zone=ZoneInfo(site.timezone or USUAL_ZONE),
            legs=_text(site, "legs"),
            direction=_text(site, "direction"),
            incoming_contexts=_words(site, "incoming_contexts"),
            local_bridges=_words(site, "local_bridges"),
            account=_alternatives(site, "account"),
            tenant=_alternatives(site, "tenant"),
            decodes_json=_text(site, "json_values") == "encoded",
            bills_forwarded=_text(site, "forwarded") == "yes" and _text(site, "legs") == "a",
        )


def variables_of(alternative: str) -> list[str]:
    """The channel variables that an alternative names."""
    return _VARIABLE.findall(alternative)


def filled(alternatives: tuple[str, ...], variables: dict[str, str]) -> str | None:
    """The first alternative whose variables are all there."""
    for one in alternatives:
        if all(variables.get(name) for name in variables_of(one)):
            return _VARIABLE.sub(lambda found: variables[found[1]], one)
    return None


def _text(site: Site, name: str) -> str:
    return settings.text(site, SETTINGS, name)


def _words(site: Site, name: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in _text(site, name).split(",") if word.strip())


def _alternatives(site: Site, name: str) -> tuple[str, ...]:
    given = _text(site, name)
    found = tuple(one.strip() for one in given.split("|") if one.strip()) if given != "-" else ()
    for one in found:
        if not variables_of(one) or set("{}") & set(_VARIABLE.sub("", one)):
            raise BadInput(
                f"{site.name}: setting {name}: {one!r} names no channel variable; write it as {{accountcode}} or "
                "{user_name}@{domain_name}"
            )
    if len(found) > MAX_ALTERNATIVES:
        raise BadInput(f"{site.name}: setting {name} has {len(found)} alternatives; at most {MAX_ALTERNATIVES}")
    return found
