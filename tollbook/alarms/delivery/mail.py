"""Mail by SMTP: plain with STARTTLS, or TLS from the first byte."""

import contextlib
import os
import smtplib
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime
from ipaddress import ip_address
from urllib.parse import parse_qsl, unquote, urlsplit
from uuid import UUID

from tollbook.alarms.delivery.errors import Delayed, Refused
from tollbook.connectors.secret import Secret
from tollbook.errors import BadInput

SERVER, SENDER = "TOLLBOOK_SMTP_URL", "TOLLBOOK_MAIL_FROM"
EXAMPLE = "smtp://user:password@mail.example.com:587"
PORTS = {"smtp": 25, "smtps": 465}
TIMEOUT_S = 20
PERMANENT = 500  # from this reply code on, RFC 5321 4.2.1


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where mail is handed in, and as whom."""

    host: str
    port: int
    is_tls: bool  # from the first byte; else STARTTLS, when the server offers it
    login: str
    password: Secret
    ca_file: str  # "" = the system's certificates
    sender: str


def mail_server(environment: Mapping[str, str] = os.environ) -> MailServer:
    """The mail server that the environment names.

    Raises:
        BadInput: it names none, or one that makes no sense. The password is never in the message.
    """
    url, sender = environment.get(SERVER, ""), environment.get(SENDER, "")
    if not url or not sender:
        missing = SERVER if not url else SENDER
        raise BadInput(
            f"mail cannot be sent: set {missing}, like {EXAMPLE if not url else 'tollbook@example.com'}"
        )
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise _unusable() from None
    options = dict(parse_qsl(parts.query))
    if parts.scheme not in PORTS or not parts.hostname or set(options) - {"ca"} or parts.path not in ("", "/"):
        raise _unusable()
    return MailServer(
        host=parts.hostname,
        port=port or PORTS[parts.scheme],
        is_tls=parts.scheme == "smtps",
        login=unquote(parts.username or ""),
        password=Secret(unquote(parts.password or "")),
        ca_file=options.get("ca", ""),
        sender=checked_address(sender),
    )


def send_mail(server: MailServer, *, to: str, subject: str, body: str, key: UUID, written_at: datetime) -> None:
    """Hand a message in. It is the server's when this returns.

    Raises:
        Delayed: try again; nothing was handed in, or nobody can know.
        Refused: this message or its address is refused for good.
    """
    message = EmailMessage()
    message["From"], message["To"] = server.sender, to
    message["Subject"] = " ".join(subject.split())
    message["Date"] = format_datetime(written_at)
    message["Message-ID"] = f"<{key}@{server.sender.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no holiday replies, please
    message.set_content(body)
    where = f"{server.host}:{server.port}"
    try:
        _hand_in(server, message)
    except smtplib.SMTPAuthenticationError as error:
        raise Delayed(f"{where}: the login is refused ({error.smtp_code}); see {SERVER}") from None
    except smtplib.SMTPSenderRefused as error:
        raise Delayed(f"{where}: {server.sender} may not send ({_said(error)}); see {SENDER}") from None
    except smtplib.SMTPRecipientsRefused as error:
        code, said = next(iter(error.recipients.values()))
        raise _by_code(code, f"{where}: {to}: {code} {said.decode(errors='replace')}") from None
    except smtplib.SMTPNotSupportedError as error:
        raise Refused(f"{where}: {to}: {error}") from None
    except smtplib.SMTPResponseException as error:
        raise _by_code(error.smtp_code, f"{where}: {_said(error)}") from None
    except ssl.SSLError as error:
        hint = f"add ?ca=/path/ca.pem to {SERVER} when the certificate is your own"
        raise Delayed(f"{where}: no TLS: {error.reason or error}; {hint}") from None
    except (OSError, smtplib.SMTPException) as error:
        raise Delayed(f"{where}: {error}; see that it runs and {SERVER} is right") from None


def checked_address(address: str) -> str:
    """The address, if it can be one.

    Raises:
        BadInput: it cannot.
    """
    name, _, domain = address.rpartition("@")
    if not name or not domain or any(char.isspace() or char in ',;<>"' for char in address):
        raise BadInput(f"{address!r} is not a mail address; write it like alarms@example.com")
    return address


def _hand_in(server: MailServer, message: EmailMessage) -> None:
    trust = ssl.create_default_context(cafile=server.ca_file or None)
    if server.is_tls:
        session: smtplib.SMTP = smtplib.SMTP_SSL(server.host, server.port, timeout=TIMEOUT_S, context=trust)
    else:
        session = smtplib.SMTP(server.host, server.port, timeout=TIMEOUT_S)
    try:
        session.ehlo_or_helo_if_needed()
        is_safe = server.is_tls
        if not is_safe and session.has_extn("starttls"):
            session.starttls(context=trust)
            is_safe = True
        if server.login:
            if not is_safe and not _is_this_machine(server.host):
                raise Delayed(
                    f"{server.host}: it offers no TLS, and the password is not sent in the clear; use smtps:// in "
                    f"{SERVER}, or a server with STARTTLS"
                )
            session.login(server.login, server.password.reveal())
        session.send_message(message)
    finally:
        # What was accepted is accepted, however the parting goes.
        with contextlib.suppress(OSError, smtplib.SMTPException):
            session.quit()
        session.close()


def _is_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _by_code(code: int, text: str) -> Delayed | Refused:
    return Refused(text) if code >= PERMANENT else Delayed(text)


def _said(error: smtplib.SMTPResponseException) -> str:
    text = error.smtp_error
    return f"{error.smtp_code} {text.decode(errors='replace') if isinstance(text, bytes) else text}"


def _unusable() -> BadInput:
    return BadInput(
        f"{SERVER} is not the URL of a mail server; write it like {EXAMPLE} or smtps://…, with special characters "
        "percent-encoded (@ as %40, / as %2F)"
    )
