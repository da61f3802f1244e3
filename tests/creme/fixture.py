"""Writes `tests/fixtures/creme/{sqlite,postgres}.sql`: the tables of Creme that Rightful touches, as its own migrations
make them on each engine, and a few rows that are the same on both.

Takes the home of an installation, see `installation.py`. Only the columns, constraints and unique indexes of `TABLES`
are kept; a foreign key to another table is left out. Rows come from the SQLite database, with what differs from run to
run (times, uuids, order of lists) replaced, so that a second run writes the same bytes.

    python tests/creme/fixture.py HOME
"""

from __future__ import annotations

import re
import sqlite3
import subprocess
import sys
import uuid
from pathlib import Path
from typing import Any

import postgres
from installation import POPULATED, Home, Postgres, Sqlite

#: The columns and rows of tables.
Rows = dict[str, tuple[list[str], list[list[Any]]]]

#: Where the files are.
FOLDER = Path(__file__).parent.parent / "fixtures" / "creme"

#: In an order in which no row refers to a later table.
TABLES = (
    "django_migrations",
    "django_content_type",
    "creme_core_userrole",
    "creme_core_userrole_creatable_ctypes",
    "creme_core_userrole_exportable_ctypes",
    "creme_core_userrole_listable_ctypes",
    "creme_core_cremeuser",
    "creme_core_cremeuser_roles",
    "creme_core_cremeuser_teammates_set",
    "creme_core_entityfilter",
    "creme_core_entityfiltercondition",
    "creme_core_setcredentials",
    "creme_core_sandbox",
    "creme_core_cremeentity",
    "persons_contact",
    "activities_calendar",
    # These refer to roles: Creme's own settings, each perhaps for one role alone.
    "activities_calendarconfigitem",
    "creme_core_brickdetailviewlocation",
    "creme_core_brickhomelocation",
    "creme_core_buttonmenuitem",
    "creme_core_customformconfigitem",
    "creme_core_menuconfigitem",
    "creme_core_searchconfigitem",
)

#: Content types of no entity, of which there are some in every Creme: a mapping may not take them for entities.
OTHER_TYPES = (("creme_core", "cremeentity"), ("creme_core", "cremeuser"), ("activities", "calendar"))

#: What `WHERE` each table's rows are taken by; all others stay empty.
ROWS = {
    "django_migrations": "app = 'creme_core' OR id IN (SELECT max(id) FROM django_migrations GROUP BY app)",
    "django_content_type": "id IN (SELECT ctype FROM kept)",
    "creme_core_userrole": "1",
    "creme_core_userrole_creatable_ctypes": "1",
    "creme_core_userrole_exportable_ctypes": "1",
    "creme_core_userrole_listable_ctypes": "1",
    "creme_core_cremeuser": "1",
    "creme_core_cremeuser_roles": "1",
    "creme_core_cremeuser_teammates_set": "1",
    # Filters of lists, which give nobody anything.
    "creme_core_entityfilter": "id IN ('activities-meetings', 'persons-contact_me')",
    "creme_core_entityfiltercondition": "filter_id IN ('activities-meetings', 'persons-contact_me')",
    "creme_core_setcredentials": "1",
    "creme_core_sandbox": "1",
    "creme_core_cremeentity": "id IN (SELECT cremeentity_ptr_id FROM persons_contact)",
    "persons_contact": "1",
    "activities_calendar": "1",
}

#: Tables whose first row every installation has, with the same uuid: the role, the sandbox, and `root`.
SHARED = ("creme_core_userrole", "creme_core_sandbox", "creme_core_cremeuser")

#: What every time of a row is written as.
MOMENT = "2026-01-01 00:00:00"

#: The people of the fixture, beside `root`, each with the role that Creme makes for everybody.
PEOPLE = (("lars", "Lars", "Kaufmann"), ("kari", "Kari", "Nordmann"), ("ingrid", "Ingrid", "Berg"))

#: The team of the fixture, and who is in it.
TEAM, TEAMMATES = "sales-team", ("lars",)


