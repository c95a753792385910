"""How connectors speak HTTP: time limits, retries, trust and errors that say what to do, once for all of them.

A request says whether it may be repeated. One that may is tried again, after a wait that doubles, when the platform is
busy or away. One that may not (a write) is sent once: when its answer is lost, a person or the caller must look
whether it was done. It is repeated only where no connection was made, so that nothing can have been sent.
"""

import logging
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from http.cookiejar import CookieJar, DefaultCookiePolicy
from json import dumps
from typing import IO, Any
from urllib.parse import quote, quote_plus, urlsplit

import httpx
import stamina

from tollbook.connectors import settings
from tollbook.connectors.base import Setting, Site
from tollbook.connectors.errors import NeedsAttention, TryAgainLater
from tollbook.connectors.pace import at_pace
from tollbook.connectors.secret import Secret
from tollbook.connectors.trust import explain, tls_trouble, trust
from tollbook.errors import BadInput

MIB = 1 << 20
MAX_BODY_BYTES = 64 * MIB  # of one answer, unpacked
DOWNLOAD_BLOCK_BYTES = 1 << 18
MAX_WAIT_S = 60.0  # between two tries; a platform that asks for more is left for the next run
MAX_ATTEMPTS = 10
MAX_TIMEOUT_S = 3600
MAX_CONNECT_S = 15.0
SHOWN_CHARACTERS = 200  # of a body, in an error
SECRETS_KEPT = 50  # to mask: those of the site, and the last session's
LOST = "it may have been done all the same: look before doing it again"
PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})

LOG = logging.getLogger(__name__)

# The library's own log shows addresses with their query, and headers.
for _name in ("httpx", "httpcore"):
    logging.getLogger(_name).setLevel(logging.WARNING)


def _note(details: stamina.instrumentation.RetryDetails) -> None:
    """In the log of who keeps one. By itself stamina prints to standard output, in the middle of what is asked for."""
    LOG.info("try %s failed, the next in %.1f s: %s", details.retry_num, details.wait_for, details.caused_by)


stamina.instrumentation.set_on_retry_hooks([_note])

