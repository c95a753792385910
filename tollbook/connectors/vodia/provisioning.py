"""Extensions made and changed at Vodia: the account, then its settings. `{}` proves nothing: all of it is read back."""

from collections.abc import Iterator, Mapping

from tollbook.connectors.errors import ForAPerson
from tollbook.connectors.vodia.client import Client, NotThere, Refused, domain_path
from tollbook.connectors.vodia.options import Options
from tollbook.connectors.vodia.people import People, settings_path, tenant_of, text
from tollbook.connectors.wanted import AccountThere, WantedAccount

EXTENSIONS = "extensions"


def account_there(people: People, options: Options, wanted: WantedAccount, foreign_id: str) -> AccountThere | None:
    """By extension and tenant, which is all that an account is known by there."""
    id = foreign_id or f"{wanted.extension}@{wanted.customer_id}"
    number, tenant = tenant_of(id)
    if not number:
        return None
    try:
        told = people.account_settings(tenant, number)
    except NotThere:
        return None
    return AccountThere(
        foreign_id=id, customer_id=tenant, differs=dict(_differences(options, wanted, number, told))
    )


def bring_account(
    client: Client, people: People, options: Options, wanted: WantedAccount, there: AccountThere | None
) -> None:
    """The settings are told whole, however little differs: each sets something to a value."""
    if wanted.is_ended or (there is not None and "extension" in there.differs):
        what = "deleted" if wanted.is_ended else f"moved to extension {wanted.extension or 'none'}"
        raise ForAPerson(
            f"{there.foreign_id if there else wanted.code} is to be {what}; do it on the PBX",
            platform=client.platform,
        )
    if not wanted.extension:
        raise ForAPerson(
            f"account {wanted.code} has no extension, and an account there is one; give it one, then try again",
            platform=client.platform,
        )
    if there is None:
        _make(client, people, options, wanted)
    number, tenant = tenant_of(there.foreign_id) if there else (wanted.extension, wanted.customer_id)
    told = people.account_settings(tenant, number)
    client.write(settings_path(tenant, number), dict(_settings(options, wanted, told)))


def _make(client: Client, people: People, options: Options, wanted: WantedAccount) -> None:
    body = {"type": EXTENSIONS, "account_ext": wanted.extension}
    try:
        client.write(domain_path(wanted.customer_id, "addacc"), body)
    except Refused:
        # A first try may have been answered into the void; then the second is refused.
        if account_there(people, options, wanted, "") is None:
            raise


def _differences(
    options: Options, wanted: WantedAccount, number: str, told: Mapping[str, object]
) -> Iterator[tuple[str, str]]:
    if wanted.is_ended:
        yield "state", "it is still there"
        return
    if wanted.extension != number:
        yield "extension", f"its extension is {number}"
    keys = {"name": options.account_name_key, "email": options.account_email_key}
    for fact, key in keys.items():
        value = getattr(wanted, fact)
        if value and text(told.get(key)) != value:
            yield fact, f"{key} is {text(told.get(key)) or 'empty'}"
    key = options.account_password_key
    if wanted.secret and key in told and text(told.get(key)) != wanted.secret.reveal():
        yield "secret", "it has another service password"
    has = set(map(_digits, _aliases(told)))
    missing = [one for one in wanted.numbers if one not in has]
    left = [one for one in wanted.taken_off if one in has]
    if missing or left:
        yield (
            "numbers",
            ", ".join([*(f"{one} is missing" for one in missing), *(f"{one} is left" for one in left)]),
        )


def _settings(options: Options, wanted: WantedAccount, told: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    if wanted.name:
        yield options.account_name_key, wanted.name
    if wanted.email:
        yield options.account_email_key, wanted.email
    if wanted.secret:
        yield options.account_password_key, wanted.secret.reveal()
    kept = [one for one in _aliases(told) if _digits(one) not in wanted.taken_off]
    has = set(map(_digits, kept))
    added = [f"{options.number_prefix}{one}" for one in wanted.numbers if one not in has]
    yield "alias", " ".join([*kept, *added])


def _aliases(told: Mapping[str, object]) -> list[str]:
    return text(told.get("alias")).replace(",", " ").split()


def _digits(alias: str) -> str:
    return "".join(filter(str.isdigit, alias))