def main(directory: str) -> None:
    """Writes both files."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    home = Home(Path(directory).resolve())
    engine = Sqlite(home)
    server = Postgres(home)
    try:
        database = engine.clone("fixture")
        home.enter(database)
        entities = make_people()
        with sqlite3.connect(database.place) as connection:
            rows = rows_of(connection, entities)
            write("sqlite", schema_of_sqlite(connection), [], rows)
        tables, keys = schema_of_postgres(server)
        counters = [
            f"ALTER TABLE {table} ALTER COLUMN id RESTART WITH {max(row[0] for row in found) + 1};"
            for table, (columns, found) in rows.items()
            if found and columns[0] == "id" and isinstance(found[0][0], int)
        ]
        write("postgres", tables, counters + keys, rows)
    finally:
        engine.close()
        server.close()


def make_people() -> list[int]:
    """Adds the people as Creme adds them, and gives the numbers of the content types of all entities."""
    from creme.creme_core.models import UserRole
    from creme.creme_core.registry import creme_registry
    from django.contrib.auth import get_user_model
    from django.contrib.contenttypes.models import ContentType

    users, everything = get_user_model().objects, UserRole.objects.get()
    for login, first, last in PEOPLE:
        users.create_user(login, first, last, f"{login}@nordwind.example", role=everything)
    team = users.create(username=TEAM, is_team=True)
    team.teammates = users.filter(username__in=TEAMMATES)
    return [ContentType.objects.get_for_model(model).id for model in creme_registry.iter_entity_models()]


def rows_of(connection: sqlite3.Connection, entities: list[int]) -> Rows:
    """The columns and rows of each table that has some, ready to be written."""
    others = " OR ".join(f"(app_label = '{app}' AND model = '{model}')" for app, model in OTHER_TYPES)
    connection.execute(f"CREATE TEMP TABLE kept AS SELECT id AS ctype FROM django_content_type WHERE {others}")
    connection.executemany("INSERT INTO kept VALUES (?)", [(entity,) for entity in entities])
    rows: Rows = {}
    for table, kept in ROWS.items():
        kinds = {row[1]: row[2] for row in connection.execute(f"PRAGMA table_info({table})")}
        found = connection.execute(f"SELECT * FROM {table} WHERE {kept} ORDER BY 1").fetchall()
        rows[table] = (
            list(kinds),
            [
                [settled(table, column, kind, value, row[0]) for (column, kind), value in zip(kinds.items(), row)]
                for row in found
            ],
        )
    for kind in ("creatable", "exportable", "listable"):
        # Creme writes them in the order of a set, so their own ids say nothing.
        found = rows[f"creme_core_userrole_{kind}_ctypes"][1]
        found[:] = [[number, *row[1:]] for number, row in enumerate(sorted(found, key=lambda row: row[1:]), 1)]
    return rows


def settled(table: str, column: str, kind: str, value: object, key: object) -> object:
    """A value without what differs from run to run."""
    if value is None:
        return None
    match column:
        # Hashed with salt. Nobody logs in here.
        case "password":
            return "!"
        # Creme picks one at random.
        case "color":
            return "e5b2eb"
    match kind.lower():
        case "datetime":
            return MOMENT
        case "bool":
            return bool(value)
        case "char(32)" if key != 1 or table not in SHARED:
            return uuid.uuid5(uuid.NAMESPACE_URL, f"{table}/{key}").hex
        case "text" if table == "creme_core_userrole" and "\n" in str(value):
            return "\n".join(sorted(str(value).split("\n")))
    return value


def schema_of_sqlite(connection: sqlite3.Connection) -> list[str]:
    """The statements that make the tables on SQLite."""
    statements = []
    for table in TABLES:
        found = connection.execute(
            "SELECT sql FROM sqlite_master WHERE tbl_name = ? AND sql IS NOT NULL ORDER BY type DESC, name", (table,)
        )
        for (sql,) in found:
            if re.match(r"CREATE (TABLE|UNIQUE INDEX) ", sql):
                statements.append(without_strangers(sql) + ";")
    return statements


def without_strangers(sql: str) -> str:
    """A `CREATE TABLE` of SQLite without foreign keys to tables that are not there, one column a line."""

    def known(found: re.Match[str]) -> str:
        return found[0] if found[1] in TABLES else ""

    sql = re.sub(r' REFERENCES "(\w+)" \("\w+"\)(?: DEFERRABLE INITIALLY DEFERRED)?', known, sql)
    return re.sub(r', (?="\w+" (?!"|\)))', ",\n  ", sql) if sql.startswith("CREATE TABLE") else sql


def schema_of_postgres(engine: Postgres) -> tuple[list[str], list[str]]:
    """The statements that make the tables on PostgreSQL, and those that make the foreign keys."""
    command = [postgres.program("pg_dump"), "--schema-only", "--no-owner", "--no-privileges"]
    command += ["-h", "127.0.0.1", "-p", str(engine.server.port), "-U", postgres.OWNER]
    command += [f"--table={table}" for table in TABLES]
    dump = subprocess.run([*command, POPULATED], check=True, stdout=subprocess.PIPE, text=True).stdout
    lines = [line for line in dump.splitlines() if line and not line.startswith(("--", "\\"))]
    statements = [found.strip() for found in re.split(r"(?<=;)\n", "\n".join(lines))]
    tables, keys = [], []
    for statement in (found.replace("public.", "") for found in statements):
        foreign = re.search(r"REFERENCES (\w+)\(", statement)
        if foreign:
            if foreign[1] in TABLES:
                keys.append(statement)
        elif re.match(r"CREATE (TABLE|UNIQUE INDEX)|ALTER TABLE", statement):
            # What it says of the sequence is what holds without saying it.
            tables.append(re.sub(r" \(\s+SEQUENCE NAME .*\)", "", statement, flags=re.DOTALL))
    return tables, keys


def write(engine: str, schema: list[str], after: list[str], rows: Rows) -> None:
    """Writes the file of an engine."""
    parts = ["-- Written by tests/creme/fixture.py from a Creme 2.8.6; see there for what is kept.", *schema]
    for table, (columns, found) in rows.items():
        if found:
            values = ",\n  ".join("(" + ", ".join(literal(value, engine) for value in row) + ")" for row in found)
            names = ", ".join(f'"{column}"' for column in columns)
            parts.append(f"INSERT INTO {table} ({names}) VALUES\n  {values};")
    (FOLDER / f"{engine}.sql").write_text("\n\n".join(parts + after) + "\n")


def literal(value: object, engine: str) -> str:
    """A value in SQL."""
    match value:
        case None:
            return "NULL"
        case bool():
            return str(int(value)) if engine == "sqlite" else str(value).lower()
        case int() | float():
            return str(value)
    text = str(value)
    if engine == "postgres" and text == MOMENT:
        text += "+00"
    # Both engines keep a line break inside of quotes.
    return "'" + text.replace("'", "''") + "'"


if __name__ == "__main__":
    main(*sys.argv[1:])
