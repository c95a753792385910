"""What REST answers have of tenants, accounts and trunks. Booleans are the texts "true" and "false"."""

from simulators.vodia.people import Account, Tenant, Trunk


def tenant(tenant: Tenant) -> dict[str, object]:
    return {
        "name": tenant.name,
        "display": tenant.display,
        "dns": tenant.name,
        "alias": [f"pbx.{tenant.name}"],
        "country_code": tenant.country_code,
        "area_code": tenant.area_code,
    }


def tenant_settings(tenant: Tenant) -> dict[str, str]:
    return {
        "name": tenant.name,
        "display": tenant.display,
        "country_code": tenant.country_code,
        "area_code": tenant.area_code,
        "tz": tenant.timezone,
        "default_dialplan": "Standard",
        "bill_plan": "",
        "cdr_keep": "7d",
        "cdr_trunks": "true",
        "max_calls": "",
        **tenant.settings,
    }


def user(account: Account) -> dict[str, str]:
    """A line of the list of accounts."""
    return {
        "account": account.number,
        "usertype": account.kind,
        "first_name": account.first_name,
        "name": account.last_name,
        "alias": " ".join(account.dids),
        "disabled": _flag(account.is_disabled),
    }


def user_settings(account: Account) -> dict[str, str]:
    return {
        "account": account.number,
        "first_name": account.first_name,
        "name": account.last_name,
        "display_name": account.display,
        "alias": " ".join(account.dids),
        "ani": account.dids[0] if account.dids else "",
        "disabled": "false",
        "dial_plan": "",
        "credit": "",
        "email_cdr": "",
        **account.settings,
    }


def dids(tenant: Tenant) -> list[dict[str, str]]:
    return [
        {"did": did, "domain": tenant.name, "account": account.number, "type": account.kind}
        for account in tenant.accounts
        for did in account.dids
    ]


def trunk(trunk: Trunk) -> dict[str, object]:
    return {
        "id": trunk.id,
        "name": trunk.name,
        "type": "register",
        "disabled": _flag(trunk.is_disabled),
        "account": trunk.account,
        "proxy": trunk.proxy,
        "registrar": trunk.proxy,
        "direction": "",
        "ani": "",
        "global": "false",
        "status1": "" if trunk.is_disabled else "200 OK",
        "status2": "",
        "status3": "",
    }


def _flag(is_so: bool) -> str:
    return "true" if is_so else "false"
