"""All rows of a month, by the moment at which they were imported."""

import random
from collections import defaultdict
from dataclasses import dataclass
from uuid import UUID

from simulators.fusionpbx.awkward import awkward
from simulators.fusionpbx.calls import Caller, ordinary
from simulators.fusionpbx.cdr import Row, row
from simulators.fusionpbx.tenants import Switchboard, make_switchboard


@dataclass(frozen=True, slots=True)
class Month:
    switchboard: Switchboard
    rows: list[Row]
    awkward: dict[str, list[UUID]]  # kind, as `awkward` names it → xml_cdr_uuid


def make_month(seed: int, month: str) -> Month:
    """The month, as "2017-06"."""
    switchboard = make_switchboard(seed)
    caller = Caller(switchboard, random.Random(f"fusionpbx {seed} {month}"))
    named = list(awkward(caller, month))
    calls = [*(call for _, call in named), *ordinary(caller, month)]
    kinds: defaultdict[str, list[UUID]] = defaultdict(list)
    for kind, call in named:
        kinds[kind].append(call.uuid)
    rows = sorted(map(row, calls), key=lambda each: (each["insert_date"], each["xml_cdr_uuid"].int))
    return Month(switchboard, rows, dict(kinds))
