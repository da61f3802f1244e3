"""What people try with records, which rights of the policy each of that takes, and how it is done in a browser.

What an act takes is said here in the words of the policy, apart from the program's own mapping: what the program writes
into Creme has to come out as this.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Callable
from dataclasses import dataclass

from browser import Browser, Fields, Page, Unexpected
from creme.activities.models import Calendar
from creme.creme_core.models import CremeUser, Job
from creme.documents import get_document_model, get_folder_model
from creme.persons import get_organisation_model
from django.contrib.auth import get_user_model
from django.contrib.contenttypes.models import ContentType
from django.core.files.base import ContentFile
from django.urls import reverse
from organisation import ACTIVITY, CONTACT, OPPORTUNITY, Kind
from policy import Need

#: The module of the policy that a kind of records belongs to.
MODULES = {CONTACT: "contacts", OPPORTUNITY: "opportunities", ACTIVITY: "calendar"}

#: What is done with a kind of records as a whole, and what it takes beside the module. To Creme a new record and a
#: file of them are one right, which only those get who may import.
WHOLE = {"list": "lists.print", "create": "data.import", "import": "data.import", "export": "data.export"}

#: What is done with a record, and what it takes over its owner.
SINGLE: dict[Kind, dict[str, str | None]] = {
    CONTACT: {"open": None, "edit": None, "delete": None},
    OPPORTUNITY: {"open": "opportunities.see", "edit": "opportunities.edit", "delete": "opportunities.delete"},
    ACTIVITY: {"open": "calendar.see", "edit": "calendar.edit", "delete": "calendar.edit"},
}

#: Numbers what people try.
ATTEMPTS = itertools.count(1)


@dataclass(frozen=True)
class Act:
    """Something that somebody tries, with a record of somebody or with a kind of records."""

    deed: str
    kind: Kind
    owner: str | None = None

    def __str__(self) -> str:
        return f"{self.deed} {self.kind.name}" + (f" of {self.owner}" if self.owner else "")

    def needs(self) -> tuple[Need, ...]:
        """What of the policy it takes."""
        right = WHOLE.get(self.deed) if self.owner is None else SINGLE[self.kind][self.deed]
        needs = [Need("program.start"), Need("modules.use", MODULES[self.kind])]
        if right:
            needs.append(Need(right, self.owner))
        return tuple(needs)


def acts_of_all(kind: Kind) -> list[Act]:
    """Everything that is tried with a kind of records as a whole."""
    return [Act(deed, kind) for deed in WHOLE]


def acts_on(kind: Kind, owner: str) -> list[Act]:
    """Everything that is tried with the record of an owner."""
    return [Act(deed, kind, owner) for deed in SINGLE[kind]]


@dataclass
class Person:
    """Somebody at a browser, beside the superuser, who shows what a filled form looks like."""

    login: str
    browser: Browser
    root: Browser

    def attempt(self, act: Act) -> bool:
        """Whether Creme lets this person do it. What is refused must have left no trace."""
        return DEEDS[act.deed](self, act.kind, act.owner or self.login)

    def trace(self, word: str, kind: Kind) -> str:
        """What an attempt leaves behind, unlike all others."""
        return f"{word} {kind.name} by {self.login}, {next(ATTEMPTS)}"

    def lists(self, kind: Kind) -> set[str]:
        """The owners of the records in a list, empty if there is no list for this person."""
        page = self.browser.get(kind.model.get_lv_absolute_url(), rows=200)
        return kind.owners_in(page.body) if is_granted(page) else set()

    def exports(self, kind: Kind) -> set[str]:
        """The owners of the records in an export, empty if there is none for this person."""
        page = export(self, kind)
        return kind.owners_in(page.body) if is_granted(page) else set()

    def finds(self, kind: Kind) -> int:
        """How many records Creme's search finds for this person by their names."""
        page = self.browser.get(reverse("creme_core__light_search"), value=f"{kind.name} of")
        if not is_granted(page):
            return 0
        found = json.loads(page.body)["results"]
        return sum(one["count"] for one in found if one["id"] == content_type(kind))


def list_them(person: Person, kind: Kind, _: str) -> bool:
    """Opens the list."""
    return is_granted(person.browser.get(kind.model.get_lv_absolute_url()))


def create_one(person: Person, kind: Kind, _: str) -> bool:
    """Opens the form of a new record, and sends it filled out."""
    path = kind.model.get_create_absolute_url()
    title = person.trace("new", kind)
    form = filled(person.root.get(path), kind, title, get_user_model().objects.get(username=person.login))
    opened, sent = person.browser.get(path), person.browser.post(path, form)
    made = kind.model.objects.filter(**{kind.title: title})
    return agreed(is_granted(opened), is_granted(sent), made.exists())


