//! `[[principals]]`: who may ask.
//!
//! Owns the step from such a table to a principal. A token itself is never taken: only its hash.

use super::settings::{PrincipalEntry, Settings};
use protocol::Role;
use yoi_access::{LabelRule, LabelRuleError, Principal, PrincipalNameError, Selector, TokenHashError};
use yoi_settings::{Entry, Form, Item, Section, values};

pub(super) const SECTION: Section<Settings> = Section {
    name: "principals",
    form: Form::List,
    read: |settings, entry| settings.principals.extend(read(entry)),
    items,
};

/// The words for roles.
#[derive(Clone, Copy)]
pub(super) enum RoleWord {
    Viewer,
    Operator,
    Admin,
}

pub(super) const ROLES: [(&str, RoleWord); 3] =
    [("viewer", RoleWord::Viewer), ("operator", RoleWord::Operator), ("admin", RoleWord::Admin)];

/// What is shown of them.
fn items(settings: &Settings) -> Vec<Item> {
    let item = |entry: &PrincipalEntry| {
        let only: Vec<_> = entry.principal.only().rules().iter().map(ToString::to_string).collect();
        Item {
            name: entry.principal.name().to_string(),
            members: vec![("role", entry.principal.role().to_string()), ("labels", only.join(","))],
            origin: entry.place.clone(),
        }
    };
    settings.principals.iter().map(item).collect()
}

/// A rule about labels.
pub(super) fn label_rule(text: &str) -> Result<LabelRule, String> {
    text.parse().map_err(|error: LabelRuleError| format!("does not fit: {error}"))
}

/// Reads one; none where something is wrong, which is told.
fn read(entry: Entry<'_>) -> Option<PrincipalEntry> {
    let Entry { place, mut members, .. } = entry;
    let name = members.required("name", "who it is", |members, name| {
        members.parsed(name, |text| text.parse().map_err(|error: PrincipalNameError| format!("does not fit: {error}")))
    });
    let role = members.required("role", "viewer, operator or admin", |members, name| {
        members.parsed(name, |text| values::word(text, &ROLES))
    });
    let role = role.map(|word| match word {
        RoleWord::Viewer => Role::Viewer,
        RoleWord::Operator => Role::Operator,
        RoleWord::Admin => Role::Admin,
    });
    let hash = members.required("token_hash", "`yoi token new` makes a token and its hash", |members, name| {
        members.parsed(name, |text| text.parse().map_err(|error: TokenHashError| format!("does not fit: {error}")))
    });
    let only: Option<Selector> = members.parsed_texts("labels", label_rule);
    members.finish();
    Some(PrincipalEntry { principal: Principal::new(name?, role?, only.unwrap_or_default(), hash?), place })
}
