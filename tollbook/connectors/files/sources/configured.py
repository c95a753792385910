"""A site's settings turned into its source. Libraries for a protocol are imported only when it is the one."""

import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path

from tollbook.connectors import settings
from tollbook.connectors.base import Setting, Site
from tollbook.connectors.files.limits import MIB
from tollbook.connectors.files.sources.local import LocalFolder
from tollbook.connectors.files.sources.source import Source, Terms
from tollbook.connectors.files.sources.wanted import Wanted, check_pattern
from tollbook.connectors.http import SETTINGS as HTTP_SETTINGS
from tollbook.connectors.http import Patience
from tollbook.connectors.secret import Secret
from tollbook.errors import BadInput

MAX_AGE_S = 31 * 86_400
MAX_SIZE_MIB = 1 << 20  # a tebibyte
MAX_PORT = 65_535
_FINGERPRINT = re.compile(r"SHA256:[A-Za-z0-9+/]{43}")
_NOTHING = Secret("")

SETTINGS = (
    Setting(
        name="source",
        help="Where the files are. Empty: they are only read by hand",
        choices=("local", "upload", "sftp", "ftp", "ftps", "http"),
    ),
    Setting(name="folder", help="The folder: a whole path on this machine, or as the login at the server sees it"),
    Setting(name="subfolders", help="Whether files in the folders below count too: yes or no", default="no"),
    Setting(name="host", help="Of an SFTP or FTP server"),
    Setting(name="port", help="Of an SFTP or FTP server. Empty: 22 for sftp, 21 for ftp and ftps"),
    Setting(name="login", help="At the server. For ftp empty is anonymous, for http empty is nobody"),
    Setting(name="password", help="At the server", is_secret=True),
    Setting(
        name="private_key", help="For sftp: the text of a private key, as ssh-keygen writes it", is_secret=True
    ),
    Setting(name="private_key_password", help="Of the private key, where it is encrypted", is_secret=True),
    Setting(
        name="fingerprint",
        help="For sftp: the server's host key as `ssh-keygen -lf` shows it, SHA256:…; several with blanks between",
    ),
    Setting(name="url", help="For http: where the one file is, https://host/path"),
    Setting(name="url_secret", help="For http: more of the URL after ?, where it holds a key", is_secret=True),
    Setting(
        name="name_filter",
        help="Which files: a glob as cdr*.csv, or a regular expression after re:. With a slash in it the folders count",
    ),
    Setting(
        name="partial_names",
        help="Files still being written: globs with blanks between, in any case",
        default="*.part *.partial *.filepart *.tmp *.temp .*",
    ),
    Setting(name="minimum_age_s", help="Seconds for which a file must have been left alone", default="60"),
    Setting(
        name="growing",
        help="Files that are appended to for ever, as Master.csv: a pattern like name_filter. They are read up to "
        "their last whole line at any age",
    ),
    Setting(name="max_size_mib", help="Size in MiB above which a file is refused", default="4096"),
    *HTTP_SETTINGS,
)


def wanted_of(site: Site) -> Wanted:
    """Which files a site wants.

    Raises:
        BadInput: a setting makes no sense.
    """

    def pattern(name: str) -> str:
        return check_pattern(settings.text(site, SETTINGS, name), setting=name, platform=site.name)

    return Wanted(
        name_filter=pattern("name_filter"),
        partial_names=tuple(settings.text(site, SETTINGS, "partial_names").split()),
        growing=pattern("growing"),
        minimum_age=timedelta(
            seconds=settings.whole(site, SETTINGS, "minimum_age_s", least=0, most=MAX_AGE_S),
        ),
    )


def source_of(site: Site) -> Source:
    """The source that a site's settings say. Nothing is sent yet.

    Raises:
        BadInput: a setting is missing or makes no sense.
        NeedsAttention: the private key cannot be used.
    """
    kind = _Reader(site).text("source")
    if kind not in _SOURCES:
        said = f"source is {kind!r}" if kind else "has no source, its files are read by hand"
        raise BadInput(f"{site.name}: {said}; set source to {', '.join(_SOURCES)}")
    return _SOURCES[kind](_Reader(site))


class _Reader:
    """Settings of a site as the sources need them."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def text(self, name: str) -> str:
        return settings.text(self._site, SETTINGS, name)

    def needed(self, name: str) -> str:
        if found := self.text(name):
            return found
        raise BadInput(f"{self._site.name}: source {self.text('source')} needs the setting {name}; set it")

    def secret(self, name: str) -> Secret:
        return self._site.secrets.get(name, _NOTHING)

    def port(self, usual: int) -> int:
        if not self.text("port"):
            return usual
        return settings.whole(self._site, SETTINGS, "port", least=1, most=MAX_PORT)

    @property
    def name(self) -> str:
        return self._site.name

    @property
    def terms(self) -> Terms:
        return Terms(
            platform=self._site.name,
            max_bytes=MIB * settings.whole(self._site, SETTINGS, "max_size_mib", least=1, most=MAX_SIZE_MIB),
            with_subfolders=settings.flag(self._site, SETTINGS, "subfolders"),
            takes=wanted_of(self._site).takes,
        )

    @property
    def patience(self) -> Patience:
        return Patience.of(self._site)


def _local(site: _Reader) -> Source:
    folder = Path(site.needed("folder"))
    if not folder.is_absolute():
        raise BadInput(f"{site.name}: setting folder is {str(folder)!r}; write the whole path, from / on")
    return LocalFolder(folder, site.terms, may_be_missing=site.text("source") == "upload")


def _sftp(site: _Reader) -> Source:
    from tollbook.connectors.files.sources.sftp import PORT, SftpFolder  # noqa: PLC0415

    fingerprints = site.text("fingerprint").split()
    for one in fingerprints:
        if not _FINGERPRINT.fullmatch(one):
            raise BadInput(
                f"{site.name}: setting fingerprint is {one!r}; write it as `ssh-keygen -lf` shows it, SHA256:…"
            )
    if not site.secret("password") and not site.secret("private_key"):
        raise BadInput(f"{site.name}: source sftp needs a password or a private_key; set one")
    return SftpFolder(
        site.terms,
        host=site.needed("host"),
        port=site.port(PORT),
        folder=site.text("folder"),
        login=site.needed("login"),
        password=site.secret("password"),
        private_key=site.secret("private_key"),
        key_password=site.secret("private_key_password"),
        fingerprints=fingerprints,
        patience=site.patience,
    )


def _ftp(site: _Reader) -> Source:
    from tollbook.connectors.files.sources.ftp import PORT, FtpFolder  # noqa: PLC0415
    from tollbook.connectors.trust import trust  # noqa: PLC0415

    with_tls = site.text("source") == "ftps"
    return FtpFolder(
        site.terms,
        host=site.needed("host"),
        port=site.port(PORT),
        folder=site.text("folder"),
        login=site.text("login") or "anonymous",
        password=site.secret("password"),
        tls=trust(site.text("verify"), platform=site.name) if with_tls else None,
        patience=site.patience,
    )


def _http(site: _Reader) -> Source:
    from tollbook.connectors.files.sources.web import WebFile  # noqa: PLC0415

    return WebFile(
        site.terms,
        url=site.needed("url"),
        query=site.secret("url_secret"),
        login=site.text("login"),
        password=site.secret("password"),
        verify=site.text("verify"),
        patience=site.patience,
    )


_SOURCES: Mapping[str, Callable[[_Reader], Source]] = {
    "local": _local,
    "upload": _local,
    "sftp": _sftp,
    "ftp": _ftp,
    "ftps": _ftp,
    "http": _http,
}
