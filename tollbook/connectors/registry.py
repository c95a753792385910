"""Every connector by its kind. A platform is a folder beside this file and a line here."""

from collections.abc import Mapping
from importlib import import_module

from tollbook.connectors.base import Connector, Site
from tollbook.errors import BadInput

CONNECTORS: Mapping[str, str] = {
    "files": "tollbook.connectors.files.connector:FilesConnector",
    "freeswitch": "tollbook.connectors.freeswitch.connector:FreeSwitchConnector",
    "fusionpbx": "tollbook.connectors.fusionpbx.connector:FusionPbxConnector",
    "kamailio": "tollbook.connectors.kamailio.connector:KamailioConnector",
    "lesnet": "tollbook.connectors.lesnet.connector:LesNetConnector",
    "metroport": "tollbook.connectors.metroport.connector:MetroportConnector",
    "portabilling": "tollbook.connectors.portabilling.connector:PortaBillingConnector",
    "vodia": "tollbook.connectors.vodia.connector:VodiaConnector",
}


def connector_class(kind: str) -> type[Connector]:
    """The connector of that kind. Only then is its code, and the libraries it needs, imported.

    Raises:
        BadInput: there is none.
    """
    if kind not in CONNECTORS:
        raise BadInput(f"there is no connector {kind!r}; there are {', '.join(CONNECTORS)}")
    module, _, name = CONNECTORS[kind].partition(":")
    found: type[Connector] = getattr(import_module(module), name)
    return found


def connector_for(kind: str, site: Site) -> Connector:
    """The connector of that kind at that site."""
    return connector_class(kind)(site)
