"""What changes holds at the next request: an apply, what somebody does in Creme, and the apply that puts it back."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

from acts import Act, Person, content_type
from creme.creme_core.models import CremeUser, SetCredentials, UserRole
from django.contrib.auth import get_user_model
from organisation import ACTIVITY, CONTACT, KINDS, OPPORTUNITY
from policy import Policy
from trial import SAMPLE, Trial

#: Somebody who sees the opportunities of a colleague because of an own rule, and works in the office with him.
KARIN, LARS = "karin", "lars"

#: The rule, and where it stands.
SALES, RULE = "people/users-sales.yaml", '- opportunities.see+edit of lars because "his partner'


class Changes(Trial):
    """Karin stays logged in while others change what she may."""

    def setUp(self) -> None:
        """Whatever the test before did, the policy is the sample again, and so is Creme."""
        directory = Path(self.enterContext(tempfile.TemporaryDirectory()))
        type(self).policy = Policy.copy(self.program, SAMPLE, directory)
        self.apply()
        karin = self.enterContext(self.crm.browser(KARIN))
        assert karin
        self.karin: Person = karin

    def test_a_second_apply_finds_nothing_to_do(self) -> None:
        self.assertEqual([], self.changes())

    def test_a_right_that_an_apply_takes_is_refused_at_the_next_request(self) -> None:
        acts = [Act("open", OPPORTUNITY, LARS), Act("edit", OPPORTUNITY, LARS)]
        self.assert_outcomes(acts, True)
        self.policy.edit(SALES, RULE, '- sms.send because "his partner')
        self.apply()
        self.assert_outcomes(acts, False)
        self.assert_evaluator_agrees()

    def test_a_module_that_an_apply_takes_is_closed_at_the_next_request(self) -> None:
        acts = [Act("list", OPPORTUNITY), Act("open", OPPORTUNITY, KARIN), Act("edit", OPPORTUNITY, KARIN)]
        self.assert_outcomes(acts, True)
        self.policy.edit(SALES, RULE, f"- sms.send\n    deny:\n      - modules.use of opportunities\n    # {RULE}")
        self.apply()
        self.assert_outcomes(acts, False)
        self.assert_evaluator_agrees()

    def test_a_right_that_an_apply_gives_holds_at_the_next_request(self) -> None:
        acts = [
            Act("create", CONTACT),
            Act("import", CONTACT),
            Act("export", CONTACT),
            Act("delete", OPPORTUNITY, LARS),
        ]
        self.assert_outcomes(acts, False)
        more = "- data.import+export\n      - opportunities.delete of lars\n      "
        self.policy.edit(SALES, RULE, more + RULE)
        self.apply()
        self.assert_outcomes(acts, True)
        self.assert_evaluator_agrees()

    def test_whoever_may_not_start_any_more_is_nobody_at_the_next_request(self) -> None:
        home = CONTACT.model.get_lv_absolute_url()
        self.assertFalse(self.karin.browser.get(home).asks_who())
        self.policy.edit(SALES, "employee: karin-petersen", "employee: karin-petersen\n    active: false")
        self.apply()
        self.assertTrue(self.karin.browser.get(home).asks_who())
        with self.crm.browser(KARIN) as again:
            self.assertIsNone(again)

    def test_what_somebody_gives_in_creme_is_drift_and_is_taken_back(self) -> None:
        acts = [Act("open", OPPORTUNITY, "svenja"), Act("delete", OPPORTUNITY, LARS), Act("export", CONTACT)]

        def give(role: UserRole) -> None:
            SetCredentials.objects.create(role=role, value=62, set_type=SetCredentials.ESET_ALL)
            role.exportable_ctypes.add(content_type(CONTACT))

        self.assert_drift_is_put_back(give, acts, wanted=False)

    def test_what_somebody_takes_in_creme_is_drift_and_is_given_back(self) -> None:
        acts = [Act("list", CONTACT), Act("open", CONTACT, LARS), Act("edit", OPPORTUNITY, LARS)]

        def take(role: UserRole) -> None:
            role.allowed_apps = role.allowed_apps - {"persons"}
            role.save()
            role.listable_ctypes.clear()
            role.credentials.filter(set_type=SetCredentials.ESET_FILTER).delete()

        self.assert_drift_is_put_back(take, acts, wanted=True)

    def test_another_role_that_somebody_is_given_in_creme_is_drift_and_is_taken_back(self) -> None:
        def give_another(_: UserRole) -> None:
            karin = account(KARIN)
            karin.role = UserRole.objects.get(name="Regular user")
            karin.save()
            karin.roles.add(karin.role)

        acts = [Act("open", OPPORTUNITY, "svenja"), Act("create", CONTACT), Act("export", ACTIVITY)]
        self.assert_drift_is_put_back(give_another, acts, wanted=False)
        self.assertEqual([account(KARIN).role], list(account(KARIN).roles.all()))

    def test_a_role_that_somebody_puts_out_of_use_in_creme_is_drift_and_is_put_to_use(self) -> None:
        def retire(role: UserRole) -> None:
            role.deactivated_on = role.modified
            role.save()

        self.assert_drift_is_put_back(retire, [Act("list", kind) for kind in KINDS], wanted=True)

    def assert_drift_is_put_back(self, edit: Callable[[UserRole], None], acts: list[Act], *, wanted: bool) -> None:
        """Edits Karin's role as somebody would; Creme follows, `plan` sees it, and `apply` puts it back."""
        self.assert_outcomes(acts, wanted)
        edit(account(KARIN).role)
        self.assert_creme_says(acts, not wanted)
        self.assertEqual({"drift"}, set(self.changes()))
        self.apply()
        self.assert_outcomes(acts, wanted)
        self.assertEqual([], self.changes())
        self.assert_evaluator_agrees()

    def assert_outcomes(self, acts: list[Act], wanted: bool) -> None:
        """The policy says this, and Karin at her browser gets it."""
        self.assertEqual({str(act): wanted for act in acts}, {str(act): self.can(KARIN, act) for act in acts})
        self.assert_creme_says(acts, wanted)

    def assert_creme_says(self, acts: list[Act], wanted: bool) -> None:
        """Karin gets this at her browser, whatever the policy says."""
        self.assertEqual({str(act): wanted for act in acts}, {str(act): self.karin.attempt(act) for act in acts})

    def apply(self) -> None:
        """Writes the policy into Creme."""
        self.policy.apply(self.crm.database.rightful)

    def changes(self) -> list[str]:
        """Where each change comes from that an apply would write."""
        return [change["origin"] for change in self.policy.plan(self.crm.database.rightful)["changes"]]


def account(login: str) -> CremeUser:
    """An account as it is now."""
    user: CremeUser = get_user_model().objects.get(username=login)
    return user
