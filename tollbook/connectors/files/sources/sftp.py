"""A folder on an SSH server. Its host key is pinned: no password is said to a machine that cannot prove who it is."""

import io
import logging
import socket
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import paramiko

from tollbook.connectors.base import RemoteFile
from tollbook.connectors.files.sources.local import kind_of
from tollbook.connectors.files.sources.names import as_stored, readable
from tollbook.connectors.files.sources.remote import RemoteFolder
from tollbook.connectors.files.sources.source import Entry, Kind, Terms
from tollbook.connectors.http import Patience
from tollbook.connectors.secret import Secret

PORT = 22
# So many bytes are asked for at once, in parts that every server answers whole: a slow reader holds no more.
BLOCK_BYTES = 4 << 20
PART_BYTES = 32_768
MAX_BANNER_S = 15.0  # until a server has said that it speaks SSH
_NEVER_ANSWERED = -1  # instead of the number of a request
_KINDS = {"d": Kind.FOLDER, "l": Kind.LINK, "-": Kind.FILE}  # as the first letter of `ls -l` has them

logging.getLogger("paramiko").addHandler(logging.NullHandler())  # else it prints what is raised anyway


class SftpFolder(RemoteFolder["_Session"]):
    """Files of a folder, by SFTP."""

    def __init__(
        self,
        terms: Terms,
        *,
        host: str,
        port: int = PORT,
        folder: str,
        login: str,
        password: Secret,
        private_key: Secret,
        key_password: Secret,
        fingerprints: Iterable[str],
        patience: Patience,
    ) -> None:
        """Nothing is sent yet. `fingerprints`: as `ssh-keygen -l` shows them; any of them will do.

        Raises:
            NeedsAttention: the private key cannot be used.
        """
        super().__init__(terms, host=host, port=port, folder=folder, patience=patience)
        self.place = f"sftp://{login}@{host}:{port}/{folder.lstrip('/')}"
        self._login = login
        self._password = password
        self._fingerprints = tuple(fingerprints)
        self._key = self._read_key(private_key, key_password) if private_key else None

    def log_in(self) -> "_Session":
        try:
            connection = socket.create_connection((self.host, self.port), timeout=self.patience.timeout_s)
        except OSError as error:
            raise self.unreachable(error) from None
        transport = paramiko.Transport(connection)
        try:
            transport.banner_timeout = min(MAX_BANNER_S, self.patience.timeout_s)
            transport.handshake_timeout = transport.auth_timeout = self.patience.timeout_s
            transport.start_client()  # its own time limit would end in silence
            self._check_host_key(transport.get_remote_server_key())
            self._authenticate(transport)
            client = _Client.from_transport(transport)
            if client is None:
                raise paramiko.SSHException("no channel")
            client.channel.settimeout(self.patience.timeout_s)
            return _Session(transport, client, client.real_path(self.folder.encode() or b"."))
        except FileNotFoundError:
            transport.close()
            raise self.attention(
                f"there is no folder {self.folder!r} on {self.host}; correct the setting folder, as the login sees it"
            ) from None
        except BaseException:
            transport.close()
            raise

    def log_out(self, session: "_Session") -> None:
        session.transport.close()

    def listed(self, session: "_Session", folder: bytes) -> Iterable[Entry] | None:
        try:
            return [_entry(found) for found in session.client.in_folder(session.path(folder))]
        except FileNotFoundError:
            return None

    def behind(self, name: str) -> Entry | None:
        def follow(session: "_Session") -> Entry | None:
            try:
                link = as_stored(name)
                path = session.inside(link)
                # Some servers say of a link only where it is: what cannot be known is not followed.
                return _entry(session.client.stat(path), name) if path and path != session.path(link) else None
            except OSError:
                if not session.transport.is_active():
                    raise
                return None  # it leads in a circle, or nowhere

        return self.asked(follow, f"following the link {name!r}")

    def opened(self, session: "_Session", path: bytes, file: RemoteFile) -> Generator[bytes, None, None] | None:
        try:
            real = session.inside(path)
            handle = session.client.opened(real) if real else None
        except FileNotFoundError:
            return None
        if real is None or handle is None:
            raise self.attention(
                f"{file.name!r} is a link that leads out of {self.place}; put the file itself there"
            )
        return self._blocks(session.client, real, handle, file)

    def _blocks(
        self, client: "_Client", path: bytes, handle: paramiko.SFTPFile, file: RemoteFile
    ) -> Generator[bytes, None, None]:
        with closing(handle):
            size = file.size_bytes if file.size_bytes is not None else client.size(path)
            for start in range(0, size, BLOCK_BYTES):
                end = min(start + BLOCK_BYTES, size)
                parts = [(at, min(PART_BYTES, end - at)) for at in range(start, end, PART_BYTES)]
                block = b"".join(handle.readv(parts))
                if block:
                    yield block
                if len(block) < end - start:
                    return
        if file.is_complete:
            self._check_same(client.stat(path), file)

    def _check_same(self, now: paramiko.SFTPAttributes, file: RemoteFile) -> None:
        listed_time = None if file.modified_at is None else int(file.modified_at.timestamp())
        for listed, seen in ((file.size_bytes, now.st_size), (listed_time, now.st_mtime)):
            if None not in (listed, seen) and listed != seen:
                raise self.changed(file, f"it has {now.st_size} bytes now")

    @contextmanager
    def explained(self, what: str) -> Iterator[None]:
        try:
            yield
        except paramiko.BadAuthenticationType as error:
            offered = ", ".join(error.allowed_types)
            raise self.attention(
                f"{self.host} does not let {self._login!r} in that way, it wants {offered}; give a private_key for "
                "publickey, a password for the others"
            ) from None
        except paramiko.AuthenticationException:
            given = "private key" if self._key else "password"
            raise self.attention(
                f"{self.host} refused login {self._login!r} with this {given}; check both"
                + (f", and that {self._key.fingerprint} is among its authorized keys" if self._key else "")
            ) from None
        except PermissionError:
            raise self.denied(what) from None
        except paramiko.SSHException as error:
            if "protocol banner" in str(error):
                raise self.passing(
                    f"{self.host}:{self.port} does not answer as an SSH server; check host and port (SFTP is usually "
                    f"{PORT}), or run again later"
                ) from None
            raise self.passing(f"{what}: {self.host} ended the connection ({error}); run again later") from None
        except (OSError, EOFError) as error:
            reason = "no answer in time" if isinstance(error, TimeoutError) else error or "without a word"
            raise self.passing(f"{what}: {self.host} did not go on ({reason}); run again later") from None

    def _check_host_key(self, key: paramiko.PKey) -> None:
        seen = key.fingerprint
        if seen in self._fingerprints:
            return
        compare = (
            f"compare it with what `ssh-keygen -lf` says of the {key.get_name()} host key on the server itself"
        )
        if not self._fingerprints:
            raise self.attention(
                f"{self.host}:{self.port} shows the host key {seen} and none is pinned; {compare}, then set "
                f"fingerprint = {seen}"
            )
        raise self.attention(
            f"{self.host}:{self.port} shows another host key than the pinned one: {seen}, not "
            f"{' or '.join(self._fingerprints)}. Either the server has a new key, or another machine answers in its "
            f"place, and nothing was said to it; {compare}; only if they are the same set fingerprint = {seen}"
        )

    def _authenticate(self, transport: paramiko.Transport) -> None:
        """By key, by password, or by both where the server wants two steps."""
        if self._key is not None:
            wanted = transport.auth_publickey(self._login, self._key)
            if not wanted:
                return
        transport.auth_password(self._login, self._password.reveal())

    def _read_key(self, text: Secret, key_password: Secret) -> paramiko.PKey:
        """The private key from its text, as `ssh-keygen` writes it or in PEM."""
        written = text.reveal().strip() + "\n"
        if written.startswith("PuTTY"):
            raise self.attention(
                "the private key is in PuTTY's form; turn it into OpenSSH's with `puttygen KEY -O private-openssh`"
            )
        if not written.startswith("-----BEGIN"):
            raise self.attention(
                "the private key is none: it begins with -----BEGIN … PRIVATE KEY-----; give the text of the file "
                "without .pub"
            )
        for kind in (paramiko.Ed25519Key, paramiko.ECDSAKey, paramiko.RSAKey):
            try:
                return kind.from_private_key(io.StringIO(written), password=key_password.reveal() or None)
            except paramiko.PasswordRequiredException:
                raise self.attention("the private key is encrypted; set private_key_password") from None
            except (paramiko.SSHException, ValueError, IndexError):
                continue
        raise self.attention(
            "the private key cannot be read: its password is wrong, or it is not in OpenSSH's form; correct "
            "private_key_password, or write the key anew with `ssh-keygen -p -f KEY` (ed25519, ecdsa or rsa)"
        )


