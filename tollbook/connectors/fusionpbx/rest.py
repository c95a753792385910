"""FS PBX by REST: a token in a header, lists in pages, and what of the answers becomes evidence."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TypeVar
from urllib.parse import quote

import msgspec

from tollbook.connectors import settings
from tollbook.connectors.base import Failed, Finished, Piece, Scope, Site, UsageEvent
from tollbook.connectors.errors import ConnectorError, NeedsAttention, TryAgainLater
from tollbook.connectors.fusionpbx.options import SETTINGS, Options
from tollbook.connectors.fusionpbx.schemas import Domain, Extension, PhoneNumber
from tollbook.connectors.http import Answer, Http, Patience, is_success
from tollbook.connectors.secret import Secret
from tollbook.errors import BadInput

T = TypeVar("T")
BASE = "/api/v1"
MAX_PAGES = 100_000  # of one list
_LINE_ENDS = bytes.maketrans(b"\r\n", b"  ")  # in JSON they stand between values only


class _Page(msgspec.Struct):
    data: list[msgspec.Raw]
    has_more: bool = False


class Client:
    """One token. Reading may be repeated; so may the writes there are, which say how things shall be."""

    def __init__(self, site: Site, options: Options) -> None:
        self.platform = site.name
        self._page_size = options.page_size
        token = site.secrets.get("api_token", Secret(""))
        url = settings.text(site, SETTINGS, "rest_url").rstrip("/").removesuffix(BASE)
        for name, value in (("rest_url", url), ("api_token", token)):
            if not value:
                raise BadInput(f"{site.name}: setting {name} is missing; by REST it is needed")
        self._headers = {"Authorization": f"Bearer {token.reveal()}", "Accept": "application/json"}
        self._http = Http(
            url + BASE,
            platform=site.name,
            verify=settings.text(site, SETTINGS, "verify"),
            patience=Patience.of(site),
            secrets=[token],
            is_answer=lambda answer: is_success(answer) or answer.status == HTTPStatus.UNAUTHORIZED,
        )

    def rows(self, path: str, last_id: str, filters: Mapping[str, str] | None = None) -> Iterator[msgspec.Raw]:
        """The members of a list, page by page, each as its bytes came. `last_id`: the field that pages go on after.

        Raises:
            TryAgainLater, NeedsAttention: no list, or one that does not go on.
        """
        after = ""
        for _ in range(MAX_PAGES):
            query = {**(filters or {}), "limit": str(self._page_size)} | (
                {"starting_after": after} if after else {}
            )
            page = self._page(path, query)
            yield from page.data
            if not page.has_more:
                return
            last = _id_of(page.data[-1], last_id) if page.data else ""
            if not last or last == after:
                break
            after = last
        raise NeedsAttention(
            f"GET {path}: it says that there is more, and gives nothing to go on from; the API may have changed",
            platform=self.platform,
        )

    def domains(self) -> Iterator[Domain]:
        for row in self.rows("/domains", "domain_uuid"):
            yield self.decoded(row, Domain, "/domains")

    def extensions(self, domain: Domain) -> Iterator[Extension]:
        path = f"/domains/{quote(domain.domain_uuid)}/extensions"
        for row in self.rows(path, "extension_uuid"):
            yield self.decoded(row, Extension, path)

    def numbers(self, domain: Domain) -> Iterator[PhoneNumber]:
        path = f"/domains/{quote(domain.domain_uuid)}/phone-numbers"
        for row in self.rows(path, "destination_uuid"):
            yield self.decoded(row, PhoneNumber, path)

    def send(self, method: str, path: str, body: object = None) -> None:
        """Say how something shall be. Doing it twice does no more than doing it once.

        Raises:
            TryAgainLater, NeedsAttention: it was not taken.
        """
        self._asked(method, path, body=body)

    def decoded(self, row: msgspec.Raw, kind: type[T], path: str) -> T:
        try:
            return msgspec.json.decode(row, type=kind)
        except msgspec.ValidationError as error:
            raise NeedsAttention(
                f"GET {path}: a member of the list cannot be read ({error}); the API may have changed",
                platform=self.platform,
            ) from None

    def close(self) -> None:
        self._http.close()

    def _asked(
        self, method: str, path: str, query: Mapping[str, str] | None = None, body: object = None
    ) -> Answer:
        answer = self._http.request(
            method, path, is_repeatable=True, params=query, json=body, headers=self._headers
        )
        if answer.status == HTTPStatus.UNAUTHORIZED:
            raise NeedsAttention(
                f"{method} {path}: the token is refused; make another one in FS PBX and set it: --secret api_token",
                platform=self.platform,
            )
        return answer

    def _page(self, path: str, query: Mapping[str, str]) -> _Page:
        answer = self._asked("GET", path, query)
        try:
            return msgspec.json.decode(answer.body, type=_Page)
        except msgspec.ValidationError:
            raise NeedsAttention(f"GET {path}: no list came; check rest_url", platform=self.platform) from None
        except msgspec.DecodeError:
            if answer.content_type == "application/json":
                raise TryAgainLater(
                    f"GET {path}: the answer is cut; run again later", platform=self.platform
                ) from None
            raise NeedsAttention(
                f"GET {path}: the answer is {answer.content_type or 'of no type'}, no JSON; check rest_url",
                platform=self.platform,
            ) from None


def fetch(client: Client, options: Options, scopes: Sequence[Scope]) -> Iterator[UsageEvent]:
    """The events of `Connector.usage`: the calls of each tenant that began in its scope.

    Raises:
        ConnectorError: the tenants cannot be listed.
    """
    domains = {domain.domain_name: domain for domain in client.domains()}
    for scope in scopes:
        try:
            yield from _of_scope(client, options, scope, domains)
        except ConnectorError as error:
            yield Failed(scope, error)


def _of_scope(
    client: Client, options: Options, scope: Scope, domains: Mapping[str, Domain]
) -> Iterator[UsageEvent]:
    domain = domains.get(scope.customer_id)
    if domain is None:
        raise NeedsAttention(
            f"there is no domain {scope.customer_id!r} any more; end its pairing, or pair with the one it is now",
            platform=client.platform,
        )
    since = _begin(options, scope)
    yield Piece(_note(client, domain))
    path = f"/domains/{quote(domain.domain_uuid)}/cdrs"
    window = {"date_from": str(int(since.timestamp())), "date_to": str(int(scope.until.timestamp()))}
    records = 0
    for row in client.rows(path, "xml_cdr_uuid", window):
        records += 1
        yield Piece(bytes(row).translate(_LINE_ENDS) + b"\n")
    yield Finished(scope, scope.until.isoformat(), records)


def _begin(options: Options, scope: Scope) -> datetime:
    """A call is chosen by its start and appears at its end: the longest one must fit into the overlap."""
    since = scope.since
    if scope.cursor:
        try:
            since = datetime.fromisoformat(scope.cursor).astimezone(UTC)
        except ValueError:
            raise BadInput(
                f"{scope.cursor!r} is not where reading of FS PBX's calls left off; "
                "collect the period again by its days"
            ) from None
    elif scope.earliest is None:
        return since
    return max(since - options.rest_overlap, min(scope.earliest or scope.since, since))


def _note(client: Client, domain: Domain) -> bytes:
    """What its calls do not say: the tenant's name, its extensions by uuid, its numbers."""
    return (
        msgspec.json.encode(
            {
                "note": "tenant",
                "domain_uuid": domain.domain_uuid,
                "tenant": domain.domain_name,
                "extensions": [[one.extension_uuid, one.extension] for one in client.extensions(domain)],
                "numbers": [one.written for one in client.numbers(domain)],
            }
        )
        + b"\n"
    )


def _id_of(row: msgspec.Raw, name: str) -> str:
    try:
        return str(msgspec.json.decode(row, type=dict[str, object]).get(name) or "")
    except msgspec.DecodeError:
        return ""
