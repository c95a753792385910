"""What the platform says when it refuses: every refusal is HTTP 500 with a code for programs and a text for people.

Codes are those that clients have met; the text is shown whole and never interpreted. Where a refusal is about a field
that is missing, the code is not documented: so the request itself is held against what each method is known to need.
"""

import re
import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from tollbook.connectors.errors import ConnectorError, NeedsAttention, PasswordExpired, TryAgainLater

PASSWORD_EXPIRED = "Server.Session.alert_You_must_change_password"
LOGIN_REFUSED = "Server.Session.auth_failed"
LOCKED = "Server.Session.cannot_login_brute_force_activity"
STANDALONE = "standalone_mode"
# The session is over, or was another site's: log in again, once.
SESSION_FAULTS = frozenset(
    {
        "Server.Session.check_auth.auth_failed",
        "Client.Session.check_auth.failed_to_process_access_token",
        "Client.Session.check_auth.failed_to_process_jwt",
        "Client.check_auth.envelope_missed",
    }
)
DENIED = "access_denied"
_MISSING = re.compile(r"\.([a-z_0-9]+)\.(?:missing|undefined|mandatory)\w*$")

_LOGIN_STEPS: Mapping[str, str] = {
    LOGIN_REFUSED: "check login, and password or token, and whether it is a login of this realm",
    LOCKED: "the platform has locked the login after wrong tries: wait some minutes, and mend the password or token "
    "before trying again",
    **dict.fromkeys(SESSION_FAULTS, "a session that was opened a moment ago is refused: check `url` and realm"),
}

# What a method is known to need: the structure ("" is the request itself) and its fields.
MANDATORY: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "Customer/add_customer": ("customer_info", ("name", "iso_4217")),
    "Customer/update_customer": ("customer_info", ("i_customer",)),
    "Account/add_account": ("account_info", ("i_customer", "billing_model", "i_product", "id")),
    "Account/update_account": ("account_info", ("i_account",)),
    "Account/add_alias": ("alias_info", ("i_master_account", "id")),
    "Customer/add_customer_extension": ("", ("id",)),
    "Customer/make_transaction": ("", ("i_customer", "action", "amount")),
    "Account/make_transaction": ("", ("i_account", "action", "amount")),
    "DID/add_number": ("number_info", ("number",)),
    "DID/assign_did_to_customer": ("", ("i_customer", "i_did_number")),
    "DID/assign_did_to_account": ("", ("i_master_account", "i_did_number")),
    "Customer/get_customer_xdrs": ("", ("from_date", "to_date")),
    "Account/get_xdr_list": ("", ("from_date", "to_date")),
    "Invoice/apply_invoice_adjustment": ("", ("i_invoice", "amount")),
}


class PlatformFault(NeedsAttention):
    """A refusal of the platform's own, whole."""

    def __init__(
        self, message: str, *, platform: str, method: str, code: str, text: str, missing: Sequence[str] = ()
    ) -> None:
        super().__init__(message, platform=platform)
        self.method = method  # Service/method
        self.code = code
        self.text = text
        self.missing = tuple(missing)  # fields that are needed and not there, as "account_info.billing_model"


class AccessDenied(PlatformFault):
    """The API user's role lacks the method."""


class LoginRefused(PlatformFault):
    """Nobody gets in with this: what is true of one request is true of all."""


class SiteReadOnly(TryAgainLater):
    """The disaster site answers, and it writes nothing."""


def error_of(method: str, params: Mapping[str, Any], code: str, text: str, *, platform: str) -> ConnectorError:
    """The refusal as an error, with the next step."""
    if code == PASSWORD_EXPIRED:
        return PasswordExpired(
            f"the API user's password has expired ({code}); give it a new one with "
            f"`tollbook connection password {shlex.quote(platform)}`, or use an API token, which does not expire",
            platform=platform,
        )
    said = f"{method}: {code}" + (f" ({text})" if text else "")
    if code == STANDALONE or code.endswith(f".{STANDALONE}"):
        return SiteReadOnly(
            f"{said}; this site works in standalone mode and only reads: run again when the main site is back, or "
            "set `url` to it",
            platform=platform,
        )
    facts = {"platform": platform, "method": method, "code": code, "text": text}
    if step := _LOGIN_STEPS.get(code):
        return LoginRefused(f"{said}; {step}", **facts)
    if code.rpartition(".")[2] == DENIED:
        return AccessDenied(f"{said}; grant the API user's role the method {method} on the platform", **facts)
    missing = missing_fields(method, params, code)
    step = (
        f"missing: {_told(missing)}"
        if missing
        else "correct what was asked for, or ask its support about this code"
    )
    return PlatformFault(f"{said}; {step}", **facts, missing=missing)


def missing_fields(method: str, params: Mapping[str, Any], code: str) -> list[str]:
    """Fields that the code names, or that the method is known to need, and the request has not: structure.field."""
    structure, fields = MANDATORY.get(method, ("", ()))
    given = params.get(structure) if structure else params
    has = given if isinstance(given, Mapping) else {}
    missing = [field for field in fields if has.get(field) in (None, "")]
    if (named := _MISSING.search(code)) and named[1] not in missing:
        structure = structure or _only_structure(params)
        missing.insert(0, named[1])
    return [f"{structure}.{field}" if structure else field for field in missing]


def _only_structure(params: Mapping[str, Any]) -> str:
    structures = [name for name, value in params.items() if isinstance(value, Mapping)]
    return structures[0] if len(structures) == 1 else ""


def _told(missing: Sequence[str]) -> str:
    return ", ".join(
        f"{field.partition('.')[2]} of {field.partition('.')[0]}" if "." in field else field for field in missing
    )
