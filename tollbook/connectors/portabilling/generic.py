"""Any record of any service: listed, created, or whatever a method does. Names and shapes are the API's own."""

from collections.abc import Iterator, Mapping, Sequence

from tollbook.connectors.errors import NeedsAttention
from tollbook.connectors.portabilling.client import Client, Params, Record
from tollbook.connectors.portabilling.naming import KNOWN, Naming, naming_of, with_switches
from tollbook.errors import BadInput

PAGE_SIZE = 100  # what the platform is said to give without being asked for more


class Generic:
    """The API as it is. True and false become what it wants; everything else goes through untouched."""

    def __init__(self, client: Client) -> None:
        self._client = client

    @staticmethod
    def types() -> Mapping[str, Sequence[str]]:
        """The services that are known, each with its types of records."""
        return KNOWN

    def list(
        self, service: str, type_: str, filters: Params | None = None, *, page_size: int = PAGE_SIZE
    ) -> Iterator[Record]:
        """Every record that fits the filters, fetched page by page as they are taken.

        A filter `limit` says how many are wanted, `offset` how many are left out first.

        Raises:
            BadInput: a name or a number that makes no sense.
            PlatformFault: refused; code and text are whole.
        """
        naming = naming_of(service, type_)
        wanted = {} if filters is None else dict(filters)
        most, skipped = (
            _count(wanted.pop("limit", None), "limit"),
            _count(wanted.pop("offset", None), "offset") or 0,
        )
        asked = _object(with_switches(wanted))
        return self._pages(naming, asked, most, skipped, page_size)

    def create(self, service: str, type_: str, attributes: Params) -> Record:
        """A new record with these attributes, in the API's own nested shape; its id comes back.

        Attributes that already hold the structure (`account_info`) are the whole request. Sent once, never repeated.
        """
        naming = naming_of(service, type_)
        given = _object(with_switches(dict(attributes)))
        is_whole = not naming.info_key or naming.info_key in given
        return self._client.call(
            naming.creates, given if is_whole else {naming.info_key: given}, is_repeatable=False
        )

    def call(self, service: str, method: str, params: Params | None = None) -> Record:
        """Whatever `Service/method` does. What only reads is tried again when the platform is busy."""
        if not service.isidentifier() or not method.isidentifier():
            raise BadInput(f"{service}/{method} is no method; methods are written as Account/get_account_info")
        return self._client.call(f"{service}/{method}", _object(with_switches(dict(params or {}))))

    def _pages(
        self, naming: Naming, filters: Params, most: int | None, offset: int, page_size: int
    ) -> Iterator[Record]:
        """Pages until one is empty. A short one is no sign: the platform may give less than it is asked for."""
        given = 0
        last: Sequence[Record] = ()
        while most is None or given < most:
            limit = page_size if most is None else min(page_size, most - given)
            window = {"limit": limit, "offset": offset + given} if naming.is_paged else {}
            page = self._page(naming, {**filters, **window})
            if not page or page == last:  # a method that knows no pages says the same again
                return
            yield from page
            given += len(page)
            if not naming.is_paged or len(page) > limit:
                return
            last = page

    def _page(self, naming: Naming, params: Params) -> Sequence[Record]:
        answer = self._client.call(naming.lists, params)
        found = answer.get(naming.list_key)
        if found is None:
            lists = [name for name, value in answer.items() if isinstance(value, list)]
            found = answer[lists[0]] if len(lists) == 1 else None
        if not isinstance(found, list):
            raise NeedsAttention(
                f"{naming.lists}: there is no {naming.list_key} in the answer, which has "
                f"{', '.join(answer) or 'nothing'}; call the method itself and look",
                platform=self._client.platform,
            )
        return found


def _count(value: object, name: str) -> int | None:
    if value in (None, ""):
        return None
    if not str(value).isdecimal():
        raise BadInput(f"{name} is {value!r}; it is a whole number")
    return int(str(value))


def _object(value: object) -> Params:
    return value if isinstance(value, dict) else {}
