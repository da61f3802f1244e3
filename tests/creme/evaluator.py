"""Creme's own evaluator, asked directly: the third voice beside the policy and what people get in their browsers."""

from __future__ import annotations

from acts import Act
from creme.creme_core.auth import EntityCredentials
from creme.creme_core.global_info import clear_global_info
from creme.creme_core.models import CremeEntity, CremeUser
from django.contrib.auth import get_user_model
from organisation import Kind

#: What Creme calls each deed on a record.
PERMISSIONS = {
    "open": EntityCredentials.VIEW,
    "edit": EntityCredentials.CHANGE,
    "delete": EntityCredentials.DELETE,
}


class Evaluator:
    """One person, as Creme knows this account now."""

    def __init__(self, login: str) -> None:
        # Creme remembers some answers for as long as a request lasts.
        clear_global_info()
        self.user: CremeUser = get_user_model().objects.select_related("role").get(username=login)

    def may(self, act: Act, record: CremeEntity | None = None) -> bool:
        """Whether Creme would let this person do it; `record` is the one of the owner."""
        user, model = self.user, act.kind.model
        if not user.is_active or not user.has_perm_to_access(model._meta.app_label):
            return False
        match act.deed:
            case "list":
                return bool(user.has_perm_to_list(model))
            # The view of imports asks exactly this.
            case "create" | "import":
                return bool(user.has_perm_to_create(model))
            case "export":
                return bool(user.has_perm_to_export(model))
            case "open":
                return bool(user.has_perm_to_view(record))
            case "edit":
                return bool(user.has_perm_to_change(record))
            case "delete":
                return bool(user.has_perm_to_delete(record))
        raise ValueError(act.deed)

    def owners(self, deed: str, kind: Kind) -> set[str]:
        """The owners of the records that Creme's queries find for this deed; lists and searches are made of them."""
        found = EntityCredentials.filter(self.user, kind.model.objects.all(), PERMISSIONS[deed])
        return kind.owners_in("\n".join(found.values_list(kind.title, flat=True)))
