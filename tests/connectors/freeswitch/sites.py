"""FreeSWITCH connections, and messages as its modules send them."""

from collections.abc import Iterable
from datetime import UTC, datetime

from simulators.freeswitch.calls import Leg
from simulators.freeswitch.send import Message, XmlEncode, xml_message
from tests.connectors.freeswitch.event_socket import PASSWORD, Switch
from tollbook.connectors.base import Site
from tollbook.connectors.freeswitch.connector import FreeSwitchConnector
from tollbook.connectors.pushed import Pushed
from tollbook.connectors.secret import Secret

NOW = datetime(2017, 7, 1, tzinfo=UTC)
PUSH_SECRET = "a-secret-of-the-switch-1"


def connector_at(
    switch: Switch | None = None, timezone: str = "", password: str = PASSWORD, **settings: str
) -> FreeSwitchConnector:
    secrets = {"push_secret": Secret(PUSH_SECRET)}
    if switch is not None:
        settings = {"esl_host": "127.0.0.1", "esl_port": str(switch.port), "esl_timeout_s": "5"} | settings
        secrets["esl_password"] = Secret(password)
    return FreeSwitchConnector(Site(name="fs", settings=settings, secrets=secrets, timezone=timezone))


def pushed(message: Message) -> Pushed:
    return Pushed(
        received_at=NOW, content_type=message.content_type, query={"uuid": message.uuid}, body=message.body
    )


def messages(legs: Iterable[Leg], encode: XmlEncode = "true") -> list[Pushed]:
    return [pushed(xml_message(leg, encode=encode)) for leg in legs]