class _Client(paramiko.SFTPClient):
    """Takes names that are no UTF-8 as they are, where the library would give up the whole folder."""

    @property
    def channel(self) -> paramiko.Channel:
        channel = self.get_channel()
        assert channel is not None
        return channel

    def in_folder(self, path: bytes) -> list[paramiko.SFTPAttributes]:
        return self.listdir_attr(path)  # type: ignore[arg-type]  # it takes bytes too

    def opened(self, path: bytes) -> paramiko.SFTPFile:
        return self.open(path, "rb")

    def size(self, path: bytes) -> int:
        return self.stat(path).st_size or 0

    def real_path(self, path: bytes) -> bytes:
        """The path without links in it."""
        return self.normalize(path).encode("utf-8", "surrogateescape")

    def _async_request(self, file: object, kind: int, *arguments: object) -> int:
        try:
            number: int = super()._async_request(file, kind, *arguments)  # type: ignore[misc]
        except (OSError, EOFError):
            if not isinstance(file, paramiko.SFTPFile):
                raise
            # Asked ahead in a thread of the library's, which would print it. Who waits for the block is told as well.
            return _NEVER_ANSWERED
        return number

    def _request(self, kind: int, *arguments: object) -> tuple[int, paramiko.Message]:
        answer, message = super()._request(kind, *arguments)  # type: ignore[misc]
        message.get_text = lambda: message.get_string().decode("utf-8", "surrogateescape")
        return answer, message


@dataclass(frozen=True, slots=True)
class _Session:
    transport: paramiko.Transport
    client: _Client
    root: bytes  # the folder without links in its path

    def path(self, name: bytes) -> bytes:
        return self.root.rstrip(b"/") + b"/" + name if name else self.root

    def inside(self, name: bytes) -> bytes | None:
        """Where the file really is; None when that is outside the folder."""
        real = self.client.real_path(self.path(name))
        return real if real.startswith(self.root.rstrip(b"/") + b"/") else None


def _entry(facts: paramiko.SFTPAttributes, name: str = "") -> Entry:
    """What is said of a file; of one in a listing with its name."""
    said_name = name or readable(facts.filename.encode("utf-8", "surrogateescape"))
    by_letter = _KINDS.get(getattr(facts, "longname", "")[:1], Kind.FILE)
    return Entry(
        said_name,
        by_letter if facts.st_mode is None else kind_of(facts.st_mode),
        facts.st_size,
        None if facts.st_mtime is None else datetime.fromtimestamp(facts.st_mtime, UTC),
    )
