"""The database as Django sees it."""

import os

import pytest
from django.db import connection


@pytest.mark.django_db
def test_tests_have_a_server_of_their_own() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('fsync'), current_setting('data_directory')")
        fsync, folder = cursor.fetchone()

    assert fsync == "off"
    assert folder == os.environ["TOLLBOOK_HOME"] + "/data"
