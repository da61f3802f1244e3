//! A policy file: its sections, and the fields of each kind of declaration.
//!
//! Describes; the comments of the fields are what editors show. The fields are those of the files under `syntax`.

#![expect(dead_code, reason = "these types describe what files hold; their values are never made")]

use schemars::JsonSchema;

use super::rule::{Expectation, Member, Rule};
use super::value::{
    Count, Declarations, Duration, List, ModuleSetName, Name, Names, OpenText, OwnRightName, Positive, RoleName, Text,
    UserName,
};
use super::{all_optional, may_be_empty};

/// Declarations of who may do what in the CRM. Every file may hold any of the sections; files are merged, and their
/// order never matters.
#[derive(JsonSchema)]
#[schemars(title = "Rightful policy file", deny_unknown_fields, transform = may_be_empty)]
pub struct PolicyFile {
    /// The staff register: people, whether or not they have an account.
    employees: Declarations<Name, Employee>,
    /// The accounts of the CRM.
    users: Declarations<Name, User>,
    /// Groups of users, which hold rights together. A group may be a member of another one.
    groups: Declarations<Name, Group>,
    /// The modules of the CRM.
    modules: Declarations<Name, Module>,
    /// Module sets: modules in the order of the module bar, to be prescribed to users and groups.
    module_sets: Declarations<Name, ModuleSet>,
    /// Classes of attachments that are locked. A file that matches no class is open to all.
    attachments: Declarations<Name, AttachmentClass>,
    /// The organisation's own rights, beside the built-in catalogue.
    rights: Declarations<OwnRightName, Right>,
    /// Whom the database belongs to. Stands once in all files; what is not known yet may be left open.
    company: Company,
    /// What was bought. Stands once in all files; what is not known yet may be left open.
    licence: Licence,
    /// Roles: what people with online access get besides their groups.
    roles: Declarations<Name, Role>,
    /// Access by the web: who has it, who answers for it, and how it runs. Stands once in all files.
    online: Online,
    /// What must hold. `rightful check` proves it for every active user.
    expect: Expectations,
}

/// An entry of the staff register.
#[derive(JsonSchema)]
#[schemars(title = "Employee", deny_unknown_fields, transform = may_be_empty)]
struct Employee {
    /// The full name.
    name: Text,
    /// The e-mail address.
    email: Text,
    /// The telephone number.
    phone: Text,
    /// The department.
    department: Text,
    /// The language in which the person is written to.
    #[schemars(extend("examples" = ["en", "de", "nb", "nl"]))]
    language: Text,
}

/// An account of the CRM.
#[derive(JsonSchema)]
#[schemars(title = "User", deny_unknown_fields, transform = may_be_empty)]
struct User {
    /// The link into the staff register. One employee has at most one user.
    employee: Name,
    /// The name to show, if it is not the employee's.
    name: Text,
    /// Whether the account administers the program. It gives no right of the catalogue.
    #[schemars(extend("default" = false))]
    superuser: bool,
    /// Whether the account is in use.
    #[schemars(extend("default" = true))]
    active: bool,
    /// The module set prescribed to this user, before that of any group.
    modules: ModuleSetName,
    /// What the account was called before: it is renamed instead of replaced.
    renamed_from: Name,
    /// What this user may do. Own rules decide before those of groups.
    allow: List<Rule>,
    /// What this user may not do. Own rules decide before those of groups.
    deny: List<Rule>,
}

/// Users and groups who hold rights together.
#[derive(JsonSchema)]
#[schemars(title = "Group", deny_unknown_fields, transform = may_be_empty)]
struct Group {
    /// The name to show.
    name: Text,
    /// Who is in the group: users, groups or `everyone`. The members of a group in it are members too.
    members: List<Member>,
    /// The module set prescribed to the members.
    modules: ModuleSetName,
    /// What the members may do. An allow of any group wins over the denies of groups.
    allow: List<Rule>,
    /// What the members may not do, unless another group allows it; exceptions from a wider allow of this group.
    deny: List<Rule>,
}

/// A module of the CRM.
#[derive(JsonSchema)]
#[schemars(title = "Module", deny_unknown_fields, transform = may_be_empty)]
struct Module {
    /// The name to show.
    name: Text,
}

/// The modules of the set, in the order of the module bar.
#[derive(JsonSchema)]
#[schemars(title = "Module set", transparent)]
struct ModuleSet(Names);

/// Patterns of base names, `*` for any characters and `?` for one. Quote what begins with `*`.
#[derive(JsonSchema)]
#[schemars(title = "Attachment class", transparent, extend("examples" = [["*.exe", "*.bat", "*.msi"]]))]
struct AttachmentClass(List<Text>);

