"""What every test begins with: an engine, and on it Creme with the people of the sample organisation."""

from __future__ import annotations

import tempfile
import unittest
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from pathlib import Path

from acts import Act, Person, everything
from crm import Crm, connect_to, running
from django.db import connection
from evaluator import Evaluator
from installation import Engine, Home
from organisation import KINDS, settle
from policy import Policy

#: The sample organisation.
SAMPLE = Path(__file__).parent.parent.parent / "policies"

#: The database with its accounts, none of which Rightful has ruled yet.
SETTLED = "settled"


class Trial(unittest.TestCase):
    """Creme over a clone of the settled database, with the policy applied; each class of tests has its own."""

    #: Set by `suite.py`.
    home: Home
    engine: Engine
    program: Path

    stack: ExitStack
    policy: Policy
    crm: Crm

    @classmethod
    def setUpClass(cls) -> None:
        """Clones, applies and serves."""
        cls.stack = ExitStack()
        cls.addClassCleanup(cls.stack.close)
        directory = Path(cls.stack.enter_context(tempfile.TemporaryDirectory()))
        cls.policy = Policy.copy(cls.program, SAMPLE, directory)
        cls.crm = cls.stack.enter_context(running(cls.home, cls.engine, cls.__name__.lower(), SETTLED))
        cls.policy.apply(cls.crm.database.rightful)

    def can(self, login: str, act: Act) -> bool:
        """What the policy says of an act."""
        return self.policy.can_all(login, act.needs())

    def assert_evaluator_agrees(self) -> None:
        """Creme's evaluator says of everybody and every act what the policy says, record by record and by query."""
        people = self.policy.people()
        acts = everything(KINDS, people)
        records = {(kind, owner): kind.owned_by(owner) for kind in KINDS for owner in people}
        wrong = []
        for login in people:
            evaluator = Evaluator(login)
            for act in acts:
                record = records.get((act.kind, act.owner or ""))
                wrong += disagreement(login, act, self.can(login, act), evaluator.may(act, record))
            if evaluator.user.is_active:
                wrong += self.wrong_queries(login, evaluator)
        self.assertEqual([], wrong)

    def wrong_queries(self, login: str, evaluator: Evaluator) -> list[str]:
        """Where the queries behind Creme's lists find other records than the policy lets somebody work with."""
        wrong = []
        for kind in KINDS:
            for deed in ("open", "edit", "delete"):
                found = evaluator.owners(deed, kind)
                wanted = {owner for owner in self.policy.people() if self.can(login, Act(deed, kind, owner))}
                if found != wanted:
                    wrong.append(f"{login}: {deed} {kind.name}: by query {sorted(found)}, by policy {sorted(wanted)}")
        return wrong


def disagreement(login: str, act: Act, by_policy: bool, by_creme: bool) -> list[str]:
    """A line, if two voices say different things of an act."""
    if by_policy == by_creme:
        return []
    said = {True: "yes", False: "no"}
    return [f"{login}: {act}: the policy says {said[by_policy]}, Creme says {said[by_creme]}"]


def prepare(home: Home, engine: Engine, program: Path) -> None:
    """Makes the settled database, and tells all tests where they are."""
    Trial.home, Trial.engine, Trial.program = home, engine, program
    with tempfile.TemporaryDirectory() as directory:
        people = Policy.copy(program, SAMPLE, Path(directory)).people()
    connect_to(engine.clone(SETTLED))
    settle(people)
    connection.close()


def attempted(person: Person, acts: Iterable[Act], can: Callable[[str, Act], bool]) -> list[str]:
    """Tries acts in a browser; what comes out otherwise than the policy says."""
    return [
        line for act in acts for line in disagreement(person.login, act, can(person.login, act), person.attempt(act))
    ]
