"""A policy repository, and the program that answers out of it and writes it into Creme."""

from __future__ import annotations

import datetime
import json
import os
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

#: A first apply takes from everybody what Creme gives to all, and whom the policy does not know: that is meant.
SETTINGS = """version: 1
audit: { head: audit.heads }
guards: { remove_users: off, lose_rights: off, gain_rights: off, last_superuser: off }
"""


@dataclass(frozen=True)
class Need:
    """A right of the policy, over something or over nothing."""

    right: str
    target: str | None = None


@dataclass
class Policy:
    """Policy files in a directory of their own, asked by running the program."""

    program: Path
    directory: Path
    #: What everybody may by `rightful matrix`, and what `rightful can` said, each asked once until the files change.
    known: dict[tuple[str, Need], bool] = field(default_factory=dict)
    said: dict[tuple[str, Need], bool] = field(default_factory=dict)
    #: The day for which all is asked; Creme has the rights of the day of the last apply.
    today: str = field(default_factory=lambda: datetime.datetime.now(datetime.UTC).date().isoformat())

    @classmethod
    def copy(cls, program: Path, sample: Path, directory: Path) -> Policy:
        """A policy repository with a copy of some files."""
        shutil.copytree(sample, directory / "policies")
        (directory / "rightful.yaml").write_text(SETTINGS)
        return cls(program, directory)

    def can(self, login: str, need: Need) -> bool:
        """What `rightful can` says."""
        if (login, need) not in self.said:
            question = [login, need.right] + (["of", need.target] if need.target else [])
            answer = self.run("can", *question, "--on", self.today, expected=(0, 1))
            self.said[login, need] = answer["allowed"]
        return self.said[login, need]

    def can_all(self, login: str, needs: tuple[Need, ...]) -> bool:
        """Whether somebody holds all of these, by what `rightful matrix` says, which is `can` for everybody at once."""
        everything = self.everything()
        return all(everything[login, need] for need in needs)

    def people(self) -> list[str]:
        """Everybody with an account, in order."""
        # The matrix is in the order of names.
        return list(dict.fromkeys(login for login, _ in self.everything()))

    def everything(self) -> dict[tuple[str, Need], bool]:
        """What everybody may."""
        if not self.known:
            rows = self.run("matrix", "--scoped", "--on", self.today)["rows"]
            self.known = {
                (row["user"], Need(row["right"], row["target"] and row["target"].partition(":")[2])): row["allowed"]
                for row in rows
            }
        return self.known

    def edit(self, file: str, old: str, new: str) -> None:
        """Replaces a piece of a policy file, which must be there."""
        path = self.directory / "policies" / file
        text = path.read_text()
        assert text.count(old) == 1, f"`{old}` is {text.count(old)} times in {file}"
        path.write_text(text.replace(old, new))
        self.known, self.said = {}, {}

    def plan(self, database: str) -> dict[str, Any]:
        """What an apply would write."""
        return self.run("plan", "--database", database)

    def apply(self, database: str) -> dict[str, Any]:
        """Writes the policy into a database."""
        return self.run("apply", "--yes", "--database", database)

    def run(self, *words: str, expected: tuple[int, ...] = (0,)) -> dict[str, Any]:
        """Runs the program, and gives the JSON that it says."""
        command = [str(self.program), *words, "--format", "json"]
        environment = {**os.environ, "NO_COLOR": "1", "RIGHTFUL_CACHE": "off"}
        ran = subprocess.run(command, cwd=self.directory, env=environment, capture_output=True, text=True)
        if ran.returncode not in expected:
            raise AssertionError(f"`rightful {' '.join(words)}` ended with {ran.returncode}:\n{ran.stdout}{ran.stderr}")
        said: dict[str, Any] = json.loads(ran.stdout)
        return said