/// A right that the catalogue does not have.
#[derive(JsonSchema)]
#[schemars(
    title = "Right",
    deny_unknown_fields,
    transform = may_be_empty,
    extend("if" = { "type": "object", "required": ["own"] }),
    extend("then" = { "required": ["of"], "properties": { "of": { "const": "people" } } })
)]
struct Right {
    /// The name to show: one text, or one for each language.
    name: Label,
    /// What it means, in one line.
    meaning: Text,
    /// What the right is over; without it, it is a plain right.
    of: Scope,
    /// What one may do with one's own data; for rights over people only.
    #[schemars(extend("default" = "rules"))]
    own: OwnData,
}

/// A name to show.
#[derive(JsonSchema)]
#[schemars(transparent, extend("type" = ["string", "number", "boolean", "object"]))]
struct Label(LabelByLanguage);

/// A name to show in each language.
#[derive(JsonSchema)]
#[schemars(inline, deny_unknown_fields, transform = all_optional)]
struct LabelByLanguage {
    /// English, shown where another language is missing.
    en: Text,
    /// German.
    de: Text,
    /// Norwegian (bokmål).
    nb: Text,
    /// Dutch.
    nl: Text,
}

/// What a right is over.
#[derive(JsonSchema)]
#[schemars(title = "Scope", rename_all = "lowercase")]
enum Scope {
    /// Over other people's data: `of` a user, a group or `everyone`.
    People,
    /// Over modules: `of` a module, a module set or `everything`.
    Modules,
    /// Over attachment classes: `of` a class or `everything`.
    Attachments,
}

/// What one may do with one's own data.
#[derive(JsonSchema)]
#[schemars(title = "Own data", rename_all = "lowercase")]
enum OwnData {
    /// It is always allowed.
    Allow,
    /// The rules decide, as for everybody's data.
    Rules,
}

/// Whom the database belongs to.
#[derive(JsonSchema)]
#[schemars(title = "Company", deny_unknown_fields, transform = may_be_empty)]
struct Company {
    /// The name of the firm.
    name: OpenText,
    /// Where the firm has its seat.
    address: Address,
    /// The telephone number.
    phone: OpenText,
    /// The e-mail address.
    email: OpenText,
    /// The number by which authorities know the firm.
    organisation_number: OpenText,
}

/// An address.
#[derive(JsonSchema)]
#[schemars(title = "Address", deny_unknown_fields, transform = may_be_empty)]
struct Address {
    /// Street and number.
    street: OpenText,
    /// The postal code.
    postal_code: OpenText,
    /// The city.
    city: OpenText,
    /// The country.
    country: OpenText,
}

/// What was bought.
#[derive(JsonSchema)]
#[schemars(title = "Licence", deny_unknown_fields, transform = may_be_empty)]
struct Licence {
    /// On whose name it is.
    name: OpenText,
    /// Who answers for it.
    contact: OpenText,
    /// That person's telephone number.
    phone: OpenText,
    /// How many company databases may be connected.
    company_databases: Count,
    /// How many users may be invited.
    invitations: Count,
    /// Which services they may use.
    #[schemars(extend("examples" = [["crm", "calendar"]]))]
    services: List<Text>,
}

/// What people with online access get besides their groups.
#[derive(JsonSchema)]
#[schemars(title = "Role", deny_unknown_fields, transform = may_be_empty)]
struct Role {
    /// The name to show.
    name: Text,
    /// What people with this role may do; counts like an allow of a group.
    allow: List<Rule>,
    /// What people with this role may not do; counts like a deny of a group.
    deny: List<Rule>,
}

/// Access by the web.
#[derive(JsonSchema)]
#[schemars(title = "Online", deny_unknown_fields, transform = may_be_empty)]
struct Online {
    /// The superuser who connects, disconnects and answers for synchronisation.
    responsible: UserName,
    /// The machines that may synchronise, in order of preference.
    machines: Names,
    /// How often it is synchronised.
    interval: Duration,
    /// After how long a silence the next machine takes over.
    take_over_after: Duration,
    /// After how long an idleness one must log in again.
    idle_logout: Duration,
    /// After how many failed logins an account is locked.
    failed_logins: Positive,
    /// How long an invitation is valid.
    invitation_valid: Duration,
    /// Who has access, by the names of users.
    access: Declarations<Name, Access>,
}

/// The online access of one user.
#[derive(JsonSchema)]
#[schemars(title = "Access", deny_unknown_fields, transform = may_be_empty)]
struct Access {
    /// The role that the user has online.
    role: RoleName,
    /// What the invitation says to the person.
    message: Text,
    /// Where the invitation goes, if not to the employee's address.
    email: Text,
    /// Which services of the licence the user may use online, if not all of them.
    #[schemars(extend("examples" = [["calendar"]]))]
    services: List<Text>,
}

/// What must hold.
#[derive(JsonSchema)]
#[schemars(title = "Expectations", transparent, extend("type" = ["array", "null"]))]
struct Expectations(List<Expectation>);
