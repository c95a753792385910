"""The simulated portal as a site."""

from dataclasses import dataclass

from simulators.lesnet import Simulator
from tollbook.connectors.base import Site
from tollbook.connectors.lesnet.connector import LesNetConnector
from tollbook.connectors.secret import Secret

QUICK = {"attempts": "2", "retry_wait_s": "0", "timeout_s": "5"}
# How files are protected: settings and secrets.
AUTH: dict[str, tuple[dict[str, str], dict[str, str]]] = {
    "none": ({}, {}),
    "basic": ({"login": Simulator.login}, {"password": Simulator.password}),
    "cookie": ({}, {"cookie_secret": Simulator.cookie}),
    "header": ({"header_name": Simulator.header[0]}, {"header_secret": Simulator.header[1]}),
}


@dataclass
class Portal:
    """`connector(**settings)` reads the first peers' files; orders go to the portal too."""

    simulator: Simulator
    auth: str = "none"
    peers: int = 1

    @property
    def links(self) -> list[str]:
        return [self.simulator.link(peer.id) for peer in self.simulator.peers[: self.peers]]

    @property
    def hidden(self) -> tuple[str, ...]:
        return tuple(text.partition("=")[2] or text for text in self.secrets.values())

    @property
    def secrets(self) -> dict[str, str]:
        return AUTH[self.auth][1] | {"order_secret": Simulator.header[1]}

    @property
    def settings(self) -> dict[str, str]:
        orders = f"{self.simulator.url}/api/peers/{{peer}}"
        return {
            "portal": self.simulator.url,
            "auth": self.auth,
            **AUTH[self.auth][0],
            "suspend_url": f"{orders}/suspend",
            "resume_url": f"{orders}/resume",
            "state_url": orders,
            "order_header": Simulator.header[0],
        }

    def connector(self, **given: str) -> LesNetConnector:
        secrets = {name: Secret(given.pop(name, text)) for name, text in self.secrets.items()}
        settings = {**QUICK, **self.settings, **given}
        connector = LesNetConnector(Site(name="carrier", settings=settings, secrets=secrets, layout="lesnet"))
        connector.follow(self.links)
        return connector
