"""account_info: what is taken of it, and how an account of ours looks in it."""

from typing import Annotated

import msgspec
from msgspec import UNSET, UnsetType

from tollbook.api.portabilling.fields import YN, Amount, Bit, Day, DayText, Id, Money, Time, TimeText, YesNo
from tollbook.api.portabilling.method import Info
from tollbook.api.portabilling.shapes.contact import ContactGiven, ContactShown
from tollbook.api.portabilling.shapes.features import FeatureGiven, FeatureShown
from tollbook.catalog.models import Role

# The platform's numbers of what an account is used as.
ROLES = {
    Role.UNIVERSAL: 1,
    Role.PHONE_LINE: 2,
    Role.AUTO_ATTENDANT: 3,
    Role.PREPAID_CARD: 4,
    Role.PINLESS: 5,
    Role.IP_ADDRESS: 6,
    Role.USER_DOMAIN: 7,
    Role.MOBILE: 8,
}
CREDIT, ALIAS = 1, 2  # billing models: an account on its customer's balance, and a number that leads to one
SUBORDINATE = 3  # balance control: the customer's balance counts
ALIASES_FROM = 1_000_000_000_000  # i_account of an alias: this and the id of the number, so it is no account's

Code = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
Short = Annotated[str, msgspec.Meta(max_length=64)]
Secret = Annotated[str, msgspec.Meta(max_length=64)]


class AddonGiven(Info, kw_only=True):
    """An add-on that the account shall have."""

    i_product: Id
    addon_effective_from: Time | UnsetType | None = UNSET
    addon_effective_to: Time | UnsetType | None = UNSET


class AccountKept(ContactGiven, kw_only=True):
    """What is kept as it was sent, and shown again; nothing here depends on it."""

    batch_name: Short | UnsetType | None = UNSET
    control_number: int | UnsetType | None = UNSET
    i_subscriber: Id | UnsetType | None = UNSET
    i_role: Id | UnsetType | None = UNSET
    i_acl: Id | UnsetType | None = UNSET
    realm: Short | UnsetType | None = UNSET
    ecommerce_enabled: YesNo | UnsetType = UNSET
    i_lang: Annotated[str, msgspec.Meta(max_length=8)] | UnsetType = UNSET
    subscriber_email: Annotated[str, msgspec.Meta(max_length=254)] | UnsetType = UNSET
    in_date_format: Short | UnsetType = UNSET
    out_date_format: Short | UnsetType = UNSET
    out_time_format: Short | UnsetType = UNSET
    out_date_time_format: Short | UnsetType = UNSET


class AccountGiven(AccountKept, kw_only=True):
    """account_info as it is sent."""

    i_account: Id | UnsetType = UNSET
    i_customer: Id | UnsetType = UNSET
    id: Code | UnsetType = UNSET
    billing_model: int | UnsetType = UNSET
    i_product: Id | UnsetType = UNSET
    bill_status: Annotated[str, msgspec.Meta(pattern="^[OIC]$")] | UnsetType = UNSET
    blocked: YesNo | UnsetType = UNSET
    i_account_role: Annotated[int, msgspec.Meta(ge=1, le=9)] | UnsetType = UNSET
    assigned_addons: Annotated[list[AddonGiven], msgspec.Meta(max_length=100)] | UnsetType = UNSET
    login: Short | UnsetType = UNSET
    password: Secret | UnsetType = UNSET
    h323_password: Secret | UnsetType = UNSET
    opening_balance: Amount | UnsetType = UNSET
    credit_limit: Amount | UnsetType | None = UNSET
    activation_date: Day | UnsetType | None = UNSET
    expiration_date: Day | UnsetType | None = UNSET
    i_time_zone: Id | UnsetType = UNSET
    time_zone_name: Short | UnsetType = UNSET
    service_features: Annotated[list[FeatureGiven], msgspec.Meta(max_length=200)] | UnsetType = UNSET


class AccountToAdd(AccountGiven, kw_only=True):
    """The same with what a new account must have; of whom it is goes without saying in the customer's realm."""

    id: Code
    billing_model: int
    i_product: Id


class AddonShown(msgspec.Struct, kw_only=True):
    """An add-on that the account has."""

    i_product: int
    name: str
    end_user_name: str
    addon_effective_from: TimeText | None
    addon_effective_to: TimeText | None
    addon_priority: int
    i_subscription: int | None


class AliasShown(msgspec.Struct, kw_only=True):
    """A number that leads to an account."""

    i_account: int
    id: str
    i_master_account: int
    i_customer: int
    billing_model: int = ALIAS
    bill_status: str = "O"
    blocked: YN = "N"


class DidShown(msgspec.Struct):
    """A number that leads to the account, alone."""

    did_number: str


class AccountInfo(ContactShown, kw_only=True):
    """account_info as it is shown; what Tollbook has no say about has the platform's neutral value."""

    i_account: int
    id: str
    realm: str | None = None
    i_customer: int
    customer_name: str
    i_subscriber: int | None = None
    login: str | None = None
    h323_password: str | UnsetType = UNSET
    i_account_role: int
    i_role: int | None = None
    i_acl: int | None = None
    batch_name: str | None = None
    control_number: int | None = None
    billing_model: int = CREDIT
    i_product: int
    product_name: str
    product_visible_name: str
    assigned_addons: list[AddonShown]
    included_services: list[int] | UnsetType = UNSET
    bill_status: str
    blocked: YN
    status: str | UnsetType = UNSET
    is_active: Bit
    customer_blocked: YN
    customer_bill_status: str
    customer_bill_suspended: Bit
    cust_bill_suspension_delayed: Bit = 0
    activation_date: DayText | None = None
    expiration_date: DayText | None = None
    life_time: int | None = None
    issue_date: DayText | None = None
    first_usage: DayText | None = None
    first_usage_time: TimeText | None = None
    last_usage: TimeText | UnsetType | None = UNSET
    idle_days: int | UnsetType | None = UNSET
    inactivity_expire_time: TimeText | None = None
    balance: Money
    opening_balance: int = 0
    credit_limit: Money | None = None
    iso_4217: str
    i_account_balance_control_type: int = SUBORDINATE
    ecommerce_enabled: str = "N"
    subscriber_email: str = ""
    extension_id: str | None = None
    extension_name: str | None = None
    did_number: str | None = None
    alias_list: list[AliasShown] | UnsetType = UNSET
    alias_did_number_list: list[DidShown] | UnsetType = UNSET
    sip_status: Bit = 0
    service_features: list[FeatureShown] | UnsetType = UNSET
    service_flags: str = ""
    i_time_zone: int
    time_zone_name: str
    i_lang: str
    iso_639_1: str
    in_date_format: str = "YYYY-MM-DD"
    out_date_format: str = "YYYY-MM-DD"
    out_time_format: str = "HH24:MI:SS"
    out_date_time_format: str = "YYYY-MM-DD HH24:MI:SS"


KEPT = frozenset(AccountKept.__struct_fields__) - {"email"}
