"""What the switch answers to `api` commands. The words of an answer are the switch's own; success is not always +OK."""

import json
from collections.abc import Callable, Sequence

from simulators.fusionpbx.switch import HOSTNAME, PROFILES, Channel, Switch

LINE = "=" * 97
CREATED, CREATED_EPOCH = "2017-06-30 23:00:00", "1498863600"  # of every call in progress; the switch has no clock
Answering = Callable[[Switch, Sequence[str]], str]


def answer(switch: Switch, command: str) -> str:
    """The body of the response."""
    name, *words = command.split() or [""]
    if name not in ANSWERS or (name == "memcache" and not switch.has_memcache):
        return f"-ERR {name} Command not found!\n"
    return ANSWERS[name](switch, words)


def _sofia(switch: Switch, words: Sequence[str]) -> str:
    match words:
        case ["profile", profile, *_] if profile not in PROFILES:
            return f"Invalid Profile [{profile}]"
        case ["profile", _, action, *rest]:
            return _profile(switch, action, rest)
        case ["status", "gateway", gateway]:
            return _gateway_status(switch, gateway.rpartition("::")[2])
    return "-USAGE: sofia profile <name> [start|stop|rescan|killgw|flush_inbound_reg] | status gateway <name>\n"


def _profile(switch: Switch, action: str, words: Sequence[str]) -> str:
    match action:
        case "rescan":
            switch.rescan()
            return "+OK scan complete\n"
        case "killgw":
            return _kill_gateway(switch, words)
        case "flush_inbound_reg":
            return _flush(switch, words)
    return "-ERR Unknown command!\n"


def _kill_gateway(switch: Switch, words: Sequence[str]) -> str:
    match words:
        case ["_all_"]:
            for gateway in sorted(switch.gateways):
                switch.kill_gateway(gateway)
            return "+OK every gateway marked for deletion.\n"
        case [gateway]:
            return (
                "+OK gateway marked for deletion.\n" if switch.kill_gateway(gateway) else "-ERR no such gateway.\n"
            )
    return "-ERR missing gateway name\n"


def _flush(switch: Switch, words: Sequence[str]) -> str:
    """The answer does not tell whether anybody was registered."""
    if not words:
        switch.flush_all()
        return "+OK flushing all registrations\n"
    user, _, domain = words[0].partition("@")
    switch.flush(user, domain)
    return "+OK flushing all registrations matching specified criteria\n"


def _gateway_status(switch: Switch, uuid: str) -> str:
    gateway = switch.gateway(uuid)
    if gateway is None:
        return "Invalid Gateway!\n"
    fields = {
        "Name": uuid,
        "Profile": gateway["profile"],
        "Scheme": "Digest",
        "Realm": gateway["proxy"],
        "Username": gateway["username"],
        "Password": "yes",
        "Proxy": f"sip:{gateway['proxy']}",
        "Context": gateway["context"],
        "Expires": "800",
        "State": "REGED",
        "Status": "UP",
        "CallsIN": "0",
        "CallsOUT": "0",
    }
    return "\n".join([LINE, *(f"{name:<8}\t{value}" for name, value in fields.items()), LINE, ""])


def _show(switch: Switch, words: Sequence[str]) -> str:
    with switch.lock:
        channels, registrations = list(switch.channels.values()), sorted(switch.registrations)
    match words:
        case ["channels", "as", "json"]:
            return _listed([_shown(channel) for channel in channels])
        case ["channels"]:
            lines = [",".join(_shown(channel).values()) for channel in channels]
            return "\n".join([*lines, "", f"{len(channels)} total.", ""])
        case ["registrations", "as", "json"]:
            return _listed([{"reg_user": user, "realm": domain} for user, domain in registrations])
    return "-USAGE: channels|registrations [as json]\n"


def _listed(rows: list[dict[str, str]]) -> str:
    """An empty list has no rows at all."""
    return json.dumps({"row_count": len(rows)} | ({"rows": rows} if rows else {}))


def _shown(channel: Channel) -> dict[str, str]:
    return {
        "uuid": channel.uuid,
        "direction": "inbound",  # seen from the switch: the extension calls in
        "created": CREATED,
        "created_epoch": CREATED_EPOCH,
        "name": f"sofia/internal/{channel.extension}@{channel.domain}",
        "state": "CS_EXECUTE",
        "cid_name": channel.extension,
        "cid_num": channel.extension,
        "ip_addr": "192.0.2.10",
        "dest": channel.number,
        "application": "bridge",
        "application_data": "",
        "dialplan": "XML",
        "context": channel.domain,
        "hostname": HOSTNAME,
        "presence_id": f"{channel.extension}@{channel.domain}",
        "accountcode": channel.extension,
        "callstate": "ACTIVE",
        "call_uuid": channel.uuid,
    }


def _uuid_kill(switch: Switch, words: Sequence[str]) -> str:
    match words:
        case [uuid, *cause]:
            return "+OK\n" if switch.hang_up(uuid, *cause[:1]) else "-ERR No such channel!\n"
    return "-USAGE: <uuid> [cause]\n"


def _memcache(switch: Switch, words: Sequence[str]) -> str:
    match words:
        case ["delete", key]:
            return "+OK\n" if switch.forget(key) else "-ERR NOT FOUND\n"
        case ["flush"]:
            switch.forget_all()
            return "+OK\n"
    return "-USAGE: memcache <delete|flush> [key]\n"


ANSWERS: dict[str, Answering] = {
    "sofia": _sofia,
    "show": _show,
    "uuid_kill": _uuid_kill,
    "uuid_exists": lambda switch, words: "true" if any(word in switch.channels for word in words[:1]) else "false",
    "memcache": _memcache,
    "hostname": lambda _switch, _words: HOSTNAME,
    "switchname": lambda _switch, _words: HOSTNAME,
    "reloadxml": lambda _switch, _words: "+OK [Success]\n",
    "status": lambda switch, _words: f"{len(switch.channels)} session(s)\n",
}
