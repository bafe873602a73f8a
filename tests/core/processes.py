"""Run a command of ours as a process of its own on the test's database."""

from django.conf import settings
from django.db import connection


def database_url() -> str:
    """DATABASE_URL of the database that this test uses."""
    name = connection.settings_dict["NAME"]
    if connection.vendor == "sqlite":
        return f"sqlite:///{name}"
    database = settings.DATABASES["default"]
    password = f":{database['PASSWORD']}" if database["PASSWORD"] else ""
    place = f"{database['HOST']}:{database['PORT']}" if database["PORT"] else database["HOST"]
    return f"postgresql://{database['USER']}{password}@{place}/{name}"
