"""Telling Les.net. Nothing public says how: a person is told what to do, or an address of the operator's is asked."""

import re
from urllib.parse import quote, urlsplit

from tollbook.connectors.base import Order, OrderPowers, Site, Standing, State, Target, Verb
from tollbook.connectors.errors import ForAPerson, NeedsAttention, NotOffered
from tollbook.connectors.http import Answer, Http, Patience
from tollbook.connectors.lesnet.fields import peer_and_did
from tollbook.connectors.lesnet.options import hidden, origin, text
from tollbook.connectors.secret import Secret
from tollbook.errors import BadInput

URLS = {Verb.SUSPEND: "suspend_url", Verb.RESUME: "resume_url"}
_NOTHING = Secret("")
_PLACEHOLDER = re.compile(r"\{(\w*)\}")


class Orders:
    """What the settings allow. A peer is all or nothing: it cannot be stopped for outgoing calls alone."""

    def __init__(self, site: Site) -> None:
        """Nothing is sent yet.

        Raises:
            BadInput: an address or a pattern makes no sense.
        """
        self._site = site
        self._secret = site.secrets.get("order_secret", _NOTHING)
        self._urls = {name: _checked_url(site, name) for name in (*URLS.values(), "state_url")}
        self._states = {
            state: _checked_pattern(site, name)
            for name, state in (("state_suspended", State.SUSPENDED), ("state_active", State.ACTIVE))
        }

    def powers(self) -> OrderPowers:
        by_hand = not all(self._urls[name] for name in URLS.values())
        unseen = not self._urls["state_url"]
        remarks = ["a person does it in the portal"] * by_hand + ["the state cannot be read back"] * unseen
        return OrderPowers(targets=frozenset({Target.ACCOUNT, Target.TRUNK}), remark="; ".join(remarks))

    def carry_out(self, order: Order) -> str:
        """Ask the address for that, or say what a person does.

        Raises:
            ForAPerson: there is no address for it.
            NeedsAttention: it is about no peer or DID, or the address refuses.
            TryAgainLater: no answer.
        """
        if order.verb not in URLS:
            raise NotOffered(f"Les.net offers no order to {order.verb}", platform=self._site.name)
        if order.is_outbound_only:
            raise self._attention(
                f"{order.foreign_id} cannot be stopped for outgoing calls alone; suspend it for all calls"
            )
        peer, did = self._named(order.foreign_id)
        url = self._urls[URLS[order.verb]]
        if not url:
            raise ForAPerson(_what_to_do(order, self._site, peer, did), platform=self._site.name)
        self._ask(text(self._site, "order_method"), url, peer, did)
        return order.foreign_id

    def standing(self, foreign_id: str) -> Standing:
        """As the address for it answers; unknown when there is none, or when the answer says both or neither."""
        url = self._urls["state_url"]
        if not url:
            return Standing(state=State.UNKNOWN, says="nothing tells how it stands; look in the portal")
        said = self._ask("GET", url, *self._named(foreign_id)).body.decode("utf-8", "replace")
        found = [(state, hit) for state, pattern in self._states.items() if (hit := pattern.search(said))]
        if len(found) != 1:
            which = "both states" if found else "neither state"
            return Standing(
                state=State.UNKNOWN, says=f"the answer holds {which}; correct state_suspended or state_active"
            )
        return Standing(state=found[0][0], state_word=found[0][1][0])

    def _named(self, foreign_id: str) -> tuple[str, str]:
        try:
            return peer_and_did(foreign_id)
        except BadInput:
            raise self._attention(
                f"{foreign_id!r} is no peer and no DID; describe the account with its peer (field domain)"
            ) from None

    def _ask(self, method: str, url: str, peer: str, did: str) -> Answer:
        for value, place in ((peer, "{peer}"), (did, "{did}")):
            if place in url and not value:
                raise self._attention(f"{url} needs {place}, and {peer or did} is all that is known; name both")
        parts = urlsplit(url)
        path = f"{parts.path}{'?' + parts.query if parts.query else ''}"
        path = path.replace("{peer}", quote(peer, safe="")).replace("{did}", quote(did, safe=""))
        http = Http(
            origin(url, setting="suspend_url", site=self._site),
            platform=self._site.name,
            verify=text(self._site, "verify"),
            patience=Patience.of(self._site),
            secrets=hidden(self._site),
        )
        header = text(self._site, "order_header")
        headers = {header: self._secret.reveal()} if header and self._secret else None
        try:
            # Twice is as good as once: a peer that is suspended is suspended.
            return http.request(method, path or "/", headers=headers, is_repeatable=True)
        finally:
            http.close()

    def _attention(self, what: str) -> NeedsAttention:
        return NeedsAttention(what, platform=self._site.name)


def _what_to_do(order: Order, site: Site, peer: str, did: str) -> str:
    whom = " ".join(filter(None, (f"peer {peer}" if peer else "", f"DID {did}" if did else "")))
    deed = "suspend" if order.verb is Verb.SUSPEND else "resume"
    return f"log in at {text(site, 'portal')} and {deed} {whom}; then say that it is done"


def _checked_url(site: Site, name: str) -> str:
    url = text(site, name)
    if url:
        origin(url, setting=name, site=site)
        unknown = set(_PLACEHOLDER.findall(url)) - {"peer", "did"}
        if unknown or not _PLACEHOLDER.search(url):
            raise BadInput(
                f"{site.name}: setting {name} is {url!r}; it needs {{peer}} or {{did}}, and nothing else in {{}}"
            )
    return url


def _checked_pattern(site: Site, name: str) -> re.Pattern[str]:
    try:
        return re.compile(text(site, name), re.IGNORECASE)
    except re.error as error:
        raise BadInput(f"{site.name}: setting {name} is no regular expression ({error}); correct it") from None
