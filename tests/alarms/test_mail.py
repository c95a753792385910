"""Which mail server the environment names, and that a password goes to it only in secret."""

from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest

from simulators.certificate import self_signed
from tests.alarms.postoffice import PostOffice, post_office
from tollbook.alarms.delivery.errors import Delayed
from tollbook.alarms.delivery.mail import MailServer, mail_server, send_mail
from tollbook.errors import BadInput

SENDER = {"TOLLBOOK_MAIL_FROM": "tollbook@example.com"}


def at(url: str) -> MailServer:
    return mail_server({"TOLLBOOK_SMTP_URL": url} | SENDER)


def send(server: MailServer, subject: str = "Zażółć") -> None:
    send_mail(
        server,
        to="noc@example.com",
        subject=subject,
        body="gęślą jaźń",
        key=UUID(int=1),
        written_at=datetime(2026, 3, 2, tzinfo=UTC),
    )


@pytest.mark.parametrize(
    ("url", "host", "port", "is_tls", "login", "password"),
    [
        ("smtp://mail.example.com", "mail.example.com", 25, False, "", ""),
        ("smtp://tom:p%40ss@mail.example.com:587", "mail.example.com", 587, False, "tom", "p@ss"),
        ("smtps://tom%40example.com:x@mail.example.com", "mail.example.com", 465, True, "tom@example.com", "x"),
        ("smtp://[::1]:2525/", "::1", 2525, False, "", ""),
    ],
)
def test_a_mail_server_is_a_url(url: str, host: str, port: int, is_tls: bool, login: str, password: str) -> None:
    server = at(url)

    assert (server.host, server.port, server.is_tls) == (host, port, is_tls)
    assert (server.login, server.password.reveal()) == (login, password)


@pytest.mark.parametrize(
    "url", ["mail.example.com", "http://tom:secret@x", "smtp://", "smtp://x:port", "smtp://x?a=1"]
)
def test_what_is_no_mail_server_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(BadInput, match="TOLLBOOK_SMTP_URL is not the URL of a mail server") as refused:
        at(url)
    assert "secret" not in str(refused.value)


def test_mail_needs_a_sender() -> None:
    with pytest.raises(BadInput, match=r"set TOLLBOOK_MAIL_FROM, like tollbook@example.com"):
        mail_server({"TOLLBOOK_SMTP_URL": "smtp://x"})


def test_starttls_is_used_when_offered_and_the_certificate_is_checked(tmp_path: Path) -> None:
    tls = self_signed(tmp_path)
    with post_office(certificate=tls.certificate, key=tls.key) as office:
        with pytest.raises(Delayed, match=r"no TLS: .*add \?ca=/path/ca.pem to TOLLBOOK_SMTP_URL"):
            send(at(f"smtp://tom:right@127.0.0.1:{office.port}"))
        assert (office.mails, office.logins) == ([], [])

        send(at(f"smtp://tom:right@127.0.0.1:{office.port}?ca={tls.certificate}"))

    assert office.was_encrypted == [True]
    assert office.logins == [("tom", "right")]


def test_letters_and_line_ends_arrive(office: PostOffice) -> None:
    send(at(f"smtp://127.0.0.1:{office.port}"), subject="Zażółć\r\nBcc: everybody@example.com")

    (mail,) = office.mails
    assert mail["Subject"] == "Zażółć Bcc: everybody@example.com"
    assert mail["Bcc"] is None
    assert mail.get_content().strip() == "gęślą jaźń"


def test_a_wrong_password_is_for_a_person_and_not_in_the_message(office: PostOffice) -> None:
    with pytest.raises(Delayed, match=r"the login is refused \(535\); see TOLLBOOK_SMTP_URL") as refused:
        send(at(f"smtp://tom:wr0ng@127.0.0.1:{office.port}"))
    assert "wr0ng" not in str(refused.value)


def test_a_password_does_not_leave_the_machine_in_the_clear(
    office: PostOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tollbook.alarms.delivery.mail._is_this_machine", lambda _host: False)

    with pytest.raises(Delayed, match="the password is not sent in the clear"):
        send(at(f"smtp://tom:right@127.0.0.1:{office.port}"))
    assert office.logins == []
