//! `[roles.NAME]`: what is hidden from whom.
//!
//! Owns the step from such a table to a role's rules. What a role may do is not configured.

use super::principals::{ROLES, RoleWord, label_rule};
use super::settings::Settings;
use yoi_access::{Hide, RedactWhen, Redaction, RoleRules};
use yoi_settings::{Entry, Form, Item, Members, Section, values};

pub(super) const SECTION: Section<Settings> = Section { name: "roles", form: Form::Named, read, items };

/// What is shown of them.
fn items(settings: &Settings) -> Vec<Item> {
    let item = |(name, place): &(String, String)| {
        let rules = match name.as_str() {
            "viewer" => &settings.roles.viewer,
            "operator" => &settings.roles.operator,
            _ => &settings.roles.admin,
        };
        let hide: Vec<_> = rules.hide.iter().map(ToString::to_string).collect();
        let when = rules.when.iter().map(|when| {
            let labels: Vec<_> = when.labels.rules().iter().map(ToString::to_string).collect();
            format!("{}: {}", labels.join(","), when.redact)
        });
        Item {
            name: name.clone(),
            members: vec![
                ("redact", rules.redact.to_string()),
                ("hide", hide.join(",")),
                ("when", when.collect::<Vec<_>>().join("; ")),
            ],
            origin: place.clone(),
        }
    };
    settings.role_places.iter().map(item).collect()
}

fn redaction(members: &mut Members<'_>) -> Option<Redaction> {
    let words = Hide::ALL.map(|hide| (hide.as_str(), hide));
    members.parsed_texts("redact", |text| values::word(text, &words))
}

fn read(settings: &mut Settings, entry: Entry<'_>) {
    let Entry { name, place, mut members } = entry;
    let mut rules = RoleRules {
        redact: redaction(&mut members).unwrap_or_default(),
        when: Vec::new(),
        hide: members.parsed_texts("hide", label_rule).unwrap_or_default(),
    };
    members.tables("when", |mut when| {
        let labels = when.required("labels", "the workers it is about, such as [\"team=core\"]", |members, name| {
            members.parsed_texts(name, label_rule)
        });
        let redact = when.required("redact", "what is hidden of them; [] for nothing", |members, _| redaction(members));
        when.finish();
        rules.when.extend(labels.zip(redact).map(|(labels, redact)| RedactWhen { labels, redact }));
    });
    match values::word(&name, &ROLES) {
        Ok(RoleWord::Viewer) => settings.roles.viewer = rules,
        Ok(RoleWord::Operator) => settings.roles.operator = rules,
        Ok(RoleWord::Admin) => settings.roles.admin = rules,
        Err(words) => members.unfit(&format!("is of a role, which {words}")),
    }
    members.finish();
    settings.role_places.push((name, place));
}
