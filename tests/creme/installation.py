"""A CremeCRM for the tests: a project, and a populated database on each engine, made once and cloned in a moment.

`Home` is a directory with the project and the databases; what is there already is used again. Nothing outside of it is
written, but for temporary directories.
"""

from __future__ import annotations

import importlib
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path

import postgres

#: The name of the project, and of its package of settings.
PROJECT = "nordwind"

#: Counts the ways in which this is made, so that what was kept from an older one is not taken for it.
LAYOUT = 1

#: The populated database of a server.
POPULATED = "creme"

#: What is appended to the settings that Creme writes for a new project.
SETTINGS = f"""

# The rest is of the tests.
import os  # NOQA
import warnings  # NOQA

warnings.simplefilter('ignore')
LOGGING['handlers']['console']['level'] = 'ERROR'
# It finds no locale of the system by which it could write sums of money.
LOGGING['loggers']['creme.creme_core.utils.currency_format'] = {{'handlers': ['file'], 'propagate': False}}

SECRET_KEY = 'known to everybody, since nobody works with this installation'
SITE_DOMAIN = 'http://127.0.0.1'
ALLOWED_HOSTS = ['127.0.0.1']
# No Redis, and no job manager: whoever imports gets as far as the job.
JOBMANAGER_BROKER = f'unix_socket://{{BASE_DIR}}/'
# How long a log-in takes is not what is asked.
PASSWORD_HASHERS = ['django.contrib.auth.hashers.MD5PasswordHasher']

_engine, _, _place = os.environ['CREME_DATABASE'].partition(':')
if _engine == 'sqlite':
    # What is written need not outlive the machine.
    DATABASES = {{'default': {{
        'ENGINE': 'django.db.backends.sqlite3',
        'NAME': _place,
        'OPTIONS': {{'init_command': 'PRAGMA synchronous = off'}},
    }}}}
else:
    _port, _, _name = _place.partition('/')
    DATABASES = {{'default': {{
        'ENGINE': 'django.db.backends.postgresql',
        'NAME': _name, 'USER': '{postgres.OWNER}', 'HOST': '127.0.0.1', 'PORT': _port,
    }}}}
"""

#: Stands in for what `creme generatemedia` packs, which takes longer than all tests: nobody looks at the pages.
MEDIA = '''"""Which file each style, script and image was packed into: none."""


class Unpacked(dict):
    """Names each file after itself."""

    def __missing__(self, name):
        return name


NAMES = Unpacked()
'''

#: Makes the tables and what a new Creme begins with. One process for both, since each start takes seconds.
FILL = """
import django
from django.core.management import call_command
django.setup()
call_command("migrate", verbosity=0)
call_command("creme_populate", verbosity=0)
"""


@dataclass(frozen=True)
class Home:
    """Where the project and the populated databases are."""

    directory: Path

    @property
    def project(self) -> Path:
        """The project that Creme made."""
        return self.directory / f"project-{LAYOUT}"

    @property
    def sqlite(self) -> Path:
        """The populated SQLite database."""
        return self.directory / f"creme-{LAYOUT}.sqlite"

    @property
    def postgres(self) -> Path:
        """The data directory with the populated database, for this version of PostgreSQL."""
        return self.directory / f"postgres-{postgres.version()}-{LAYOUT}"

    def environment(self, database: str) -> dict[str, str]:
        """The environment in which Python finds Creme, the project and a database."""
        return {
            **os.environ,
            "CREME_DATABASE": database,
            "DJANGO_SETTINGS_MODULE": f"{PROJECT}.settings",
            "PYTHONPATH": str(self.project),
        }

    def enter(self, database: Database) -> None:
        """Sets Django up in this process, over a database."""
        os.environ.update(self.environment(database.creme))
        sys.path.insert(0, str(self.project))
        importlib.import_module("django").setup()

    def fill(self) -> None:
        """Makes what is not there yet, on both engines at a time."""
        self.directory.mkdir(parents=True, exist_ok=True)
        if not self.project.exists():
            start_project(self)
        missing = []
        if not self.sqlite.exists():
            missing.append(threading.Thread(target=fill_sqlite, args=(self,)))
        if not self.postgres.exists():
            missing.append(threading.Thread(target=fill_postgres, args=(self,)))
        for thread in missing:
            thread.start()
        for thread in missing:
            thread.join()
        if not (self.sqlite.exists() and self.postgres.exists()):
            raise SystemExit("Creme could not make its databases")


