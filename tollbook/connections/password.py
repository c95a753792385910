"""The password of a platform's API user: changed there and kept here, whatever happens in between.

The new one is kept as pending before the platform hears of it, so it cannot be lost. When it is not known whether the
platform took it, the next change finds out by logging in.
"""

import secrets
import string
from contextlib import closing

from django.db import transaction

from tollbook.connections.models import Connection
from tollbook.connections.operations import open_connector, site_of
from tollbook.connections.secrets import PENDING, decrypted, encrypted
from tollbook.connectors.base import Feature
from tollbook.connectors.errors import ConnectorError, NotOffered, TryAgainLater
from tollbook.connectors.registry import connector_class, connector_for
from tollbook.connectors.secret import Secret
from tollbook.errors import BadInput

PASSWORD = "password"  # the name of the setting, with every connector
LOG_IN = "log in"  # the name of the check, with every connector
MADE_CHARACTERS = 24
MOST_PENDING = 3  # each is a login that may fail, and platforms lock out who fails often


def change_password(connection: Connection, new: Secret) -> None:
    """Give the API user another password, and keep it.

    Raises:
        NotOffered: the platform has no such thing.
        BadInput: a password is no text of one line, or too many are pending.
        ConnectorError: the platform refused it, or gave no answer: then it is kept as pending.
    """
    if not new or "\n" in new.reveal():
        raise BadInput(f"connection {connection.name!r}: a password is a text of one line")
    connector = connector_class(connection.kind)
    if Feature.CHANGE_PASSWORD not in connector.offers:
        raise NotOffered(
            f"the password of {connector.title} cannot be changed from here; change it there, then enter it with "
            f"`tollbook connection add {connection.quoted} --change --secret {PASSWORD}`",
            platform=connection.name,
        )
    waiting = _pending(connection)
    if len(waiting) >= MOST_PENDING:
        raise BadInput(
            f"connection {connection.name!r}: none of {len(waiting)} new passwords is known to be accepted; find out "
            f"which one is in force and enter it with `tollbook connection add {connection.quoted} --change --secret "
            f"{PASSWORD}`"
        )
    _keep(connection, pending=[*waiting, new])
    try:
        with closing(open_connector(connection)) as opened:
            opened.change_password(new)
    except ConnectorError:
        _settle_quietly(connection)
        if site_of(connection).secrets.get(PASSWORD) == new:
            return  # the answer was lost, and it was a yes
        raise
    _keep(connection, password=new, pending=[])


def settle_password(connection: Connection) -> bool:
    """Find out which password is in force when a change was cut short; whether that is known now.

    False when nothing was cut short, and when the platform takes none: one that has expired is not taken either.

    Raises:
        TryAgainLater: the platform could not be asked. What is pending stays so.
    """
    waiting = _pending(connection)
    if not waiting:
        return False
    for password in reversed(waiting):  # the last is the likeliest
        if _logs_in(connection, password):
            _keep(connection, password=password, pending=[])
            return True
    if _logs_in(connection, site_of(connection).secrets.get(PASSWORD)):
        _keep(connection, pending=[])
        return True
    return False


def has_pending_password(connection: Connection) -> bool:
    """Whether it is not known which password is in force."""
    return bool(_pending(connection))


def made_password() -> Secret:
    """A new one of letters and digits, both of them, which every platform's rule allows."""
    characters = string.ascii_letters + string.digits
    while True:
        made = "".join(secrets.choice(characters) for _ in range(MADE_CHARACTERS))
        if not made.isalpha() and not made.isdigit():
            return Secret(made)


def _logs_in(connection: Connection, password: Secret | None) -> bool:
    """Whether the platform takes it. Other secrets are left out: a token would be taken whatever the password."""
    if not password:
        return False
    site = site_of(connection)
    trial = type(site)(
        name=site.name,
        settings=site.settings,
        secrets={PASSWORD: password},
        timezone=site.timezone,
        layout=site.layout,
    )
    with closing(connector_for(connection.kind, trial)) as connector:
        said = ""
        for check in connector.test():
            if check.name == LOG_IN:
                return check.is_ok
            said = check.says
    raise TryAgainLater(
        f"whether the new password is in force cannot be found out now ({said}); it is kept; run "
        f"`tollbook connection password {connection.quoted}` again",
        platform=connection.name,
    )


def _settle_quietly(connection: Connection) -> None:
    """What the platform said at first is what a person must hear, not what comes of looking again."""
    try:
        settle_password(connection)
    except ConnectorError:
        return


def _pending(connection: Connection) -> list[Secret]:
    kept = decrypted(connection.secrets, connection=connection.name).get(PENDING + PASSWORD)
    return [Secret(line) for line in kept.reveal().split("\n")] if kept else []


@transaction.atomic(durable=True)
def _keep(connection: Connection, *, pending: list[Secret], password: Secret | None = None) -> None:
    """Durable: what comes next may be that the platform hears of it."""
    locked = Connection.objects.select_for_update().get(pk=connection.pk)
    kept = decrypted(locked.secrets, connection=locked.name)
    kept.pop(PENDING + PASSWORD, None)
    if password:
        kept[PASSWORD] = password
    if pending:
        kept[PENDING + PASSWORD] = Secret("\n".join(dict.fromkeys(one.reveal() for one in pending)))
    locked.secrets = connection.secrets = encrypted(kept)
    locked.save(update_fields=["secrets"])
