"""Django's settings: the database, the jobs in it, and what `tollbook up` serves."""

import os
from pathlib import Path
from typing import Any

from tollbook.config.database_url import database_from_url
from tollbook.config.home import data_home

TOLLBOOK_HOME: Path = data_home()

INSTALLED_APPS = [
    "tollbook.connections",
    "tollbook.changes",
    "tollbook.catalog",
    "tollbook.customers",
    "tollbook.usage",
    "tollbook.alarms",
    "tollbook.access",
    "tollbook.ledger",
    "tollbook.billing",
    "tollbook.credit",
    "tollbook.provisioning",
    "procrastinate.contrib.django",
]

# Tasks are imported by who runs them, so that other commands do not wait for it.
PROCRASTINATE_AUTODISCOVER_MODULE_NAME = ""
PROCRASTINATE_IMPORT_PATHS = ["tollbook.up.tasks"]

ROOT_URLCONF = "tollbook.config.urls"

# Without DATABASE_URL the engine starts the embedded server at the first connection, and fills in HOST itself.
EMBEDDED = {"NAME": "tollbook", "USER": "postgres", "EMBEDDED_HOME": TOLLBOOK_HOME, "OPTIONS": {}}

_url = os.environ.get("DATABASE_URL", "")
_database: dict[str, Any] = database_from_url(_url) if _url else EMBEDDED
_database["OPTIONS"].setdefault("application_name", "tollbook")

# The web process keeps its connections: a switch that sends a record a call shall not wait for a new one each time.
DATABASES = {"default": {"ENGINE": "tollbook.config.postgres", "CONN_MAX_AGE": None, **_database}}

# A tenth of a second and 16 MB for each guess; what was right is not asked again for a minute (access/passwords.py).
PASSWORD_HASHERS = ["django.contrib.auth.hashers.ScryptPasswordHasher"]

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

USE_TZ = True
TIME_ZONE = "UTC"  # a customer's own zone is applied where times are shown
