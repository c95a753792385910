"""Service Account: what makes usage, its numbers, and what is kept with it."""

from tollbook.api.portabilling.services.account import (
    aliases,
    features,
    follow_me,
    hunting,
    keeping,
    listing,
    passwords,
    phone_book,
    subscriptions,
    voicemail,
)

__all__ = [
    "aliases",
    "features",
    "follow_me",
    "hunting",
    "keeping",
    "listing",
    "passwords",
    "phone_book",
    "subscriptions",
    "voicemail",
]
