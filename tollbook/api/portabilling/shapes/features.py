"""Service features: flags and attributes that clients keep with customers and accounts; nothing here acts on them."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import msgspec

from tollbook.api.portabilling.method import Info

INHERITED = "~"  # what the product, or the customer, says
MOST_FEATURES = 200  # of one customer or account
MOST_VALUES = 100  # of one attribute

FeatureName = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
Flag = Annotated[str, msgspec.Meta(max_length=16)]
Value = Annotated[str, msgspec.Meta(max_length=500)]


class AttributeGiven(Info):
    """A feature's attribute as it is sent."""

    name: FeatureName
    values: Annotated[list[Value | None], msgspec.Meta(max_length=MOST_VALUES)] = []


class FeatureGiven(Info):
    """A feature as it is sent."""

    name: FeatureName
    flag_value: Flag | msgspec.UnsetType = msgspec.UNSET
    attributes: Annotated[list[AttributeGiven], msgspec.Meta(max_length=MOST_VALUES)] = []


class AttributeShown(msgspec.Struct):
    """An attribute, as said here and as it holds."""

    name: str
    values: list[str | None]
    effective_values: list[str | None]


class FeatureShown(msgspec.Struct):
    """A feature, as said here and as it holds."""

    name: str
    flag_value: str
    effective_flag_value: str
    attributes: list[AttributeShown]


Stored = Mapping[str, Any]  # name -> {"flag": text, "attributes": {name: [values]}}


def merged(stored: Stored, features: Sequence[FeatureGiven]) -> dict[str, Any]:
    """What is stored, with what was sent put in place of it; attributes that were not sent stay."""
    result = dict(stored)
    for feature in features:
        there = _feature(stored.get(feature.name))
        flag = there["flag"] if feature.flag_value is msgspec.UNSET else feature.flag_value
        attributes = there["attributes"] | {one.name: one.values for one in feature.attributes}
        result[feature.name] = {"flag": flag, "attributes": attributes}
    return result


def shown(stored: Stored, *outer: Stored) -> list[FeatureShown]:
    """Every feature that is said here or in what it inherits from, nearest first, by name."""
    layers = (stored, *outer)
    return [_shown(name, layers) for name in sorted({name for layer in layers for name in layer})]


def _shown(name: str, layers: Sequence[Stored]) -> FeatureShown:
    said = [_feature(layer.get(name)) for layer in layers]
    flags = [one["flag"] for one in said if one["flag"] not in ("", INHERITED)]
    names = sorted({attribute for one in said for attribute in one["attributes"]})
    own = said[0]["attributes"]
    return FeatureShown(
        name,
        said[0]["flag"] or INHERITED,
        flags[0] if flags else "N",
        [AttributeShown(one, own.get(one, []), _nearest(one, said)) for one in names],
    )


def _nearest(attribute: str, said: Sequence[Mapping[str, Any]]) -> list[str | None]:
    return next((one["attributes"][attribute] for one in said if attribute in one["attributes"]), [])


def _feature(stored: Any) -> dict[str, Any]:
    """Products may say a flag alone, as a text or as yes and no."""
    match stored:
        case None:
            return {"flag": "", "attributes": {}}
        case bool():
            return {"flag": "Y" if stored else "N", "attributes": {}}
        case Mapping():
            return {"flag": str(stored.get("flag", "")), "attributes": dict(stored.get("attributes", {}))}
    return {"flag": str(stored), "attributes": {}}
