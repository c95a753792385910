"""Who may send records to a connection by push: what its settings say, and whether a sender is let in.

Every connector that offers PUSH has PUSH_SETTINGS among its settings.
"""

import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from tollbook.connectors.base import Connector, Feature, Setting, Site
from tollbook.connectors.secret import Secret
from tollbook.errors import BadInput

LEAST_SECRET_CHARACTERS = 16
MAX_NETWORKS = 1_000  # that one setting names
USAGE_FROM = "usage_from"  # the setting of a connector that has other ways, too
PUSH = "push"  # what it says then

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

PUSH_SETTINGS: tuple[Setting, ...] = (
    Setting(
        name="push_secret",
        help="end of the address /push/CONNECTION/SECRET that records are sent to; at least 16 letters and digits",
        is_secret=True,
    ),
    Setting(name="push_login", help="login of who sends records to /push/CONNECTION with HTTP Basic"),
    Setting(name="push_password", help="password of who sends records with HTTP Basic", is_secret=True),
    Setting(
        name="push_from",
        help="addresses and networks that may send records, as 192.0.2.7,2001:db8::/32; empty = any",
    ),
    Setting(
        name="push_proxies",
        help="addresses and networks of proxies in front of Tollbook, whose X-Forwarded-For is believed",
    ),
)
# The secret stands in an address, where other characters would be written in more ways than one.
_IN_ADDRESSES = re.compile(rf"[A-Za-z0-9._~-]{{{LEAST_SECRET_CHARACTERS},}}")
_NOBODY = Secret("")


@dataclass(frozen=True, slots=True, kw_only=True)
class PushGate:
    """Whom a connection lets in. Comparing takes the same time whatever is given."""

    secret: Secret = _NOBODY
    login: str = ""
    password: Secret = _NOBODY
    senders: tuple[Network, ...] = ()  # () = any
    proxies: tuple[Network, ...] = field(default=())

    @classmethod
    def of(cls, site: Site) -> "PushGate":
        """As the settings of a site say.

        Raises:
            BadInput: a setting makes no sense, or nobody could be let in at all.
        """
        secret = site.secrets.get("push_secret", _NOBODY)
        login, password = site.settings.get("push_login", ""), site.secrets.get("push_password", _NOBODY)
        if secret and not _IN_ADDRESSES.fullmatch(secret.reveal()):
            raise BadInput(
                f"{site.name}: setting push_secret is not {LEAST_SECRET_CHARACTERS} or more letters, digits and -._~; "
                "make one with `openssl rand -hex 16`"
            )
        if password and len(password.reveal()) < LEAST_SECRET_CHARACTERS:
            raise BadInput(
                f"{site.name}: setting push_password is shorter than {LEAST_SECRET_CHARACTERS} characters; "
                "make one with `openssl rand -hex 16`"
            )
        if bool(login) != bool(password):
            raise BadInput(f"{site.name}: push_login and push_password belong together; give both or none")
        if not secret and not password:
            raise BadInput(
                f"{site.name}: nobody may send records yet; give `--secret push_secret`, or "
                "`--set push_login=…` with `--secret push_password`"
            )
        return cls(
            secret=secret,
            login=login,
            password=password,
            senders=_networks(site, "push_from"),
            proxies=_networks(site, "push_proxies"),
        )

    def admits_secret(self, given: str) -> bool:
        """Whether it is the secret of the address."""
        return _same(given, self.secret.reveal()) and bool(self.secret)

    def admits_login(self, login: str, password: str) -> bool:
        """Whether login and password are right."""
        is_login, is_password = _same(login, self.login), _same(password, self.password.reveal())
        return is_login and is_password and bool(self.password)

    def admits_address(self, peer: str, forwarded_for: str) -> bool:
        """Whether records may come from there.

        `peer` is who opened the connection, `forwarded_for` what the header of that name says: its last address was
        written by the proxy nearest to us, so it is read from its end for as long as proxies of ours wrote it.
        """
        if not self.senders:
            return True
        chain = [peer, *reversed(forwarded_for.split(","))] if forwarded_for.strip() else [peer]
        for one in chain:
            address = _address(one)
            if address is None:
                return False
            if not _is_in(address, self.proxies):
                return _is_in(address, self.senders)
        return False


# Someone who names a connection that there is not is compared with this, and takes as long.
NO_GATE = PushGate(secret=Secret("-" * 32), login="-", password=Secret("-" * 32))


def takes_pushes(connector: type[Connector], settings: Mapping[str, str]) -> bool:
    """Whether a connection of that kind, with these settings, is sent its records."""
    if Feature.PUSH not in connector.offers:
        return False
    usual = next((one.default for one in connector.settings if one.name == USAGE_FROM), PUSH)
    return (settings.get(USAGE_FROM, "").strip() or usual) == PUSH


def _same(given: str, wanted: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "replace"), wanted.encode())


def _networks(site: Site, name: str) -> tuple[Network, ...]:
    words = site.settings.get(name, "").replace(",", " ").split()
    if len(words) > MAX_NETWORKS:
        raise BadInput(
            f"{site.name}: setting {name} names {len(words)} networks; at most {MAX_NETWORKS} are allowed"
        )
    found = []
    for word in words:
        try:
            found.append(ip_network(word))
        except ValueError as error:
            raise BadInput(
                f"{site.name}: setting {name}: {word!r} is no address or network ({error}); "
                "write them as 192.0.2.7,198.51.100.0/24"
            ) from None
    return tuple(found)


def _address(text: str) -> Address | None:
    try:
        address = ip_address(text.strip())
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def _is_in(address: Address, networks: tuple[Network, ...]) -> bool:
    return any(address in network for network in networks)
