"""What stands in Creme for modules, and for rights over a kind of records of which no owner is asked."""

from __future__ import annotations

from creme.creme_core.models import UserRole
from creme.emails import get_emailcampaign_model, get_emailtemplate_model
from creme.products import get_product_model, get_service_model
from django.urls import reverse
from evaluator import Evaluator
from policy import Need
from trial import Trial

#: The app of Creme, and the modules of the policy that are in it.
APPS = {
    "persons": ["contacts"],
    "activities": ["calendar"],
    "assistants": ["tasks"],
    "documents": ["documents"],
    "opportunities": ["opportunities"],
    "emails": ["mail", "campaigns"],
    "products": ["articles"],
    "billing": ["accounting"],
    "reports": ["reports"],
    "tickets": ["tickets"],
}

#: What one may create in Creme, the module that it is in, and the right that it takes beside it.
CREATED = [
    (get_emailcampaign_model(), "campaigns", "campaigns.create"),
    (get_emailtemplate_model(), "mail", "templates.manage"),
    (get_product_model(), "articles", "articles.create"),
    (get_service_model(), "articles", "articles.create"),
]


class Modules(Trial):
    """Everybody, by Creme's evaluator."""

    def test_apps_of_creme_are_open_to_those_who_may_use_a_module_in_them(self) -> None:
        for login, evaluator in self.active():
            for app, modules in APPS.items():
                wanted = any(self.holds(login, Need("modules.use", module)) for module in modules)
                self.assertEqual(wanted, evaluator.user.has_perm_to_access(app), f"{login}: {app}")

    def test_nobody_is_let_into_an_app_that_no_module_stands_for_or_administers_one(self) -> None:
        for login, evaluator in self.active():
            role = evaluator.user.role
            self.assertLessEqual(role.allowed_apps, set(APPS), login)
            self.assertEqual((set(), {}), (role.admin_4_apps, role.special_permissions), login)

    def test_nobody_can_switch_to_another_role(self) -> None:
        for login, evaluator in self.active():
            self.assertEqual([evaluator.user.role], list(evaluator.user.roles.all()), login)
        login, evaluator = self.active()[0]
        user, other = evaluator.user, UserRole.objects.get(name="Regular user")
        with self.crm.browser(login) as person:
            assert person
            for role, status in ((user.role, 200), (other, 409)):
                path = reverse("creme_core__switch_role", args=(user.id, role.id))
                self.assertEqual(status, person.browser.post(path).status, role.name)
        self.assertEqual(user.role, Evaluator(login).user.role)

    def test_campaigns_templates_and_articles_are_created_by_those_who_may(self) -> None:
        for login, evaluator in self.active():
            for model, module, right in CREATED:
                wanted = self.holds(login, Need("modules.use", module)) and self.holds(login, Need(right))
                self.assertEqual(wanted, evaluator.user.has_perm_to_create(model), f"{login}: {model.__name__}")

    def holds(self, login: str, need: Need) -> bool:
        """What the policy says of one right."""
        return self.policy.can_all(login, (need,))

    def active(self) -> list[tuple[str, Evaluator]]:
        """Everybody who may start the program."""
        return [(login, Evaluator(login)) for login in self.policy.people() if self.holds(login, Need("program.start"))]
