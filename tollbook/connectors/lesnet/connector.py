"""Les.net: one cumulative text file of calls per account, fetched daily from the account's link."""

from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from hashlib import blake2b
from io import BytesIO
from itertools import chain
from pathlib import Path
from shlex import quote
from typing import ClassVar
from urllib.parse import urlsplit

import polars as pl

from tollbook.connectors.base import (
    AccountMarks,
    Check,
    Connector,
    Feature,
    Order,
    OrderPowers,
    Preview,
    RemoteFile,
    Site,
    Standing,
    Target,
    UsageBatch,
    failed_check,
)
from tollbook.connectors.errors import NeedsAttention
from tollbook.connectors.files.connector import site_layout
from tollbook.connectors.files.layout import Layout
from tollbook.connectors.files.reader import read_usage
from tollbook.connectors.lesnet.fields import FIELDS, read_marks
from tollbook.connectors.lesnet.form import in_words, seen_in, settled
from tollbook.connectors.lesnet.links import LinkedFiles
from tollbook.connectors.lesnet.options import DELIMITERS, SETTINGS, Access, flag, text
from tollbook.connectors.lesnet.orders import Orders
from tollbook.errors import BadInput, TollbookError

SAMPLE_BYTES = 1 << 16
PREVIEW_LINES = 10  # shown
PREVIEW_ROWS = 500  # read
MARK_BYTES = 8
FORM = ("delimiter", "header")  # settings


class LesNetConnector(Connector):
    """A carrier of whose files and API next to nothing is public: what is not known is a setting."""

    kind = "lesnet"
    title = "Les.net"
    settings = SETTINGS
    offers: ClassVar[frozenset[Feature]] = frozenset({Feature.FILES, Feature.ORDERS})
    account_fields = FIELDS
    # A peer is more exact than the file: a file may turn out to hold those of several.
    ways: ClassVar[tuple[str, ...]] = ("trunk", "link", "number")
    default_layout = "lesnet"
    stale_after = timedelta(hours=48)  # files are refreshed once in 24 hours

    def __init__(self, site: Site) -> None:
        super().__init__(site)
        self._open = settled(
            site_layout(site), site, delimiter=text(site, "delimiter"), header=text(site, "header")
        )
        self.layout = self._open
        if confirmed := self._confirmed():
            self.layout = settled(site_layout(site), site, delimiter=confirmed[0], header=confirmed[1])
        self.key_is_platform_id = self.layout.key_is_platform_id
        self.files_only_grow = flag(site, "cumulative")
        self._orders = Orders(site)
        self._source = LinkedFiles(
            Access.of(site),
            is_growing=text(site, "last_line") == "wait",
            is_dated=text(site, "last_modified") == "trust",
        )

    def follow(self, links: Sequence[str]) -> None:
        self._source.links = tuple(dict.fromkeys(links))

    def test(self) -> Iterator[Check]:
        """Each link is asked for, and the beginning of its file read."""
        if not self._source.links:
            yield failed_check("links", self._no_links(), platform=self.site.name)
        for link in self._source.links:
            yield self._tried(link)
        if doubt := self.unconfirmed():
            yield Check("layout", is_ok=True, says=doubt)

    def files(self, known: Sequence[RemoteFile] = ()) -> Iterator[RemoteFile]:
        """The file behind each link.

        Raises:
            TryAgainLater, NeedsAttention: every link fails, or there is none.
        """
        if not self._source.links:
            raise self._no_links()
        yield from self._source.files(known)

    def fetch(self, file: RemoteFile) -> Generator[bytes, None, None]:
        """The bytes of a file, once its beginning has been seen to be calls.

        Raises:
            NeedsAttention: it is something else, as a message in place of the calls.
        """
        with closing(self._source.fetch(file)) as blocks:
            first = next(blocks, b"")
            self._seen_in(first[:SAMPLE_BYTES], file.name, self.layout)
            yield from chain([first] if first else [], blocks)

    def read_usage(
        self, file: Path, *, name: str, batch_rows: int, is_complete: bool = True
    ) -> Iterator[UsageBatch]:
        """Records by the layout; those that name no account are of the link that the file is named by.

        Raises:
            BadInput: the file cannot be read as this layout, or nothing says whose calls it holds.
        """
        with file.open("rb") as beginning:
            layout = seen_in(_lines(beginning.read(SAMPLE_BYTES), self.layout), self.layout, name)
        for batch in read_usage(file, layout, batch_rows=batch_rows, complete=is_complete, name=name):
            yield replace(batch, usage=_of_link(batch.usage, name))

    def unconfirmed(self) -> str:
        if self._confirmed():
            return ""
        return (
            f"how its files are written is a guess until somebody has looked (layout {self.layout.name}); see how they "
            f"are read, and say that it is right, with `tollbook connection confirm {quote(self.site.name)}`"
        )

    def preview(self) -> Preview:
        """The first link's file that holds a call.

        Raises:
            NeedsAttention: no link leads to a call, or what it leads to is written in another way.
        """
        for file in self.files():
            with closing(self._source.fetch(file)) as blocks:
                sample = next(blocks, b"")[:SAMPLE_BYTES]
            preview = self._preview_of(sample, file.name, self._open)
            if len(preview.usage):
                return preview
        raise NeedsAttention(
            "no link leads to a file with calls yet; describe accounts with their cdr_link, or come back when there "
            "are calls",
            platform=self.site.name,
        )

    def order_powers(self) -> OrderPowers:
        return self._orders.powers()

    def carry_out(self, order: Order) -> str:
        return self._orders.carry_out(order)

    def standing(self, target: Target, foreign_id: str) -> Standing:  # noqa: ARG002  # a peer either way
        return self._orders.standing(foreign_id)

    @classmethod
    def marks(cls, fields: Mapping[str, str]) -> AccountMarks:
        return read_marks(fields)

    def close(self) -> None:
        self._source.close()

    def _tried(self, link: str) -> Check:
        try:
            self._source.links, all_links = (link,), self._source.links
            try:
                (file,) = self._source.files()
            finally:
                self._source.links = all_links
            with closing(self._source.fetch(file)) as blocks:
                sample = next(blocks, b"")[:SAMPLE_BYTES]
            found = self._preview_of(sample, link, self.layout)
        except TollbookError as error:
            return failed_check(link, error, platform=self.site.name)
        refreshed = f", refreshed {file.modified_at:%Y-%m-%d %H:%M} UTC" if file.modified_at else ""
        return Check(
            link, is_ok=True, says=f"{'calls' if len(found.usage) else 'no calls yet'}{refreshed}; {found.says}"
        )

    def _preview_of(self, sample: bytes, name: str, layout: Layout) -> Preview:
        layout = self._seen_in(sample, name, layout)
        batches = read_usage(BytesIO(sample), layout, batch_rows=PREVIEW_ROWS, complete=False, name=name)
        usage = _of_link(next(iter(batches)).usage, name)
        form = layout.file
        sign = next((word for word, sign in DELIMITERS.items() if sign == form.delimiter), "auto")
        header = "yes" if form.header else "no"
        return Preview(
            source=name,
            says=in_words(layout),
            lines=tuple(_lines(sample, layout)[: PREVIEW_LINES + form.header]),
            usage=usage,
            settings={"layout_confirmed": f"{sign} {header} {self._mark()}"},
        )

    def _confirmed(self) -> tuple[str, str] | None:
        """Delimiter and header as somebody has seen them, when nothing was said otherwise since."""
        *form, mark = text(self.site, "layout_confirmed").split(" ")
        return (form[0], form[1]) if len(form) == len(FORM) and mark == self._mark() else None

    def _mark(self) -> str:
        """A short text that is another one when files are to be read in another way."""
        ways = (self.site.layout, self.site.timezone, *(text(self.site, name) for name in (*FORM, "incoming_to")))
        return blake2b("\0".join(ways).encode(), digest_size=MARK_BYTES).hexdigest()

    def _seen_in(self, sample: bytes, name: str, layout: Layout) -> Layout:
        try:
            return seen_in(_lines(sample, layout), layout, name)
        except BadInput as error:
            raise NeedsAttention(
                f"{error}; open it in a browser: it may ask for a login. If it holds calls and is written in another "
                f"way now, confirm that: tollbook connection confirm {quote(self.site.name)}",
                platform=self.site.name,
            ) from None

    def _no_links(self) -> NeedsAttention:
        return NeedsAttention(
            "no account has a link to its file; describe the accounts: tollbook accounts describe ACCOUNT "
            f"{quote(self.site.name)} --field cdr_link=…",
            platform=self.site.name,
        )


