"""The rows of the control tables, from who is on the switch."""

import uuid
from collections.abc import Iterator

from simulators.fusionpbx.cdr import Row
from simulators.fusionpbx.tenants import Extension, Gateway, Switchboard, Tenant

EVENT_SOCKET_PASSWORD = "ClueCon"
PROFILE = "external"
RETENTION_DAYS = "730"


def control_rows(switchboard: Switchboard) -> Iterator[tuple[str, list[Row]]]:
    """Each table with its rows."""
    tenants = switchboard.tenants
    yield "v_domains", [_domain(tenant) for tenant in tenants]
    yield "v_extensions", [_extension(tenant, each) for tenant in tenants for each in tenant.extensions]
    yield "v_extension_users", [_user(tenant, each) for tenant in tenants for each in tenant.extensions]
    yield "v_gateways", [_gateway(gateway) for gateway in switchboard.gateways]
    yield "v_destinations", [row for tenant in tenants for row in _destinations(tenant)]
    yield "v_default_settings", _default_settings()
    yield "v_domain_settings", [_zone(tenant) for tenant in tenants]


def _domain(tenant: Tenant) -> Row:
    return {
        "domain_uuid": tenant.uuid,
        "domain_name": tenant.name,
        "domain_enabled": tenant.is_enabled,
        "domain_description": tenant.short_name.title(),
    }


def _extension(tenant: Tenant, extension: Extension) -> Row:
    return {
        "extension_uuid": extension.uuid,
        "domain_uuid": tenant.uuid,
        "extension": extension.extension,
        "number_alias": extension.number_alias or None,
        "password": f"pretended-{extension.extension}",
        "accountcode": extension.accountcode,
        "effective_caller_id_name": extension.name,
        "effective_caller_id_number": extension.extension,
        "outbound_caller_id_name": tenant.short_name.title() if extension.outbound_number else "",
        "outbound_caller_id_number": extension.outbound_number,
        "emergency_caller_id_number": tenant.dids[0].e164,
        "user_context": extension.user_context,
        "toll_allow": extension.toll_allow,
        "limit_max": 5,
        "limit_destination": "!USER_BUSY",
        "forward_all_enabled": bool(extension.forwarded_to),
        "forward_all_destination": extension.forwarded_to or None,
        "forward_busy_enabled": False,
        "forward_no_answer_enabled": False,
        "do_not_disturb": False,
        "enabled": extension.is_enabled,
        "description": "",
    }


def _user(tenant: Tenant, extension: Extension) -> Row:
    return {
        "extension_user_uuid": uuid.uuid5(extension.uuid, "extension user"),
        "domain_uuid": tenant.uuid,
        "extension_uuid": extension.uuid,
        "user_uuid": uuid.uuid5(extension.uuid, "user"),
    }


def _gateway(gateway: Gateway) -> Row:
    return {
        "gateway_uuid": gateway.uuid,
        "domain_uuid": gateway.domain_uuid,
        "gateway": gateway.name,
        "username": gateway.name,
        "proxy": "sip.carrier.example",
        "register": "true",
        "context": "public",
        "profile": PROFILE,
        "channels": 0,
        "enabled": gateway.is_enabled,
    }


def _destinations(tenant: Tenant) -> Iterator[Row]:
    for did in tenant.dids:
        yield {
            "destination_uuid": did.uuid,
            "domain_uuid": tenant.uuid,
            "destination_type": "inbound",
            "destination_number": did.number,
            "destination_prefix": did.prefix or None,
            "destination_area_code": did.area_code or None,
            "destination_context": "public",
            "destination_enabled": tenant.is_enabled,
            "destination_description": f"{tenant.short_name} {did.e164}",
        }


def _default_settings() -> list[Row]:
    settings = [
        ("switch", "event_socket", "password", EVENT_SOCKET_PASSWORD),
        ("cdr", "database_retention_days", "numeric", RETENTION_DAYS),
        ("cdr", "limit", "numeric", "800"),
        ("cdr", "http_enabled", "boolean", "false"),
    ]
    return [
        {
            "default_setting_uuid": uuid.uuid5(uuid.NAMESPACE_DNS, f"{category} {subcategory}"),
            "default_setting_category": category,
            "default_setting_subcategory": subcategory,
            "default_setting_name": name,
            "default_setting_value": value,
            "default_setting_enabled": True,
        }
        for category, subcategory, name, value in settings
    ]


def _zone(tenant: Tenant) -> Row:
    return {
        "domain_setting_uuid": uuid.uuid5(tenant.uuid, "time zone"),
        "domain_uuid": tenant.uuid,
        "domain_setting_category": "domain",
        "domain_setting_subcategory": "time_zone",
        "domain_setting_name": "name",
        "domain_setting_value": "America/Toronto",
        "domain_setting_enabled": True,
    }
