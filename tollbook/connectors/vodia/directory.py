"""Who stands behind the numbers in a tenant's calls, as tables: accounts, DIDs in every way they are written, names."""

from collections.abc import Iterator, Sequence

import polars as pl

from tollbook.connectors.vodia.options import Options
from tollbook.connectors.vodia.people import Account, Tenant
from tollbook.records import table

EXIT_CODES = ("00", "011")
LEAST_LOCAL_DIGITS = 5  # of a DID without its area code

ACCOUNTS = table(
    {
        "tenant": pl.Int64,  # its place in the list
        "number": pl.String,
        "is_extension": pl.Boolean,
        "did": pl.String,  # what a call to it is rated as
    }
)
DIDS = table({"tenant": pl.Int64, "digits": pl.String, "account": pl.String, "did": pl.String})
NAMES = table({"tenant": pl.Int64, "shown": pl.String, "account": pl.String})


def accounts_table(tenants: Sequence[Tenant], options: Options) -> pl.DataFrame:
    rows = {
        (place, one.number): (place, one.number, one.type == "extensions", _did_of(one, options))
        for place, tenant in enumerate(tenants)
        for one in tenant.accounts
    }
    return pl.DataFrame(list(rows.values()), schema=ACCOUNTS, orient="row")


def dids_table(tenants: Sequence[Tenant]) -> pl.DataFrame:
    """Each DID by the digits of every way to write it. What two DIDs could mean is nobody's."""
    rows = []
    for place, tenant in enumerate(tenants):
        owners = {did: one.number for one in tenant.accounts for did in one.dids}
        for did in [*owners, *tenant.stray_dids]:
            rows += [(place, digits, owners.get(did), did) for digits in set(_ways_to_write(did, tenant))]
    found = pl.DataFrame(rows, schema=DIDS, orient="row").unique()
    return found.filter(pl.len().over("tenant", "digits") == 1)


def names_table(tenants: Sequence[Tenant]) -> pl.DataFrame:
    """Accounts by first name and by the name that is shown, in small letters, where it is one account's alone."""
    rows = [
        (place, shown.lower(), one.number)
        for place, tenant in enumerate(tenants)
        for one in tenant.accounts
        for shown in {one.first_name, one.name}
        if shown
    ]
    found = pl.DataFrame(rows, schema=NAMES, orient="row").unique()
    return found.filter(pl.len().over("tenant", "shown") == 1)


def _did_of(account: Account, options: Options) -> str | None:
    if len(account.dids) == 1 or (account.dids and options.takes_first_did):
        return account.dids[0]
    return None


def _ways_to_write(did: str, tenant: Tenant) -> Iterator[str]:
    """Digits as they may stand in a call: with the country's code, after an exit code, as dialled in the country."""
    digits = "".join(filter(str.isdecimal, did))
    if not digits:
        return
    yield digits
    country, area = tenant.country_code, tenant.area_code
    is_whole = did.startswith("+") or (country and digits.startswith(country) and len(digits) > 10)
    national = digits
    if is_whole:
        yield from (exit_code + digits for exit_code in EXIT_CODES)
        if not country or not digits.startswith(country):
            return
        national = digits.removeprefix(country)
    elif country:
        national = digits.removeprefix("0")
        yield country + national
        yield from (exit_code + country + national for exit_code in EXIT_CODES)
    yield national
    yield f"0{national}"
    local = national.removeprefix(area)
    if area and local != national and len(local) >= LEAST_LOCAL_DIGITS:
        yield local
