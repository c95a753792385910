"""What `tollbook up` and its processes say on standard error: one line for each thing, readable by machines."""

import logging
import os
import re
import sys

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from tollbook.errors import TollbookError

JSON_VARIABLE = "TOLLBOOK_LOG_JSON"  # set to 1, each line is a JSON object
FIRST_KEYS = ("timestamp", "level", "process", "event")
# What they say at each step is for who works on them.
QUIET = ("procrastinate", "httpx", "httpcore", "paramiko", "asyncio")
PASSWORD_IN_URL = re.compile(r"(://[^/\s:@]*):[^/\s@]*@")
SECRET_IN_ADDRESS = re.compile(r"(/push/+[^/\s]+/+)\S+")  # that records are sent to


def set_up_logs(process: str) -> None:
    """Have every log of this process written so. `process` is which one it is."""
    as_json = os.environ.get(JSON_VARIABLE) == "1"
    common: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _Named(process),
        _message_of_what_a_person_can_mend,
        structlog.processors.format_exc_info,
        _hide_passwords,
    ]
    renderer: Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if as_json
        else structlog.processors.LogfmtRenderer(key_order=FIRST_KEYS, drop_missing=True)
    )
    last = [structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer]
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=common, processors=last))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.INFO)
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    structlog.configure(
        processors=[*common, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


class _Named:
    def __init__(self, process: str) -> None:
        self._process = process

    def __call__(self, _logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        event["process"] = self._process
        return event


def _message_of_what_a_person_can_mend(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """The message instead of where in the code it arose: that helps nobody to mend it."""
    raised = event.get("exc_info")
    error = raised[1] if isinstance(raised, tuple) else raised
    if isinstance(error, TollbookError):
        del event["exc_info"]
        event["error"] = str(error)
    return event


def _hide_passwords(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    return {key: _hidden(value) if isinstance(value, str) else value for key, value in event.items()}


def _hidden(text: str) -> str:
    return SECRET_IN_ADDRESS.sub(r"\1•••", PASSWORD_IN_URL.sub(r"\1:•••@", text))