def start_project(home: Home) -> None:
    """Has Creme make a project, and adds the settings of the tests."""
    with tempfile.TemporaryDirectory(dir=home.directory) as made:
        creme = Path(sys.executable).parent / "creme"
        command = [str(creme), "creme_start_project", PROJECT]
        ran = subprocess.run(command, cwd=made, capture_output=True, text=True)
        if ran.returncode != 0:
            raise SystemExit(ran.stderr)
        package = Path(made) / PROJECT / PROJECT
        with (package / "settings.py").open("a") as settings:
            settings.write(SETTINGS)
        (package / "_generated_media_names.py").write_text(MEDIA)
        (Path(made) / PROJECT).rename(home.project)


def fill_sqlite(home: Home) -> None:
    """Makes the populated SQLite database, which gets its name when it is whole."""
    unfinished = home.sqlite.with_name(f"{home.sqlite.name}.unfinished")
    unfinished.unlink(missing_ok=True)
    fill(home, f"sqlite:{unfinished}")
    unfinished.rename(home.sqlite)


def fill_postgres(home: Home) -> None:
    """Makes the populated database of a server, and keeps its data directory."""
    with postgres.Server() as server:
        server.run(f"CREATE DATABASE {POPULATED}")
        fill(home, f"postgres:{server.port}/{POPULATED}")
        server.keep(home.postgres)


def fill(home: Home, database: str) -> None:
    """Makes Creme's tables and first rows."""
    command = [sys.executable, "-c", FILL]
    subprocess.run(command, env=home.environment(database), check=True, stdout=subprocess.DEVNULL)


class Engine:
    """An engine with the populated database, of which it makes clones. Leaving it removes them all."""

    #: The name of the engine, for people.
    name: str

    def clone(self, name: str, of: str = POPULATED) -> Database:
        """A database like another one that nobody is connected to."""
        raise NotImplementedError

    def database(self, name: str) -> Database:
        """A database by its name."""
        raise NotImplementedError

    def close(self) -> None:
        """Removes everything."""
        raise NotImplementedError


@dataclass(frozen=True)
class Database:
    """A database of Creme."""

    #: Its name among those of the engine.
    name: str
    #: How the settings of the project name it.
    creme: str
    #: What `NAME` of the settings is for it.
    place: str
    #: How Rightful names it.
    rightful: str


class Sqlite(Engine):
    """Files in a directory."""

    name = "sqlite"

    def __init__(self, home: Home) -> None:
        self.directory = Path(tempfile.mkdtemp(prefix="creme-sqlite-"))
        shutil.copyfile(home.sqlite, self.directory / POPULATED)

    def clone(self, name: str, of: str = POPULATED) -> Database:
        shutil.copyfile(self.directory / of, self.directory / name)
        return self.database(name)

    def database(self, name: str) -> Database:
        place = str(self.directory / name)
        return Database(name, f"sqlite:{place}", place, f"creme+sqlite:{place}")

    def close(self) -> None:
        shutil.rmtree(self.directory)


class Postgres(Engine):
    """Databases of a server."""

    name = "postgres"

    def __init__(self, home: Home) -> None:
        self.server = postgres.Server(home.postgres)

    def clone(self, name: str, of: str = POPULATED) -> Database:
        self.server.run(f"CREATE DATABASE {name} TEMPLATE {of}")
        return self.database(name)

    def database(self, name: str) -> Database:
        port = self.server.port
        address = f"creme+postgres://{postgres.OWNER}@127.0.0.1:{port}/{name}"
        return Database(name, f"postgres:{port}/{name}", name, address)

    def close(self) -> None:
        self.server.stop("remove")


#: The engines on which everything is tried.
ENGINES: dict[str, type[Sqlite] | type[Postgres]] = {Sqlite.name: Sqlite, Postgres.name: Postgres}
