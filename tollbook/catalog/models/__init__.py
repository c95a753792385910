"""What is sold and what it costs: products, their fees and allowances, tariffs, their versions and rates."""

from tollbook.catalog.models.plans import (
    Allowance,
    AllowancePeriod,
    ChargeModel,
    ConnectFee,
    DestinationGroup,
    FeePeriod,
    Start,
    SubscriptionPlan,
    WaiveReason,
)
from tollbook.catalog.models.products import OnNet, Product, ProductSpecial, ProductTariff, Role
from tollbook.catalog.models.tariffs import (
    KIND_CHOICES,
    Markup,
    PricesOf,
    Rate,
    Tariff,
    TariffVersion,
)
from tollbook.catalog.models.tiers import TierMode, TierScheme, TierStep

__all__ = [
    "KIND_CHOICES",
    "Allowance",
    "AllowancePeriod",
    "ChargeModel",
    "ConnectFee",
    "DestinationGroup",
    "FeePeriod",
    "Markup",
    "OnNet",
    "PricesOf",
    "Product",
    "ProductSpecial",
    "ProductTariff",
    "Rate",
    "Role",
    "Start",
    "SubscriptionPlan",
    "Tariff",
    "TariffVersion",
    "TierMode",
    "TierScheme",
    "TierStep",
    "WaiveReason",
]
