"""customer_info: what is taken of it, and how a customer of ours looks in it."""

from typing import Annotated, Any

import msgspec
from msgspec import UNSET, UnsetType

from tollbook.api.portabilling.fields import YN, Amount, Bit, Id, Money, TimeText, YesNo
from tollbook.api.portabilling.shapes.contact import ContactGiven, ContactShown
from tollbook.api.portabilling.shapes.features import FeatureGiven, FeatureShown

Code = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
Currency = Annotated[str, msgspec.Meta(pattern="^[A-Z]{3}$")]
Short = Annotated[str, msgspec.Meta(max_length=64)]


class CustomerKept(ContactGiven, kw_only=True):
    """What is kept as it was sent, and shown again; nothing here depends on it."""

    refnum: Short | UnsetType | None = UNSET
    i_distributor: Id | UnsetType | None = UNSET
    i_rep: Id | UnsetType | None = UNSET
    i_customer_class: Id | UnsetType | None = UNSET
    i_role: Id | UnsetType | None = UNSET
    i_acl: Id | UnsetType | None = UNSET
    i_office_type: Id | UnsetType = UNSET
    i_main_office: Id | UnsetType | None = UNSET
    i_vd_plan: Id | UnsetType | None = UNSET
    balance_transfer_allowed: YesNo | UnsetType = UNSET
    i_template: Id | UnsetType | None = UNSET
    ot_i_template: Id | UnsetType | None = UNSET
    send_invoices: Short | UnsetType | None = UNSET
    send_statistics: Short | UnsetType | None = UNSET
    i_billing_processor: Id | UnsetType | None = UNSET
    i_ui_time_zone: Id | UnsetType | None = UNSET
    in_date_format: Short | UnsetType = UNSET
    out_date_format: Short | UnsetType = UNSET
    out_time_format: Short | UnsetType = UNSET
    out_date_time_format: Short | UnsetType = UNSET
    callshop_enabled: YesNo | UnsetType = UNSET
    i_traffic_profile: Id | UnsetType | None = UNSET
    max_abbreviated_length: int | UnsetType | None = UNSET


class CustomerGiven(CustomerKept, kw_only=True):
    """customer_info as it is sent."""

    i_customer: Id | UnsetType = UNSET
    name: Code | UnsetType = UNSET
    login: Short | UnsetType = UNSET
    password: Short | UnsetType = UNSET
    i_customer_type: Id | UnsetType = UNSET
    i_parent: Id | UnsetType | None = UNSET
    tax_id: Annotated[str, msgspec.Meta(max_length=40)] | UnsetType = UNSET
    iso_4217: Currency | UnsetType = UNSET
    i_balance_control_type: Id | UnsetType = UNSET
    opening_balance: Amount | UnsetType = UNSET
    credit_limit: Amount | UnsetType | None = UNSET
    perm_credit_limit: Amount | UnsetType | None = UNSET
    suspend_on_insuff_funds: YesNo | UnsetType = UNSET
    i_billing_period: Id | UnsetType = UNSET
    blocked: YesNo | UnsetType = UNSET
    i_time_zone: Id | UnsetType = UNSET
    time_zone_name: Short | UnsetType = UNSET
    i_lang: Annotated[str, msgspec.Meta(max_length=8)] | UnsetType = UNSET
    service_features: Annotated[list[FeatureGiven], msgspec.Meta(max_length=200)] | UnsetType = UNSET


class CustomerToAdd(CustomerGiven, kw_only=True):
    """The same with what a new customer must have."""

    name: Code
    iso_4217: Currency


class CustomerInfo(ContactShown, kw_only=True):
    """customer_info as it is shown; what Tollbook has no say about has the platform's neutral value."""

    i_customer: int
    name: str
    login: str | None = None
    refnum: str | None = None
    i_customer_type: int = 1
    i_parent: int | None = None
    i_distributor: int | None = None
    i_rep: int | None = None
    i_customer_class: int | None = None
    i_role: int | None = None
    i_acl: int | None = None
    creation_date: TimeText | None = None
    is_used: Bit = 0
    has_custom_fields: Bit = 0
    tax_id: str = ""
    i_office_type: int = 1
    i_main_office: int | None = None
    iso_4217: str
    i_balance_control_type: int
    balance: Money
    opening_balance: int = 0
    credit_limit: Money | None
    perm_credit_limit: Money | None
    credit_limit_until: TimeText | None = None
    credit_exceed: Bit
    unallocated_payments: int = 0
    credit_limit_warning: list[Any] = []
    discount_rate: int = 0
    i_vd_plan: int | None = None
    suspend_on_insuff_funds: YN = "N"
    balance_transfer_allowed: str = "N"
    i_billing_period: int = 4
    billed_to: TimeText | None = None
    next_billed_to: TimeText | None = None
    invoice_generation_enabled: Bit = 1
    onetime_invoice_generation_enabled: Bit = 0
    generate_invoice_earlier: YN = "N"
    i_template: int | None = None
    ot_i_template: int | None = None
    send_invoices: str | None = None
    send_statistics: str | None = None
    bp_charge_cc: YN = "N"
    inclusive_taxation: YN = "N"
    i_billing_processor: int | None = None
    estimate_taxes: YN = "N"
    billing_lock: str = "N"
    bill_status: str
    blocked: YN
    status: str | UnsetType = UNSET
    bill_suspension_delayed: Bit = 0
    suspension_delay_date: TimeText | None = None
    deactivate_on: TimeText | None = None
    terminate_on: TimeText | None = None
    restore_on: TimeText | None = None
    purge_after_months: int | None = None
    scheduled_status_change_list: list[Any] = []
    i_tariff: int | None = None
    i_tariff_incoming: int | None = None
    override_tariffs_enabled: YN = "N"
    i_time_zone: int
    i_ui_time_zone: int | None = None
    time_zone_name: str | UnsetType = UNSET
    i_lang: str
    in_date_format: str = "YYYY-MM-DD"
    out_date_format: str = "YYYY-MM-DD"
    out_time_format: str = "HH24:MI:SS"
    out_date_time_format: str = "YYYY-MM-DD HH24:MI:SS"
    service_features: list[FeatureShown] | UnsetType = UNSET
    callshop_enabled: str = "N"
    i_traffic_profile: int | None = None
    max_abbreviated_length: int | None = None


# The rest of the address are columns of ours.
COLUMNS = frozenset({"companyname", "baddr1", "city", "zip", "country", "email"})
KEPT = frozenset(CustomerKept.__struct_fields__) - COLUMNS
