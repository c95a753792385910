"""Records from before it was kept when they were billed: they get the moment their import was done."""

from importlib import import_module
from pathlib import Path

from django.conf import LazySettings
from django.db import connection

from tests.jobs.conftest import open_office
from tests.jobs.office import NOON
from tests.jobs.test_import_usage import MONDAY
from tollbook.usage.models import UsageRecord

MIGRATION = import_module("tollbook.usage.migrations.0007_billed_at")


def test_what_was_billed_before_gets_the_moment_its_import_was_done(
    db: None, tmp_path: Path, settings: LazySettings
) -> None:
    run = open_office(tmp_path, settings).import_(MONDAY)
    assert run.finished_at == NOON
    with connection.cursor() as cursor:
        cursor.execute(MIGRATION.BACKWARD)
        cursor.execute(MIGRATION.FORWARD)

    billed = dict(UsageRecord.objects.values_list("record_key", "billed_at"))
    keys = {key.split(":")[-1]: at for key, at in billed.items()}
    assert keys == {"1": NOON, "2": NOON, "3": NOON, "4": NOON, "5": None, "6": None, "7": None}
