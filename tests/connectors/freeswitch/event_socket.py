"""A switch's event socket as far as orders need it: flags, gateways, who is there, channels in progress."""

import json
import socketserver
import threading
from dataclasses import dataclass, field
from typing import Self

PASSWORD = "ClueCon-of-a-test"
ACCOUNTS = frozenset({"1001@lantern.example.net", "1002@lantern.example.net"})


@dataclass
class Switch:
    """Its state, and what it was told."""

    flags: dict[str, str] = field(default_factory=dict)  # realm/key → value
    gateways: set[str] = field(default_factory=lambda: {"carrier-one"})
    channels: dict[str, dict[str, str]] = field(default_factory=dict)  # by uuid
    commands: list[str] = field(default_factory=list)
    port: int = 0

    def __enter__(self) -> Self:
        switch = self

        class Conversation(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                self.say("Content-Type: auth/request")
                while command := self.command():
                    if command.startswith("auth "):
                        is_right = command == f"auth {PASSWORD}"
                        self.say(
                            f"Content-Type: command/reply\nReply-Text: {'+OK' if is_right else '-ERR'} invalid"
                        )
                    else:
                        body = switch.answer(command.removeprefix("api ")).encode()
                        self.say(f"Content-Type: api/response\nContent-Length: {len(body)}")
                        self.wfile.write(body)

            def command(self) -> str:
                lines = []
                while line := self.rfile.readline().strip():
                    lines.append(line.decode())
                return "\n".join(lines)

            def say(self, headers: str) -> None:
                self.wfile.write(f"{headers}\n\n".encode())

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads = True
            block_on_close = False

        self._server = Server(("127.0.0.1", 0), Conversation)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answer(self, command: str) -> str:
        self.commands.append(command)
        said = f"-ERR {command.partition(' ')[0]} Command not found!"
        match command.split(" "):
            case ["db", words]:
                said = self._flag(words)
            case ["user_exists", "id", user, domain]:
                said = "true" if f"{user}@{domain}" in ACCOUNTS else "false"
            case ["sofia", "profile", "external", "killgw", name]:
                self.gateways.discard(name)
                said = "+OK"
            case ["sofia", "profile", "external", "rescan"]:
                self.gateways.add("carrier-one")
                said = "+OK scan complete"
            case ["sofia", "status", "gateway", name]:
                said = f"Name\t{name}\nState\tREGED" if name in self.gateways else "Invalid Gateway!"
            case ["show", "channels", "as", "json"]:
                rows = list(self.channels.values())
                said = json.dumps({"row_count": len(rows)} | ({"rows": rows} if rows else {}))
            case ["uuid_kill", uuid]:
                said = "+OK" if self.channels.pop(uuid, None) else "-ERR No such channel!"
        return said

    def _flag(self, words: str) -> str:
        verb, realm, *rest = words.split("/")
        match verb, rest:
            case "insert", [key, value]:
                self.flags[f"{realm}/{key}"] = value
                return "+OK"
            case "delete", [key]:
                self.flags.pop(f"{realm}/{key}", None)
                return "+OK"
            case "select", [key]:
                return self.flags.get(f"{realm}/{key}", "")
        return "-ERR invalid"