def _lines(sample: bytes, layout: Layout) -> list[str]:
    """The lines of the beginning of a file; the last may be cut."""
    is_wide = sample.startswith((BOM_UTF16_LE, BOM_UTF16_BE))
    text = sample.decode("utf-16" if is_wide else layout.file.encoding, "replace")
    return text.removeprefix("\ufeff").splitlines()


def _of_link(usage: pl.DataFrame, name: str) -> pl.DataFrame:
    """Whose records they are, where they do not say it themselves; then the link is a part of what they are, too.

    Raises:
        BadInput: the file is named by no link, and a record says nothing.
    """
    usage = usage.with_columns(pl.col("trunk_ref").str.to_uppercase())  # as marks of peers are
    is_nobodys = pl.col("account_ref").is_null() & pl.col("trunk_ref").is_null()
    if not name.startswith(("https://", "http://", "/")):
        if usage.select((is_nobodys & pl.col("defect").is_null()).any()).item():
            raise BadInput(
                f"{name}: nothing says whose calls these are; collect them from the account's link, or use a layout "
                "that reads the peer"
            )
        return usage
    parts = urlsplit(name)
    place = f"{parts.path}?{parts.query}" if parts.query else parts.path  # the portal may move
    tag = blake2b(place.encode(), digest_size=MARK_BYTES).hexdigest()
    return usage.with_columns(
        record_key=pl.when(is_nobodys).then(pl.format("{}:{}", "record_key", pl.lit(tag))).otherwise("record_key"),
        account_ref=pl.coalesce("account_ref", pl.lit(name)),
    )
