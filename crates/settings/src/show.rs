//! `config show`: each setting's value and where it comes from.
//!
//! Owns its two forms. Secrets are masked before they come here.

use crate::resolve::Origin;
use serde_json::{Map, Value, json};
use std::io::Write;
use std::process::ExitCode;

/// The widest that the column of values is made.
const WIDTH: usize = 60;

/// One thing of a section, as it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// What it is called.
    pub name: String,
    /// What it is, by name: the first is shown to people, all to programs. No secrets.
    pub members: Vec<(&'static str, String)>,
    /// Where it stands.
    pub origin: String,
}

/// The settings of one table, each with where it comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The table's title.
    pub title: &'static str,
    /// The settings.
    pub origins: Vec<Origin>,
    /// What the sections hold.
    pub items: Vec<(&'static str, Vec<Item>)>,
}

/// Prints every setting with its origin, as text or as JSON, and what the operator should know.
pub fn show(reports: &[&Report], warnings: &[String], json: bool) -> ExitCode {
    for warning in warnings {
        eprintln!("warning: {warning}");
    }
    let text = if json { as_json(reports) } else { as_text(reports) };
    // whoever reads may have stopped reading
    let _ = std::io::stdout().write_all(text.as_bytes());
    ExitCode::SUCCESS
}

/// For people: `name = value  # origin`. Several tables have their titles above them.
#[must_use]
pub fn as_text(reports: &[&Report]) -> String {
    let texts: Vec<String> = reports.iter().map(|report| text_of(report)).collect();
    match texts.as_slice() {
        [only] => only.clone(),
        _ => {
            let titled = reports.iter().zip(&texts).map(|(report, text)| format!("# {}\n{text}", report.title));
            titled.collect::<Vec<_>>().join("\n")
        }
    }
}

fn text_of(report: &Report) -> String {
    let mut lines: Vec<(String, &str)> = Vec::new();
    for origin in &report.origins {
        let value = origin.value.as_deref().unwrap_or("(none)");
        lines.push((format!("{} = {value}", origin.key), &origin.origin));
    }
    for (section, item) in report.items.iter().flat_map(|(section, items)| items.iter().map(move |i| (section, i))) {
        let words = item.members.first().map(|(_, words)| words.as_str()).unwrap_or_default();
        lines.push((format!("{section}.{} = {words}", item.name), &item.origin));
    }
    let width = lines.iter().map(|(left, _)| left.chars().count()).max().unwrap_or_default().min(WIDTH);
    lines.iter().map(|(left, origin)| format!("{left:<width$}  # {origin}\n")).collect()
}

/// For programs. A setting says which table it is of where there are several.
#[must_use]
pub fn as_json(reports: &[&Report]) -> String {
    let mut whole = Map::new();
    let mut settings = Vec::new();
    for report in reports {
        for origin in &report.origins {
            let mut setting = json!({ "key": origin.key, "value": origin.value, "origin": origin.origin });
            if let (Some(members), true) = (setting.as_object_mut(), reports.len() > 1) {
                members.insert("table".to_owned(), report.title.into());
            }
            settings.push(setting);
        }
    }
    whole.insert("settings".to_owned(), settings.into());
    for (section, items) in reports.iter().flat_map(|report| &report.items) {
        let items = items.iter().map(|item| {
            let name = ("name".to_owned(), Value::from(item.name.as_str()));
            let members = item.members.iter().map(|(name, value)| ((*name).to_owned(), Value::from(value.as_str())));
            let origin = ("origin".to_owned(), Value::from(item.origin.as_str()));
            std::iter::once(name).chain(members).chain([origin]).collect::<Map<_, _>>()
        });
        whole.insert((*section).to_owned(), items.map(Value::Object).collect());
    }
    format!("{:#}\n", Value::Object(whole))
}
