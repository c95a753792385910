"""How what was before a suspension is remembered: in the row itself, so that it outlives Tollbook. Pure.

* Who switched an extension or gateway off stands at the end of its description: `[off by Tollbook: tenant]`. One that a
  person had switched off before has no such mark, and a resume leaves it off.
* What `toll_allow` was stands in `toll_allow` behind the restricted value, in hexadecimal, so that no route's pattern
  (`international`) is found in it: `local,tollbook.tenant:6c6f63616c`. `00` stands for null.

A tenant's order and an extension's own are told apart: what both stopped goes on when both let go.
"""

import re
from dataclasses import dataclass, replace
from enum import StrEnum

_OFF = re.compile(r"\s*\[off by Tollbook: (tenant|own)\]")
_TOLL = re.compile(r"(?P<restricted>[^:]*),tollbook(?P<holders>(\.tenant|\.own)+):(?P<before>([0-9a-f]{2})*)")
_NULL = "00"  # no text of PostgreSQL holds a NUL


class Holder(StrEnum):
    """Whose order it was."""

    TENANT = "tenant"
    OWN = "own"


class Wish(StrEnum):
    """How it shall stand."""

    ON = "on"
    OFF = "off"
    NO_OUTBOUND = "no outbound"


@dataclass(frozen=True, slots=True)
class Device:
    """An extension or a gateway, as far as orders change it."""

    uuid: str
    is_on: bool
    description: str | None
    toll_allow: str | None = None  # of an extension

    @property
    def off_by(self) -> frozenset[Holder]:
        return frozenset(Holder(one) for one in _OFF.findall(self.description or ""))

    @property
    def restricted_by(self) -> frozenset[Holder]:
        held = _TOLL.fullmatch(self.toll_allow or "")
        return frozenset(map(Holder, held["holders"].split(".")[1:])) if held else frozenset()


def changed(device: Device, holder: Holder, wish: Wish, *, restricted: str = "") -> Device:
    """The device as `holder` wishes it. The same wish again changes nothing.

    `restricted`: the `toll_allow` of who may not call out.
    """
    match wish:
        case Wish.OFF:
            return _off(device, holder)
        case Wish.NO_OUTBOUND:
            return _restricted(_on(device, holder), holder, restricted)
        case Wish.ON:
            return _free(_on(device, holder), holder)


def let_go(device: Device) -> Device:
    """Off for good: nobody's order keeps it so, and so no resume switches it on."""
    return replace(device, is_on=False, description=_marked(device.description, frozenset()))


def _off(device: Device, holder: Holder) -> Device:
    if not device.is_on and not device.off_by:
        return device  # by a person, who will switch it on
    return replace(device, is_on=False, description=_marked(device.description, device.off_by | {holder}))


def _on(device: Device, holder: Holder) -> Device:
    """On again where only this holder kept it off; or where nobody did, and it is asked for by itself."""
    left = device.off_by - {holder}
    is_released = holder in device.off_by or (holder is Holder.OWN and not device.off_by)
    return replace(
        device,
        is_on=device.is_on or (is_released and not left),
        description=_marked(device.description, left) if device.off_by else device.description,
    )


def _marked(description: str | None, holders: frozenset[Holder]) -> str:
    """The description with these marks and no others."""
    marks = [f"[off by Tollbook: {holder}]" for holder in sorted(holders)]
    return " ".join(filter(None, (_OFF.sub("", description or ""), *marks)))


def _restricted(device: Device, holder: Holder, restricted: str) -> Device:
    held = _TOLL.fullmatch(device.toll_allow or "")
    before = held["before"] if held else _hex(device.toll_allow)
    return replace(device, toll_allow=_held(restricted, device.restricted_by | {holder}, before))


def _free(device: Device, holder: Holder) -> Device:
    held = _TOLL.fullmatch(device.toll_allow or "")
    if held is None:
        return device
    left = device.restricted_by - {holder}
    if left:
        return replace(device, toll_allow=_held(held["restricted"], left, held["before"]))
    before = None if held["before"] == _NULL else bytes.fromhex(held["before"]).decode()
    return replace(device, toll_allow=before)


def _held(restricted: str, holders: frozenset[Holder], before: str) -> str:
    return f"{restricted},tollbook{''.join(f'.{holder}' for holder in sorted(holders))}:{before}"


def _hex(toll_allow: str | None) -> str:
    return _NULL if toll_allow is None else toll_allow.encode().hex()
