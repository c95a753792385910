"""How a change is told: the names and bodies that PortaBilling's receivers of events know."""

import json
from fnmatch import fnmatchcase

from tollbook.changes.models import Change, Subject, What

ENTITIES = {
    Subject.CUSTOMER: "Customer",
    Subject.ACCOUNT: "Subscriber",
    Subject.NUMBER: "DID",
    Subject.INVOICE: "Invoice",
}
DEEDS = {What.CREATED: "Created", What.UPDATED: "Updated", What.DELETED: "Deleted"}
EVENTS = tuple(
    f"{entity}/{deed}"
    for subject, entity in ENTITIES.items()
    for what, deed in DEEDS.items()
    if (subject, what) != (Subject.INVOICE, What.DELETED)  # an invoice is never deleted
)
MAX_PATTERN = 40


def event_type(change: Change) -> str:
    """As `Subscriber/Created`."""
    return f"{ENTITIES[Subject(change.subject)]}/{DEEDS[What(change.what)]}"


def body(change: Change, *, customer_id: int | None = None) -> str:
    """What is posted: ids alone; the receiver asks for the rest. `customer_id` is an invoice's."""
    variables: dict[str, int | str] = {"i_event": change.pk}
    match change.subject:
        case Subject.CUSTOMER:
            variables["i_customer"] = change.subject_id
        case Subject.ACCOUNT:
            variables["i_account"] = change.subject_id
        case Subject.NUMBER:
            variables["number"] = str(change.subject_id)
        case Subject.INVOICE:
            assert customer_id is not None
            variables |= {"i_customer": customer_id, "i_invoice": change.subject_id}
    return json.dumps({"event_type": event_type(change), "variables": variables})


def matches(name: str, patterns: list[str]) -> bool:
    """Whether one of the patterns has the event; no patterns have every one."""
    return not patterns or any(fnmatchcase(name, pattern) for pattern in patterns)


def is_of_any_event(pattern: str) -> bool:
    """Whether there is an event that the pattern has."""
    return len(pattern) <= MAX_PATTERN and any(fnmatchcase(name, pattern) for name in EVENTS)


def subjects_of(patterns: list[str]) -> set[Subject]:
    """The subjects of which events are wanted."""
    wanted = {name.partition("/")[0] for name in EVENTS if matches(name, patterns)}
    return {subject for subject, entity in ENTITIES.items() if entity in wanted}


def trial_body() -> str:
    """What is posted to see whether a receiver answers: an event of nobody."""
    return json.dumps({"event_type": "Customer/Updated", "variables": {"i_event": 0, "i_customer": 0}})
