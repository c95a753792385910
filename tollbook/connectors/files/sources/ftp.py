"""A folder on an FTP server, in the clear or with TLS begun on the usual port (explicit FTPS)."""

import ftplib
import ssl
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from socket import socket

from tollbook.connectors.base import RemoteFile
from tollbook.connectors.files.sources.ftp_listing import entry_of_facts, entry_of_line, moment
from tollbook.connectors.files.sources.names import as_stored
from tollbook.connectors.files.sources.remote import RemoteFolder
from tollbook.connectors.files.sources.source import Entry, Kind, Terms
from tollbook.connectors.http import Patience
from tollbook.connectors.secret import Secret
from tollbook.connectors.trust import PIN_TIMEOUT_S, explain

PORT = 21
BLOCK_BYTES = 1 << 18
# Names go over the wire as bytes, each a character of this encoding, whatever the server means by them.
WIRE = "latin-1"
NOT_KNOWN = ("500", "501", "502", "504")  # answers to a command that the server does not have
NOT_THERE = "550"


class FtpFolder(RemoteFolder[ftplib.FTP]):
    """Files of a folder, by FTP in passive mode."""

    def __init__(
        self,
        terms: Terms,
        *,
        host: str,
        port: int = PORT,
        folder: str,
        login: str,
        password: Secret,
        tls: ssl.SSLContext | None,
        patience: Patience,
    ) -> None:
        """Nothing is sent yet. `tls` None: in the clear, the password too."""
        super().__init__(terms, host=host, port=port, folder=folder, patience=patience)
        self.place = f"{'ftps' if tls else 'ftp'}://{login}@{host}:{port}/{folder.lstrip('/')}"
        self._login = login
        self._password = password
        self._tls = tls
        self._base = b""  # the folder's path, without a slash at its end
        self._has_facts = True  # it lists with MLSD, until it says that it does not

    def log_in(self) -> ftplib.FTP:
        timeout = self.patience.timeout_s
        ftp = _Tls(self._tls, timeout=timeout) if self._tls else ftplib.FTP(timeout=timeout)
        ftp.encoding = WIRE
        try:
            self._connect(ftp)
            if isinstance(ftp, _Tls):
                self._begin_tls(ftp)
            self._greet(ftp)
        except BaseException:
            ftp.close()
            raise
        return ftp

    def log_out(self, session: ftplib.FTP) -> None:
        session.close()  # without a word of goodbye: the other side may be silent, or in the middle of a transfer

    def listed(self, session: ftplib.FTP, folder: bytes) -> Iterable[Entry] | None:
        if not self._enter(session, folder):
            return None
        if self._has_facts:
            try:
                return [
                    entry for name, facts in session.mlsd() if (entry := entry_of_facts(name.encode(WIRE), facts))
                ]
            except ftplib.error_perm as error:
                if not str(error).startswith(NOT_KNOWN):
                    raise
                self._has_facts = False
        return self._listed_for_people(session, folder)

    def opened(self, session: ftplib.FTP, path: bytes, file: RemoteFile) -> Generator[bytes, None, None] | None:
        folder, _, name = path.rpartition(b"/")
        if not self._enter(session, folder):
            return None
        session.voidcmd("TYPE I")
        try:
            data = session.transfercmd(f"RETR {name.decode(WIRE)}")
        except ftplib.error_perm as error:
            if not str(error).startswith(NOT_THERE):
                raise
            if self._is_there(session, folder, file.name):
                raise self.denied(f"reading {file.name!r}") from None
            return None
        return self._blocks(session, data, name, file)

    @contextmanager
    def explained(self, what: str) -> Iterator[None]:
        try:
            yield
        except ssl.SSLError as error:
            raise self.attention(explain(error, self.host, self.port, certificate=_certificate)) from None
        except ftplib.error_perm as error:
            raise self.attention(
                f"{what}: {self.host} refuses ({_said(error)}); check what the login may do there"
            ) from None
        except ftplib.Error as error:
            raise self.passing(f"{what}: {self.host} cannot do it now ({_said(error)}); run again later") from None
        except (OSError, EOFError) as error:
            reason = "no answer in time" if isinstance(error, TimeoutError) else error or "without a word"
            raise self.passing(
                f"{what}: the connection to {self.host} was lost ({reason}); run again later"
            ) from None

    def _connect(self, ftp: ftplib.FTP) -> None:
        try:
            ftp.connect(self.host, self.port)
        except (ftplib.error_proto, ftplib.error_reply, ftplib.error_perm) as error:
            raise self.attention(
                f"{self.host}:{self.port} does not answer as an FTP server ({_said(error)[:100]!r}); check host and "
                f"port (FTP is usually {PORT})"
            ) from None
        except (OSError, EOFError) as error:
            if isinstance(error, OSError) and ftp.sock is None:
                raise self.unreachable(error) from None
            raise self.passing(
                f"{self.host}:{self.port} does not greet as an FTP server within {self.patience.timeout_s:g} s; check "
                f"host and port (FTP is usually {PORT}), or run again later"
            ) from None

    def _begin_tls(self, ftp: "_Tls") -> None:
        try:
            ftp.auth()
        except ftplib.error_perm as error:
            raise self.attention(
                f"{self.host}:{self.port} offers no TLS ({_said(error)}); have it switched on there; source = ftp "
                "would send login and password in the clear"
            ) from None

    def _greet(self, ftp: ftplib.FTP) -> None:
        """Log in, protect transfers, and find the folder."""
        try:
            ftp.login(self._login, _wire(self._password.reveal()))
        except ftplib.error_perm as error:
            hint = "" if self._tls else "; if it asks for TLS, set source = ftps"
            raise self.attention(
                f"{self.host} refused login {self._login!r} ({_said(error)}); check login and password{hint}"
            ) from None
        if isinstance(ftp, ftplib.FTP_TLS):
            ftp.prot_p()
        with suppress(ftplib.error_perm):  # few servers need to be asked, some do not know it
            ftp.sendcmd("OPTS UTF8 ON")
        home = b""
        if not self.folder.startswith("/"):
            with suppress(ftplib.error_perm):  # where the login begins, to come back there
                home = ftp.pwd().encode(WIRE).rstrip(b"/") + b"/"
        self._base = (home + self.folder.encode()).rstrip(b"/")

    def _enter(self, ftp: ftplib.FTP, folder: bytes) -> bool:
        """Go into the folder: names with blanks or dashes in front are safe without a path before them."""
        where = (self._base + b"/" + folder).rstrip(b"/") or b"/"
        try:
            ftp.cwd(where.decode(WIRE))
        except ftplib.error_perm as error:
            if str(error).startswith(NOT_THERE):
                return False
            raise
        return True

    def _listed_for_people(self, ftp: ftplib.FTP, folder: bytes) -> list[Entry]:
        """From LIST, for servers without MLSD. Its times are local and coarse: MDTM is asked for those wanted."""
        lines: list[str] = []
        ftp.retrlines("LIST", lines.append)
        entries = [entry for line in lines if (entry := entry_of_line(line.encode(WIRE)))]
        if not entries and sum(not line.lower().startswith("total") for line in lines):
            raise self.attention(
                f"the listing of {self.host} is written in a way that is not understood ({lines[-1][:100]!r}); have "
                "MLSD switched on there, or fetch the files by another way"
            )
        prefix = f"{folder.decode('utf-8', 'replace')}/" if folder else ""
        return [self._dated(ftp, entry) if self.terms.takes(prefix + entry.name) else entry for entry in entries]

    def _dated(self, ftp: ftplib.FTP, entry: Entry) -> Entry:
        if entry.kind is not Kind.FILE:
            return entry
        try:
            said = ftp.sendcmd(f"MDTM {as_stored(entry.name).decode(WIRE)}")
        except ftplib.error_perm:
            return entry
        return Entry(entry.name, entry.kind, entry.size_bytes, moment(said.partition(" ")[2]))

    def _is_there(self, ftp: ftplib.FTP, folder: bytes, name: str) -> bool:
        own = name.rpartition("/")[2]
        return any(entry.name == own for entry in self.listed(ftp, folder) or ())

    def _blocks(
        self, ftp: ftplib.FTP, data: socket, name: bytes, file: RemoteFile
    ) -> Generator[bytes, None, None]:
        with closing(data):
            while block := data.recv(BLOCK_BYTES):
                yield block
            if isinstance(data, ssl.SSLSocket):
                with suppress(OSError):  # not every server says goodbye; what it says of the transfer counts
                    data.unwrap()
        ftp.voidresp()
        with suppress(ftplib.error_perm):
            now = ftp.size(name.decode(WIRE))
            if file.is_complete and now not in (None, file.size_bytes) and file.size_bytes is not None:
                raise self.changed(file, f"it has {now} bytes now")