SETTINGS = (
    Setting(
        name="verify",
        help="Whom to trust: yes (the well-known authorities); the path of a file of certificates (CA); sha256: and "
        "the fingerprint of the one certificate; no (anybody)",
        default="yes",
    ),
    Setting(name="timeout_s", help="Seconds of silence after which a request is given up", default="60"),
    Setting(name="attempts", help="How often a request is tried that may be repeated, 1 to 10", default="4"),
    Setting(name="retry_wait_s", help="Seconds before the second try; doubles with each", default="1"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long to wait for a platform, and how often to try."""

    timeout_s: float = 60.0
    attempts: int = 4
    retry_wait_s: float = 1.0

    @classmethod
    def of(cls, site: Site) -> "Patience":
        """As the site's settings say (SETTINGS).

        Raises:
            BadInput: one of them makes no sense.
        """
        return cls(
            timeout_s=settings.number(site, SETTINGS, "timeout_s", least=0.1, most=MAX_TIMEOUT_S),
            attempts=settings.whole(site, SETTINGS, "attempts", least=1, most=MAX_ATTEMPTS),
            retry_wait_s=settings.number(site, SETTINGS, "retry_wait_s", least=0, most=MAX_WAIT_S),
        )


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, whole."""

    status: int
    headers: Mapping[str, str]  # names in any case
    body: bytes = field(repr=False)

    @property
    def content_type(self) -> str:
        """In small letters, without parameters: application/json."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


@dataclass(frozen=True, slots=True)
class Download:
    """What is coming: its head, and its blocks while they come."""

    status: int  # 200, or 304 when nothing has changed since what the headers of the request say
    headers: Mapping[str, str]  # names in any case
    blocks: Iterator[bytes] = field(repr=False)


class Passing(TryAgainLater):
    """Something that may go by if the request is made again."""

    def __init__(
        self, message: str, *, platform: str, may_repeat: bool = True, after_s: float | None = None
    ) -> None:
        super().__init__(message, platform=platform)
        self.may_repeat = may_repeat
        self.after_s = after_s  # as the platform asked


def is_success(answer: Answer) -> bool:
    return answer.status < 300


class Http:
    """A platform's web address. May be used by several threads at once."""

    def __init__(
        self,
        url: str,
        *,
        platform: str,
        verify: str = "yes",
        patience: Patience | None = None,
        secrets: Iterable[Secret] = (),
        is_answer: Callable[[Answer], bool] = is_success,
        keeps_cookies: bool = False,
        max_body_bytes: int = MAX_BODY_BYTES,
        connections: int = 10,
    ) -> None:
        """Nothing is sent yet.

        Args:
            url: scheme, host and port, and perhaps the path that all requests begin with.
            platform: the connection's name, for errors.
            verify: as the setting of that name.
            patience: None = as usual.
            secrets: never to be shown, should an error's text hold one.
            is_answer: whether an answer goes to the caller as it is; every other one becomes an error. A platform that
                says faults of its own with a status of failure tells them apart here.
            keeps_cookies: send back what cookies it sets.
            max_body_bytes: of an answer; a longer one is refused.
            connections: most at a time.

        Raises:
            BadInput: the address or `verify` makes no sense.
        """
        self.platform = platform
        self._host, self._port = _place(url, platform)
        self._patience = patience or Patience()
        self._is_answer = is_answer
        self._max_body_bytes = max_body_bytes
        self._secrets = deque((secret for secret in secrets if secret), maxlen=SECRETS_KEPT)
        no_cookies = None if keeps_cookies else CookieJar(DefaultCookiePolicy(allowed_domains=()))
        self._client = httpx.Client(
            base_url=url.rstrip("/"),
            verify=trust(verify, platform=platform),
            cookies=no_cookies,
            timeout=httpx.Timeout(self._patience.timeout_s, connect=min(MAX_CONNECT_S, self._patience.timeout_s)),
            limits=httpx.Limits(max_connections=connections, max_keepalive_connections=connections),
            trust_env=False,  # no proxy and no password from the environment
            follow_redirects=False,  # a login is not carried elsewhere
            headers={"User-Agent": "Tollbook"},
        )

    def request(
        self,
        method: str,
        path: str,
        *,
        is_repeatable: bool,
        params: Mapping[str, str] | None = None,
        json: object = None,
        form: Mapping[str, str] | None = None,
        files: Mapping[str, tuple[str, IO[bytes] | bytes, str]] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Ask, again if need be.

        Args:
            method: GET, POST …
            path: after the address; shown in errors, so no secret belongs in it.
            is_repeatable: doing it twice does no more than doing it once.
            params: the query; not shown in errors.
            json: a body in JSON.
            form: a body as a web form.
            files: parts of a multipart body: name, then file name, content, content type.
            headers: more headers; not shown in errors.

        Raises:
            TryAgainLater: no answer, or one that says busy. For what is not repeatable the message says so.
            NeedsAttention: refused, not there, moved, no trust.
        """
        body: dict[str, Any] = {"params": params, "data": form, "files": files, "headers": headers}
        if json is not None:
            body["json"] = json
        tries = stamina.retry_context(
            on=_wait,
            attempts=self._patience.attempts,
            timeout=None,  # bounded by the tries and their time limits
            wait_initial=self._patience.retry_wait_s,
            wait_max=MAX_WAIT_S,
            wait_jitter=self._patience.retry_wait_s,
        )
        for attempt in tries:
            with attempt:
                return self._once(method, path, body, is_repeatable=is_repeatable)
        raise AssertionError("the last try gives an answer or raises")

    @contextmanager
    def download(
        self, path: str, *, params: Sequence[tuple[str, str]] = (), headers: Mapping[str, str] | None = None
    ) -> Iterator["Download"]:
        """GET something large, block by block as it comes. Tried once: what has begun to come cannot begin again.

        Raises:
            TryAgainLater: no answer, one that says busy, or the body was cut short.
            NeedsAttention: refused, not there, moved, no trust.
        """
        what = f"GET {self.masked(path)}"
        with (
            self._explained(what, is_repeatable=True),
            self._client.stream("GET", path, params=list(params), headers=headers) as response,
        ):
            if response.status_code in {200, 304}:
                yield Download(response.status_code, response.headers, _blocks(self._pieces(response, what)))
                return
            answer = Answer(response.status_code, response.headers, self._body(self._pieces(response, what), what))
        raise self._refusal(answer, what, is_repeatable=True)

    def hide(self, secret: Secret) -> None:
        """Never show this either: a session's token."""
        self._secrets.append(secret)

    def masked(self, text: str) -> str:
        """The text with dots in place of every secret, however it is written."""
        for secret in list(self._secrets):
            plain = secret.reveal()
            for written in {plain, quote(plain), quote_plus(plain), dumps(plain)[1:-1]}:
                text = text.replace(written, "•••")
        return text

    def forget_cookies(self) -> None:
        self._client.cookies.clear()

    def close(self) -> None:
        """Safe to repeat."""
        self._client.close()

    def _once(self, method: str, path: str, body: Mapping[str, Any], *, is_repeatable: bool) -> Answer:
        what = f"{method} {self.masked(path)}"
        with (
            self._explained(what, is_repeatable=is_repeatable),
            self._client.stream(method, path, **body) as response,
        ):
            body_so_far = self._pieces(response, what, is_repeatable=is_repeatable)
            answer = Answer(response.status_code, response.headers, self._body(body_so_far, what))
        if self._is_answer(answer):
            return answer
        raise self._refusal(answer, what, is_repeatable=is_repeatable)

    def _pieces(self, response: httpx.Response, what: str, *, is_repeatable: bool = True) -> Iterator[bytes]:
        """The body as it comes, given up when it comes so slowly that it would never end."""
        lost = "run again later" if is_repeatable else LOST

        def too_slow(how: str) -> Passing:
            return Passing(f"{what}: {how}, which is too slow; {lost}", platform=self.platform, may_repeat=False)

        return at_pace(response.iter_bytes(), self._patience.timeout_s, too_slow)

    def _body(self, pieces: Iterable[bytes], what: str) -> bytes:
        body = bytearray()
        for piece in pieces:
            body += piece
            if len(body) > self._max_body_bytes:
                raise NeedsAttention(
                    f"{what}: the answer is longer than {self._max_body_bytes} bytes; ask for less at once "
                    "(a smaller page, a shorter period)",
                    platform=self.platform,
                )
        return bytes(body)

    @contextmanager
    def _explained(self, what: str, *, is_repeatable: bool) -> Any:
        """Errors of the library become ours, without its own behind them: those hold the request."""
        where = f"{self._host}:{self._port}"
        lost = "" if is_repeatable else f"; {LOST}"
        try:
            yield
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            if trouble := tls_trouble(error):
                raise NeedsAttention(explain(trouble, self._host, self._port), platform=self.platform) from None
            reason = "no answer" if isinstance(error, httpx.ConnectTimeout) else self.masked(str(error))
            raise Passing(
                f"{where} cannot be reached ({reason}); check host and port, or run again when it is back",
                platform=self.platform,
            ) from None
        except httpx.TimeoutException:
            raise Passing(
                f"{what}: no answer within {self._patience.timeout_s:g} s{lost or '; run again later'}",
                platform=self.platform,
                may_repeat=is_repeatable,
            ) from None
        except httpx.DecodingError:
            raise Passing(
                f"{what}: the answer is packed in a way that cannot be unpacked{lost or '; run again later'}",
                platform=self.platform,
                may_repeat=is_repeatable,
            ) from None
        except httpx.TransportError as error:
            raise Passing(
                f"{what}: {where} closed the connection before the answer was whole "
                f"({self.masked(str(error)) or 'no reason given'}){lost or self._if_closed()}",
                platform=self.platform,
                may_repeat=is_repeatable,
            ) from None
        except httpx.InvalidURL:
            raise NeedsAttention(f"{what}: no address that can be asked for", platform=self.platform) from None

    def _if_closed(self) -> str:
        """A port that speaks TLS closes when it is spoken to in the clear."""
        is_plain = self._client.base_url.scheme == "http"
        return f"; {'check whether the address begins with https://, or ' if is_plain else ''}run again later"

    def _refusal(self, answer: Answer, what: str, *, is_repeatable: bool) -> Passing | NeedsAttention:
        said = f"{what}: answer {answer.status}{self._shown(answer)}"
        if answer.status in PASSING:
            lost = "; look whether it was done before doing it again" if not is_repeatable else ""
            after_s = retry_after_s(answer)
            wait = f"; it asks to come back after {after_s:g} s" if after_s is not None else "; run again later"
            # Too many requests: it says itself that it has not done it.
            may_repeat = (is_repeatable or answer.status == 429) and (after_s or 0) <= MAX_WAIT_S
            return Passing(said + wait + lost, platform=self.platform, may_repeat=may_repeat, after_s=after_s)
        if answer.status in range(300, 400):
            target = urlsplit(answer.headers.get("location", ""))
            step = f"it sends us on to {target.netloc or self._host}; set the address to where the API really is"
        else:
            step = _NEXT_STEPS.get(answer.status, "check the address; the platform may have changed")
        return NeedsAttention(f"{said}; {step}", platform=self.platform)

    def _shown(self, answer: Answer) -> str:
        """The beginning of a text for people. A page of HTML says nothing to them."""
        if answer.content_type not in {"application/json", "text/plain"}:
            return f" ({answer.content_type})" if answer.content_type else ""
        text = " ".join(self.masked(answer.body.decode("utf-8", "replace")).split())
        return f" ({text[:SHOWN_CHARACTERS]})" if text else ""


_NEXT_STEPS: Mapping[int, str] = {
    401: "check login and password",
    403: "the login may not do this: have it allowed on the platform, and check whether this machine's address is",
    404: "there is no such thing at this address; check host, port and path",
    405: "there is no such thing at this address; check host, port and path",
}


def _blocks(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes in larger pieces."""
    block = bytearray()
    for piece in pieces:
        block += piece
        if len(block) >= DOWNLOAD_BLOCK_BYTES:
            yield bytes(block)
            block.clear()
    if block:
        yield bytes(block)


def retry_after_s(answer: Answer) -> float | None:
    """Seconds that the platform asks to wait. A moment is held against the answer's own date."""
    given = answer.headers.get("retry-after", "").strip()
    if given.isdecimal():
        return float(given)
    try:
        moment = parsedate_to_datetime(given)
        return max(0.0, (moment - parsedate_to_datetime(answer.headers["date"])).total_seconds())
    except (ValueError, KeyError, TypeError):
        return None


def _wait(error: Exception) -> bool | float:
    """Whether to try again, and after how long if the platform said so."""
    if not isinstance(error, Passing) or not error.may_repeat:
        return False
    return True if error.after_s is None else error.after_s


def _place(url: str, platform: str) -> tuple[str, int]:
    try:
        parts = urlsplit(url)
        port = parts.port or {"https": 443, "http": 80}.get(parts.scheme)
    except ValueError:
        parts, port = urlsplit(""), None
    if not parts.hostname or port is None:
        raise BadInput(f"{platform}: {url!r} is no address; write it as https://host:port")
    if parts.username or parts.password or parts.query:
        raise BadInput(
            f"{platform}: the address of {parts.hostname} holds a login or a query; they have settings of their own"
        )
    return parts.hostname, port
