"""What people of the sample organisation can do in Creme is what the policy says."""

from __future__ import annotations

from acts import SINGLE, Act, acts_of_all, acts_on
from organisation import KINDS
from policy import Need
from trial import Trial, attempted

#: How many people sit down at a browser.
HANDFUL = 7


class People(Trial):
    """Everybody by Creme's evaluator, and a handful at browsers."""

    def test_creme_itself_says_of_everybody_what_the_policy_says(self) -> None:
        self.assert_evaluator_agrees()

    def test_whoever_may_not_start_cannot_log_in_and_everybody_else_can(self) -> None:
        start = Need("program.start")
        for login in self.policy.people():
            with self.subTest(login), self.crm.browser(login) as person:
                self.assertEqual(self.policy.can(login, start), person is not None)

    def test_what_people_can_do_in_a_browser_is_what_rightful_can_says(self) -> None:
        handful = self.handful()
        covered = {outcome for login in handful for outcome in self.outcomes(login)}
        for login in handful:
            with self.subTest(login), self.crm.browser(login) as person:
                assert person, f"{login} cannot log in"
                self.assertEqual([], attempted(person, self.acts_of(login), self.asked_one_by_one))
        # Else a yes or a no that somebody has would have been tried by nobody.
        missing = {outcome for login in self.policy.people() for outcome in self.outcomes(login)} - covered
        self.assertFalse(missing, f"{handful} do not try {sorted(map(str, missing))}")

    def test_lists_exports_and_searches_hold_the_records_of_those_whose_records_one_may_see(self) -> None:
        for login in self.handful():
            with self.subTest(login), self.crm.browser(login) as person:
                assert person, f"{login} cannot log in"
                for kind in KINDS:
                    seen = {owner for owner in self.policy.people() if self.can(login, Act("open", kind, owner))}
                    self.assertEqual(seen if self.can(login, Act("list", kind)) else set(), person.lists(kind))
                    self.assertEqual(seen if self.can(login, Act("export", kind)) else set(), person.exports(kind))
                    self.assertEqual(len(seen), person.finds(kind), kind.name)

    def asked_one_by_one(self, login: str, act: Act) -> bool:
        """What `rightful can` says, right by right."""
        return all(self.policy.can(login, need) for need in act.needs())

    def acts_of(self, login: str) -> list[Act]:
        """What somebody tries: all with each kind, with the own record, and with one of others for each answer."""
        acts: list[Act] = []
        for kind in KINDS:
            acts += acts_of_all(kind) + acts_on(kind, login)
            for deed in SINGLE[kind]:
                others = [Act(deed, kind, owner) for owner in self.policy.people() if owner != login]
                for answer in (True, False):
                    acts += [act for act in others if self.can(login, act) is answer][:1]
        return acts

    def outcomes(self, login: str) -> set[tuple[str, str, str, bool]]:
        """Which answers somebody gets to what somebody tries, but for whose record it is."""
        if not self.policy.can_all(login, (Need("program.start"),)):
            return set()
        whose = {None: "", login: "own"}
        return {
            (act.deed, act.kind.name, whose.get(act.owner, "other"), self.can(login, act))
            for act in self.acts_of(login)
        }

    def handful(self) -> list[str]:
        """Few people who together get every answer that anybody gets; each may something else than the others."""
        outcomes = {login: self.outcomes(login) for login in self.policy.people()}
        chosen: list[str] = []
        covered: set[tuple[str, str, str, bool]] = set()
        while len(chosen) < HANDFUL:
            different = [login for login in outcomes if outcomes[login] not in [outcomes[other] for other in chosen]]
            best = max(different, key=lambda login: len(outcomes[login] - covered))
            chosen.append(best)
            covered |= outcomes[best]
        return chosen
