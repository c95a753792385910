"""One file at a web address."""

import base64
import re
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from itertools import chain
from urllib.parse import parse_qsl, unquote, urlsplit

from tollbook.connectors.base import RemoteFile
from tollbook.connectors.files.sources.source import Source, Terms
from tollbook.connectors.files.sources.tries import patiently
from tollbook.connectors.http import Download, Http, Patience
from tollbook.connectors.secret import Secret

# A byte order mark, blanks and comments may stand before it.
_PAGE = re.compile(
    rb"(?:\xef\xbb\xbf)?(?:\s|<!--.*?-->|<\?xml[^>]*>)*<(?:!doctype\s+html|html|head|body)\b", re.I | re.S
)


class WebFile(Source):
    """The file at one URL. Its head is read when it is listed; the body comes from the same answer."""

    def __init__(
        self,
        terms: Terms,
        *,
        url: str,
        query: Secret,
        login: str,
        password: Secret,
        verify: str,
        patience: Patience,
        headers: Mapping[str, Secret] | None = None,
        hidden: Sequence[Secret] = (),
        name: str = "",
    ) -> None:
        """Nothing is sent yet. `query`: more of the URL's query, where it holds a key that nobody should see.

        `headers` are sent besides the usual ones; `hidden` are further secrets that no error may show; `name` is the
        file's, in place of the end of its address.

        Raises:
            BadInput: the address or `verify` makes no sense.
        """
        super().__init__(terms)
        parts = urlsplit(url)
        self.place = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
        self._path = parts.path or "/"
        self._params = parse_qsl(parts.query, keep_blank_values=True) + parse_qsl(
            query.reveal(), keep_blank_values=True
        )
        self._headers = {"Accept-Encoding": "identity"}
        hidden = [*hidden, query, password, *(Secret(value) for _, value in self._params)]
        if login:
            said = base64.b64encode(f"{login}:{password.reveal()}".encode()).decode()
            self._headers["Authorization"] = f"Basic {said}"
            hidden.append(Secret(said))
        for header, value in (headers or {}).items():
            self._headers[header] = value.reveal()
            hidden.append(value)
        self._given_name = name
        self._patience = patience
        self._http = Http(
            f"{parts.scheme}://{parts.netloc}",
            platform=terms.platform,
            verify=verify,
            patience=patience,
            secrets=hidden,
        )
        self._coming: _Coming | None = None

    def files(self, known: Sequence[RemoteFile] = ()) -> Iterator[RemoteFile]:
        """The one file. When it is among the known ones and has not changed since, that one as it is known."""
        before = next((file for file in known if file.name == self._name), None)
        coming = patiently(self._patience, lambda: self._asked(_conditions(before)))
        yield coming.file if coming.blocks is not None or before is None else before

    def fetch(self, file: RemoteFile) -> Generator[bytes, None, None]:
        coming = self._coming
        if coming is None or coming.blocks is None:
            coming = patiently(self._patience, lambda: self._asked({}))
            if _differ(file, coming.file):
                raise self.changed(file, "it is another one now")
        blocks, coming.blocks = coming.blocks or iter(()), None
        try:
            with coming.answer:
                yield from self.whole(blocks, file)
        finally:
            self._coming = None

    def close(self) -> None:
        self._let_go()
        self._http.close()

    @property
    def _name(self) -> str:
        if self._given_name:
            return self._given_name
        return unquote(self._path.rstrip("/").rpartition("/")[2]).replace("/", "_") or urlsplit(self.place).netloc

    def _asked(self, conditions: Mapping[str, str]) -> "_Coming":
        """Begin to read: the head, and enough of the body to see whether it is a file at all."""
        self._let_go()
        with ExitStack() as stack:
            answer = stack.enter_context(
                self._http.download(self._path, params=self._params, headers={**self._headers, **conditions})
            )
            first = next(answer.blocks, b"") if answer.status == 200 else b""
            if _PAGE.match(first):
                raise self.attention(
                    f"{self.place} answers with a web page and not with a file, as many servers do to ask for a "
                    "login; check address, login and password, and open it in a browser where nobody is logged in"
                )
            blocks = chain([first], answer.blocks) if answer.status == 200 else None
            self._coming = _Coming(_file(self._name, answer), blocks, stack.pop_all())
        return self._coming

    def _let_go(self) -> None:
        coming, self._coming = self._coming, None
        if coming is not None:
            coming.answer.close()


@dataclass(slots=True)
class _Coming:
    """An answer that is being read."""

    file: RemoteFile
    blocks: Iterator[bytes] | None  # None: nothing has changed, or it has been read
    answer: ExitStack


def _file(name: str, answer: Download) -> RemoteFile:
    """What the head of an answer says of the file."""
    length = answer.headers.get("content-length", "")
    is_packed = answer.headers.get("content-encoding", "identity") != "identity"
    return RemoteFile(
        name=name,
        size_bytes=int(length) if length.isdecimal() and not is_packed else None,
        modified_at=_moment(answer.headers.get("last-modified", "")),
        # An answer that ends when the connection does may have lost its end, and nobody can tell.
        is_complete=bool(length) or "transfer-encoding" in answer.headers,
        version=answer.headers.get("etag", ""),
    )


def _differ(listed: RemoteFile, now: RemoteFile) -> bool:
    """Whether what is known of both is not the same."""
    facts = ("size_bytes", "modified_at", "version")
    return any(a and b and a != b for a, b in ((getattr(listed, fact), getattr(now, fact)) for fact in facts))


def _conditions(known: RemoteFile | None) -> Mapping[str, str]:
    """Headers that ask for the file only if it has changed."""
    if known is None:
        return {}
    said = {"If-None-Match": known.version} if known.version else {}
    if known.modified_at is not None:
        said["If-Modified-Since"] = format_datetime(known.modified_at.astimezone(UTC), usegmt=True)
    return said


def _moment(written: str) -> datetime | None:
    try:
        return parsedate_to_datetime(written).astimezone(UTC)
    except ValueError:
        return None
