"""Writes `examples/creme/office/creme.db`: what a small firm has clicked together in Creme over the years.

Takes the home of an installation, see `installation.py`. The firm is made by Creme's own models in a copy of the
populated database; then the tables that Rightful touches are copied into a small one.

    python tests/creme/example.py HOME
"""

from __future__ import annotations

import sqlite3
import sys
import tempfile
from pathlib import Path

from installation import Home, Sqlite

#: The folder of the tests and examples.
ROOT = Path(__file__).parent.parent.parent

#: The tables, as Creme makes them.
TABLES = ROOT / "tests" / "fixtures" / "creme" / "sqlite.sql"

#: What is written.
EXAMPLE = ROOT / "examples" / "creme" / "office" / "creme.db"

#: How Creme's own pages look, for everybody: of no interest here.
PAGES = (
    "creme_core_brickdetailviewlocation",
    "creme_core_brickhomelocation",
    "creme_core_buttonmenuitem",
    "creme_core_customformconfigitem",
    "creme_core_menuconfigitem",
    "creme_core_searchconfigitem",
)

#: The people, each with a role. Tom left long ago.
PEOPLE = {
    "anna": ("Anna", "Sommer", "Management"),
    "karin": ("Karin", "Petersen", "Sales"),
    "lars": ("Lars", "Kaufmann", "Sales"),
    "mia": ("Mia", "Lorenz", "Trainees"),
    "petra": ("Petra", "Voss", "Accounting"),
    "tom": ("Tom", "Brandt", "Sales"),
}

#: What the roles give: apps, and whether somebody may create and export what is in them.
ROLES = {
    "Management": (["persons", "activities", "opportunities", "documents", "billing", "reports"], True, True),
    "Sales": (["persons", "activities", "opportunities", "documents"], True, True),
    "Accounting": (["persons", "documents", "billing"], True, False),
    "Trainees": (["persons", "activities"], False, False),
}


def main(home: str) -> None:
    """Writes the database."""
    place = Home(Path(home).resolve())
    engine = Sqlite(place)
    try:
        database = engine.clone("example")
        place.enter(database)
        settle()
        copy(Path(database.place), EXAMPLE)
    finally:
        engine.close()


def settle() -> None:
    """Makes the roles and the people."""
    from creme.creme_core.models import SetCredentials, UserRole
    from creme.creme_core.registry import creme_registry
    from django.contrib.auth import get_user_model

    models = list(creme_registry.iter_entity_models())
    for name, (apps, creates, exports) in ROLES.items():
        own = [model for model in models if model._meta.app_label in apps]
        role = UserRole.objects.smart_create(
            name=name,
            allowed_apps=apps,
            creatable_models=own if creates else [],
            exportable_models=own if exports else [],
            listable_models=own,
        )
        # A trainee looks at everything and works with what is the own.
        value = 2 if name == "Trainees" else 62
        SetCredentials.objects.create(role=role, value=value, set_type=SetCredentials.ESET_ALL)
        if name == "Trainees":
            SetCredentials.objects.create(role=role, value=62, set_type=SetCredentials.ESET_OWN)
    for login, (first, last, role) in PEOPLE.items():
        address = f"{login}@deichkontor.example"
        get_user_model().objects.create_user(login, first, last, address, role=UserRole.objects.get(name=role))


def copy(source: Path, target: Path) -> None:
    """Copies the rows of the tables that Rightful touches, without those of pages."""
    target.parent.mkdir(parents=True, exist_ok=True)
    target.unlink(missing_ok=True)
    with tempfile.TemporaryDirectory() as directory:
        made = Path(directory) / "creme.db"
        connection = sqlite3.connect(made)
        # Most tables have few rows or none.
        connection.execute("PRAGMA page_size = 512")
        statements = TABLES.read_text().split("\n\n")
        connection.executescript("\n".join(one for one in statements if not one.startswith("INSERT")))
        connection.execute("ATTACH ? AS creme", (str(source),))
        tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
        for (table,) in tables.fetchall():
            columns = ", ".join(f'"{row[1]}"' for row in connection.execute(f"PRAGMA table_info({table})"))
            connection.execute(f"INSERT INTO main.{table} ({columns}) SELECT {columns} FROM creme.{table}")
        for table in PAGES:
            connection.execute(f"DELETE FROM {table}")
        connection.execute("UPDATE creme_core_cremeuser SET password = '!'")
        connection.commit()
        connection.execute("DETACH creme")
        connection.execute("VACUUM")
        connection.close()
        made.replace(target)


if __name__ == "__main__":
    main(*sys.argv[1:])
