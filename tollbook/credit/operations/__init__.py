"""Suspending and resuming, by a person or by credit control.

For whoever watches balances, both safe to repeat, both giving the orders that were made (none by default: a customer's
policy decides, `set_funds_policy`); the orders are carried out by `jobs.carry_out_orders` within a minute:

    funds_used_up(customer, now=now, why="the limit of 100 EUR is used up") -> list[SuspensionOrder]
    funds_are_back(customer, now=now, why="100 EUR were paid") -> list[SuspensionOrder]
"""

from tollbook.credit.operations.funds import funds_are_back, funds_used_up, set_funds_policy
from tollbook.credit.operations.hold import resume, suspend

__all__ = ["funds_are_back", "funds_used_up", "resume", "set_funds_policy", "suspend"]
