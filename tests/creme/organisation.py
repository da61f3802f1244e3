"""The people of the sample organisation in Creme, and a record of each kind that each of them owns.

Needs Django to be set up. Everything is made as Creme makes it, by its own models.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from creme.activities import get_activity_model
from creme.activities.constants import UUID_SUBTYPE_MEETING_NETWORK
from creme.activities.models import ActivitySubType
from creme.creme_core.models import CremeEntity, UserRole
from creme.opportunities import get_opportunity_model
from creme.opportunities.models import SalesPhase
from creme.persons import get_contact_model, get_organisation_model
from django.contrib.auth import get_user_model
from django.db.transaction import atomic
from django.utils.timezone import now

#: What everybody logs in with.
PASSWORD = "nobody-guesses-this"

#: Creme's superuser, who is nobody of the policy.
ROOT = "root"


@dataclass(frozen=True)
class Kind:
    """A kind of records that people work with."""

    #: Its name here, in the name of each record, and of Creme's model.
    name: str
    #: The field that says the name of a record.
    title: str
    #: Creme's columns of the list of these.
    columns: str
    model: type[CremeEntity]

    def called(self, owner: str) -> str:
        """What the record of an owner is called."""
        return f"{self.name} of {owner}"

    def owners_in(self, text: str) -> set[str]:
        """The owners of the records that are named in a text."""
        return set(re.findall(rf"\b{self.name} of ([\w.@-]+)", text))

    def owned_by(self, owner: str) -> CremeEntity:
        """The record of an owner."""
        return self.model.objects.get(**{self.title: self.called(owner)})

    def make(self, owner: str, title: str) -> CremeEntity:
        """A new record."""
        given: dict[str, Any] = {"user": get_user_model().objects.get(username=owner), self.title: title}
        match self.name:
            case "opportunity":
                ours, other = get_organisation_model().objects.order_by("id")[:2]
                given |= {"sales_phase": SalesPhase.objects.first(), "emitter": ours, "target": other}
            case "activity":
                kind = ActivitySubType.objects.get(uuid=UUID_SUBTYPE_MEETING_NETWORK)
                given |= {"type": kind.type, "sub_type": kind, "start": now(), "end": now() + timedelta(hours=1)}
        return self.model.objects.create(**given)


CONTACT = Kind("contact", "last_name", "persons-hf_contact", get_contact_model())
OPPORTUNITY = Kind("opportunity", "name", "opportunities-hf", get_opportunity_model())
ACTIVITY = Kind("activity", "title", "activities-hf_activity", get_activity_model())

#: Whatever people try, they try with each of these.
KINDS = (CONTACT, OPPORTUNITY, ACTIVITY)


def settle(logins: Iterable[str]) -> None:
    """Makes the accounts, each with the role that Creme has for everybody, and a record of each kind for each."""
    users = get_user_model().objects
    everything = UserRole.objects.get()
    with atomic():
        # The other side of every deal; Creme has our own side already.
        get_organisation_model().objects.create(user=users.get(username=ROOT), name="Husum Hafenlogistik")
        for number, login in enumerate(logins):
            address = f"person{number}@nordwind.example"
            users.create_user(login, login.title(), "Nordwind", address, PASSWORD, role=everything)
            for kind in KINDS:
                kind.make(login, kind.called(login))
