"""Refusals, as PortaBilling's clients know them: HTTP 500 with a code that they switch on and a text for people."""

from tollbook.errors import TollbookError


class Fault(TollbookError):
    """What is answered in place of a result. `code` as the platform spells it; the text names the next step."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.text = text


# Spelled exactly: clients log in again, or give up, by these words.
AUTH_FAILED = "Server.Session.auth_failed"
CHECK_AUTH_FAILED = "Server.Session.check_auth.auth_failed"
BAD_ACCESS_TOKEN = "Client.Session.check_auth.failed_to_process_access_token"
NO_AUTH = "Client.check_auth.envelope_missed"
BAD_LOGOUT_TOKEN = "Client.Session.logout.failed_to_process_access_token"
REFRESH_FAILED = "Server.Session.refresh_access_token.refresh_failed"
MUST_CHANGE_PASSWORD = "Server.Session.alert_You_must_change_password"
BRUTE_FORCE = "Server.Session.cannot_login_brute_force_activity"
XDR_NOT_FOUND = "Server.CDR.xdr_not_found"
NO_RECORDING = "Server.CDR.invalid_call_recording_id"
NO_DELIVERY_ADDRESS = "Server.AccessControl.empty_rec_and_bcc"
STANDALONE = "standalone_mode"
NO_VOICEMAIL = "Server.Account.unified_messaging_disabled"

# No public source says how these are spelled there; ours follow the scheme of the known ones.
METHOD_NOT_FOUND = "Client.api.method_not_found"
BAD_REQUEST = "Client.api.bad_request"
TOO_MANY_CALLS = "Client.api.too_many_requests"
INTERNAL_ERROR = "Server.api.internal_error"


def missing(method: str, field: str, structure: str = "") -> Fault:
    """A mandatory field that was not sent. `method` as Service/name."""
    where = f" of {structure}" if structure else ""
    return Fault(f"Client.{dotted(method)}.{field}.missing", f"{field}{where} is mandatory; send it with {method}")


def invalid(method: str, field: str, why: str) -> Fault:
    """A field with a value that cannot be meant."""
    return Fault(f"Client.{dotted(method)}.{field}.invalid", f"{field}: {why}")


def denied(method: str, why: str = "") -> Fault:
    """The role, the realm or the owner does not allow it. The same words whether or not the thing exists."""
    return Fault(f"Server.{dotted(method)}.access_denied", why or f"you may not use {method} on this")


def refused(method: str, reason: str, text: str) -> Fault:
    """A rule of ours does not allow it; `reason` as duplicate_id or agreement_limit_exceeded."""
    return Fault(f"Server.{dotted(method)}.{reason}", text)


def dotted(method: str) -> str:
    """Account/add_account as it stands in codes."""
    return method.replace("/", ".")
