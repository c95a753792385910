"""Voicemail: no mailboxes are kept here, and clients are told so in the platform's own way."""

from typing import Annotated

import msgspec

from tollbook.api.portabilling.caller import Caller
from tollbook.api.portabilling.faults import NO_VOICEMAIL, Fault
from tollbook.api.portabilling.fields import Id
from tollbook.api.portabilling.method import EVERYBODY, Request, Success, method

Uids = Annotated[list[int | str], msgspec.Meta(max_length=10_000)]


class Mailbox(Request):
    """Whose mailbox, and what of it."""

    i_account: Id | None = None
    message_uid: int | None = None
    message_uids: Uids | None = None
    format: str | None = None
    action: str | None = None
    flag: str | None = None


@method("Account/get_mailbox_message_list", realms=EVERYBODY)
def get_mailbox_message_list(caller: Caller, asked: Mailbox) -> Success:
    """Refuse: no mailboxes are kept here."""
    return _refused(caller, asked)


@method("Account/get_mailbox_message_details", realms=EVERYBODY)
def get_mailbox_message_details(caller: Caller, asked: Mailbox) -> Success:
    """Refuse: no mailboxes are kept here."""
    return _refused(caller, asked)


@method("Account/get_mailbox_message_attachment", realms=EVERYBODY)
def get_mailbox_message_attachment(caller: Caller, asked: Mailbox) -> Success:
    """Refuse: no mailboxes are kept here."""
    return _refused(caller, asked)


@method("Account/set_mailbox_messages_flag", realms=EVERYBODY)
def set_mailbox_messages_flag(caller: Caller, asked: Mailbox) -> Success:
    """Refuse: no mailboxes are kept here."""
    return _refused(caller, asked)


@method("Account/delete_mailbox_messages", realms=EVERYBODY)
def delete_mailbox_messages(caller: Caller, asked: Mailbox) -> Success:
    """Refuse: no mailboxes are kept here."""
    return _refused(caller, asked)


def _refused(caller: Caller, asked: Mailbox) -> Success:
    account = caller.account(asked.i_account)
    raise Fault(NO_VOICEMAIL, f"account {account.code} has no mailbox here; its switch may have one")