class _Tls(ftplib.FTP_TLS):
    """Transfers go on in the TLS session of the login: many servers insist, so that nobody else can take them."""

    def __init__(self, context: ssl.SSLContext, *, timeout: float) -> None:
        super().__init__(context=context, timeout=timeout)

    def ntransfercmd(self, cmd: str, rest: int | str | None = None) -> tuple[socket, int | None]:
        data, size = ftplib.FTP.ntransfercmd(self, cmd, rest)
        control = self.sock
        session = control.session if isinstance(control, ssl.SSLSocket) else None
        return self.context.wrap_socket(data, server_hostname=self.host, session=session), size


def _certificate(host: str, port: int) -> str:
    """The certificate that the server shows after AUTH TLS, whoever signed it. Nothing is said to it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    ftp = ftplib.FTP_TLS(context=context, timeout=PIN_TIMEOUT_S)
    try:
        ftp.connect(host, port)
        ftp.auth()
        shown = ftp.sock.getpeercert(binary_form=True) if isinstance(ftp.sock, ssl.SSLSocket) else None
    except (ftplib.Error, EOFError) as error:
        raise OSError(str(error)) from None
    finally:
        ftp.close()
    return ssl.DER_cert_to_PEM_cert(shown or b"")


def _wire(text: str) -> str:
    return text.encode().decode(WIRE)


def _said(error: Exception) -> str:
    """The server's own words, in one line."""
    return " ".join(str(error).encode(WIRE, "replace").decode("utf-8", "replace").split())