def import_some(person: Person, kind: Kind, _: str) -> bool:
    """Chooses an uploaded file for an import; of contacts the import is carried out."""
    owner = get_user_model().objects.get(username=person.login)
    title = person.trace("imported", kind)
    file = get_document_model()(user=owner, title=title, linked_folder=get_folder_model().objects.first())
    file.filedata.save(f"{kind.name}.csv", ContentFile(f'"{title}",Husum\n'))
    file.save()
    path = reverse("creme_core__mass_import", args=(content_type(kind),))
    opened = person.browser.get(path)
    chosen = person.browser.post(path, {"step": ["0"], "document": [str(file.id)]})
    if kind is not CONTACT:
        return agreed(is_granted(opened), is_granted(chosen))
    # Who was refused sends what the second page would have held.
    columns = chosen.fields() if is_granted(chosen) else {"step": ["1"], "document": [str(file.id)]}
    begun = person.browser.post(path, {**columns, "last_name_colselect": ["1"]})
    for job in Job.objects.filter(user=owner):
        job.type.execute(job)
        job.delete()
    made = kind.model.objects.filter(**{kind.title: title})
    return agreed(is_granted(opened), is_granted(chosen), is_granted(begun), made.exists())


def export_all(person: Person, kind: Kind, _: str) -> bool:
    """Takes all records out, as a table."""
    return is_granted(export(person, kind))


def open_it(person: Person, kind: Kind, owner: str) -> bool:
    """Opens the page of a record."""
    page = person.browser.get(kind.owned_by(owner).get_absolute_url())
    # Creme answers with a page that names what is hidden, or with one that does not.
    return agreed(is_granted(page))


def edit_it(person: Person, kind: Kind, owner: str) -> bool:
    """Opens the form of a record, and sends it with another description."""
    record = kind.owned_by(owner)
    path, words = record.get_edit_absolute_url(), person.trace("edited", kind)
    form = {**person.root.get(path).fields(), "description": [words]}
    opened, sent = person.browser.get(path), person.browser.post(path, form)
    record.refresh_from_db()
    return agreed(is_granted(opened), is_granted(sent), record.description == words)


def delete_it(person: Person, kind: Kind, owner: str) -> bool:
    """Moves another record of this owner to the bin."""
    record = kind.make(owner, f"spare {kind.name}")
    sent = person.browser.post(record.get_delete_absolute_url())
    record.refresh_from_db()
    outcome = agreed(is_granted(sent), record.is_deleted)
    record.delete()
    return outcome


DEEDS: dict[str, Callable[[Person, Kind, str], bool]] = {
    "list": list_them,
    "create": create_one,
    "import": import_some,
    "export": export_all,
    "open": open_it,
    "edit": edit_it,
    "delete": delete_it,
}


def export(person: Person, kind: Kind) -> Page:
    """The answer to an export."""
    query = {"ct_id": content_type(kind), "type": "csv", "hfilter": kind.columns}
    return person.browser.get(reverse("creme_core__mass_export"), **query)


def content_type(kind: Kind) -> int:
    """Creme's number of a kind of records."""
    return int(ContentType.objects.get_for_model(kind.model).id)


def filled(page: Page, kind: Kind, title: str, owner: CremeUser) -> Fields:
    """The form of a new record, filled out by its owner."""
    form = {**page.fields(), kind.title: [title], "user": [str(owner.id)]}
    if kind is OPPORTUNITY:
        ours, other = get_organisation_model().objects.order_by("id")[:2]
        form["cform_extra-opportunities_emitter"] = [str(ours.id)]
        form["cform_extra-opportunities_target"] = [
            f'{{"ctype": {{"id": {other.entity_type_id}}}, "entity": {other.id}}}'
        ]
    if kind is ACTIVITY:
        form["cform_extra-activities_subtype"] = [str(ACTIVITY.model.objects.first().sub_type_id)]
        calendar = Calendar.objects.get_default_calendar(owner)
        form["cform_extra-activities_my_participation_1"] = [str(calendar.id)]
    return form


def is_granted(page: Page) -> bool:
    """Whether an answer is a yes. What is neither yes nor no is a mistake of the tests, or of Creme."""
    if page.is_refused():
        return False
    if page.status == 200 and "errorlist" in page.body:
        raise Unexpected(f"the form of {page.path} was not filled out well: {wrong_fields(page)}")
    if page.status == 200 or (page.status == 302 and not page.asks_who()):
        return True
    raise Unexpected(f"{page.status} {page.goes_to} for {page.path}")


def wrong_fields(page: Page) -> list[str]:
    """The fields of a form that Creme complains of."""
    named: list[str] = re.findall(r'errorlist[^>]*id="(?:id_)?([^"]*)_error"', page.body)
    return named or re.findall(r"errorlist.{0,200}", page.body)


def agreed(*outcomes: bool) -> bool:
    """What all of these say; a deed that is refused in part is no answer."""
    if len(set(outcomes)) != 1:
        raise Unexpected(f"Creme says {outcomes} to one and the same deed")
    return outcomes[0]


def everything(kinds: tuple[Kind, ...], owners: list[str]) -> list[Act]:
    """Every act with every kind, and with the records of all owners."""
    whole = [act for kind in kinds for act in acts_of_all(kind)]
    return whole + [act for kind in kinds for owner in owners for act in acts_on(kind, owner)]
