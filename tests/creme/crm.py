"""A clone of the installation under test: its database, its server, and Django's connection to it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from acts import Person
from browser import Browser
from django.db import connection
from installation import Database, Engine, Home
from organisation import PASSWORD, ROOT

#: The file that serves.
SERVE = Path(__file__).parent / "serve.py"


@dataclass
class Crm:
    """Creme, running over a database of its own."""

    database: Database
    port: int
    root: Browser

    @contextmanager
    def browser(self, login: str) -> Iterator[Person | None]:
        """Somebody who tries to log in; nobody if Creme does not want this person."""
        browser = Browser(self.port)
        try:
            yield Person(login, browser, self.root) if browser.log_in(login, PASSWORD) else None
        finally:
            browser.close()


@contextmanager
def running(home: Home, engine: Engine, name: str, of: str) -> Iterator[Crm]:
    """Creme over a clone, which Django in this process is connected to as well."""
    connect_to(engine.database(of))
    connection.close()
    database = engine.clone(name, of)
    connect_to(database)
    server = subprocess.Popen(
        [sys.executable, str(SERVE)],
        env=home.environment(database.creme),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert server.stdin and server.stdout
    try:
        root = Browser(int(server.stdout.readline()))
        assert root.log_in(ROOT, ROOT), "Creme's own superuser cannot log in"
        yield Crm(database, root.connection.port, root)
        root.close()
    finally:
        server.stdin.close()
        server.wait()
        connection.close()


def connect_to(database: Database) -> None:
    """From now on Django's models are about this database."""
    connection.close()
    connection.settings_dict["NAME"] = database.place
