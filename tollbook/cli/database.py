"""How a command gets at the database: Django set up, the server running, every migration applied."""

import os

SETTINGS = "tollbook.config.settings"
LOCK = "tollbook migrate"  # two commands on a new machine must not both make the tables


def set_up_django() -> None:
    """Make models importable. Opens no connection and starts no server. Safe to repeat."""
    import django  # noqa: PLC0415  commands without a database do not wait for it

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", SETTINGS)
    django.setup()


def open_database() -> None:
    """Connect, which starts the embedded server when it is used, and bring the tables up to date.

    The check costs some milliseconds when there is nothing to do.
    """
    set_up_django()
    from django.core.management import call_command  # noqa: PLC0415  needs Django set up
    from django.db import connection  # noqa: PLC0415

    if not _has_missing_migrations():
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(hashtext(%s))", [LOCK])
        try:
            if _has_missing_migrations():
                call_command("migrate", interactive=False, verbosity=0)
        finally:
            cursor.execute("SELECT pg_advisory_unlock(hashtext(%s))", [LOCK])


def _has_missing_migrations() -> bool:
    from django.db import connection  # noqa: PLC0415
    from django.db.migrations.executor import MigrationExecutor  # noqa: PLC0415

    executor = MigrationExecutor(connection)
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))
