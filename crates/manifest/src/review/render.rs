//! A review as text.
//!
//! Owns its layout: plain, at most 80 columns, bounded. Texts of authors were checked when they
//! were read: one line, nothing invisible.

use super::{CapabilityReview, Gap, Review, TargetReview};
use crate::{Finding, Ports, Reach, Standing};
use std::fmt::Display;

/// The most columns.
const WIDTH: usize = 80;
/// The most entries of one list.
const MAX: usize = 12;
/// The most words of one field.
const MAX_WORDS: usize = 8;

/// The whole review.
pub(super) fn text(review: &Review) -> String {
    let mut page = Page::default();
    let plugin = &review.plugin;
    page.line(0, "", &format!("{} {}: {}", plugin.id, plugin.version, plugin.name));
    page.line(2, "", &plugin.description);
    page.line(0, "stands   ", standing(review));
    page.line(0, "package  ", &review.package.to_string());
    if let Some(pinned) = review.pinned.filter(|pinned| *pinned != review.package) {
        page.line(0, "granted  ", &pinned.to_string());
    }
    if !review.grew.is_empty() && review.standing != Standing::Unknown {
        page.head("grew: asked for since somebody last looked");
        page.list(&review.grew, |page, grown| {
            page.line(4, "+ ", &format!("{} `{}`: {}", grown.capability, grown.target.id(), grown.part));
        });
    }
    for capability in &review.capabilities {
        page.capability(capability);
    }
    page.text
}

fn standing(review: &Review) -> &'static str {
    match review.standing {
        Standing::Unknown => "not granted: this workspace says nothing of it, and it may reach nothing",
        Standing::Disabled => "disabled: it does not run",
        Standing::Current => "in force",
        Standing::Updated => "in force: another package than the one granted, which asks for nothing more",
        Standing::Suspended if review.pinned.is_none() => "suspended: no package was looked at",
        Standing::Suspended => "suspended: another package than the one granted, which asks for more",
    }
}

/// A text that grows.
#[derive(Default)]
struct Page {
    text: String,
}

impl Page {
    fn capability(&mut self, review: &CapabilityReview) {
        self.head(review.capability.name());
        if review.requested.is_empty() && review.granted.is_empty() {
            self.line(2, "", "nothing is requested and nothing is granted");
            return;
        }
        self.targets("requested", &review.requested);
        self.targets("granted", &review.granted);
        self.gaps("missing: requested, not granted", &review.missing);
        self.gaps("unrequested: granted, not requested, of no effect", &review.unrequested);
        self.findings("BROAD: needs --allow-broad", &review.broad);
        self.findings("LOOPBACK: this machine", &review.loopback);
        self.findings("PRIVATE: the local network", &review.private);
    }

    fn targets(&mut self, title: &str, targets: &[TargetReview]) {
        if targets.is_empty() {
            self.line(2, "", &format!("{title}: nothing"));
            return;
        }
        self.line(2, "", title);
        self.list(targets, Page::target);
    }

    fn target(&mut self, review: &TargetReview) {
        let target = &review.target;
        self.line(4, "", target.id());
        if let Some(reason) = target.reason() {
            self.field("why", reason);
        }
        let hosts = review.hosts.iter().map(|host| {
            if host.ascii == host.unicode { host.ascii.clone() } else { format!("{} ({})", host.unicode, host.ascii) }
        });
        self.field("schemes", &join(target.schemes().iter()));
        self.field("hosts", &join(hosts));
        let ports = match target.ports() {
            Ports::Default => join(target.schemes().iter().map(|scheme| scheme.default_port())),
            Ports::These(ports) => join(ports.iter()),
            Ports::Any => "any".to_owned(),
        };
        self.field("ports", &ports);
        if !target.methods().is_empty() {
            self.field("methods", &join(target.methods().iter()));
        }
        self.field("paths", &join(target.path_prefixes().iter()));
        match target.subprotocols() {
            Some([]) => self.field("speaks", "no subprotocol"),
            Some(subprotocols) => self.field("speaks", &join(subprotocols.iter())),
            None => {}
        }
        let place = match target.address() {
            Reach::Public => "the internet",
            Reach::Loopback => "this machine",
            Reach::Private => "the local network",
        };
        self.field("reaches", place);
        for credential in &review.credentials {
            self.field("adds", credential);
        }
        for url in &review.examples.matches {
            self.field("yes", url);
        }
        for differs in &review.examples.differs {
            self.field("no", &format!("{} ({})", differs.url, differs.reason));
        }
    }

    fn gaps(&mut self, title: &str, gaps: &[Gap]) {
        if gaps.is_empty() {
            return;
        }
        self.line(2, "", title);
        self.list(gaps, |page, gap| {
            for part in &gap.parts {
                page.line(4, "- ", &format!("`{}`: {part}", gap.target));
            }
            if gap.more > 0 {
                page.line(4, "- ", &format!("`{}`: {} more like these", gap.target, gap.more));
            }
        });
    }

    fn findings(&mut self, title: &str, findings: &[Finding]) {
        if findings.is_empty() {
            return;
        }
        self.line(2, "", title);
        self.list(findings, |page, finding| match &finding.target {
            Some(target) => page.line(4, "! ", &format!("`{target}`: {}", finding.words)),
            None => page.line(4, "! ", &finding.words),
        });
    }

    fn list<T>(&mut self, items: &[T], mut print: impl FnMut(&mut Page, &T)) {
        for item in items.iter().take(MAX) {
            print(self, item);
        }
        if items.len() > MAX {
            self.line(4, "", &format!("… and {} more; --json has all", items.len() - MAX));
        }
    }

    fn head(&mut self, words: &str) {
        self.text.push('\n');
        self.line(0, "", words);
    }

    fn field(&mut self, name: &str, value: &str) {
        self.line(6, &format!("{name:<8} "), value);
    }

    /// One line, folded at spaces, or anywhere in what has none. Later lines begin under the first.
    fn line(&mut self, indent: usize, mark: &str, words: &str) {
        let start = indent + mark.chars().count();
        self.text.push_str(&" ".repeat(indent));
        self.text.push_str(mark);
        let mut column = start;
        for word in words.split(' ').filter(|word| !word.is_empty()) {
            let length = word.chars().count();
            if column > start && column + 1 + length > WIDTH {
                self.fold(start);
                column = start;
            } else if column > start {
                self.text.push(' ');
                column += 1;
            }
            for c in word.chars() {
                if column == WIDTH {
                    self.fold(start);
                    column = start;
                }
                self.text.push(c);
                column += 1;
            }
        }
        self.text.push('\n');
    }

    fn fold(&mut self, start: usize) {
        self.text.push('\n');
        self.text.push_str(&" ".repeat(start));
    }
}

/// Few of many, with commas.
fn join<T: Display>(items: impl Iterator<Item = T>) -> String {
    let items: Vec<String> = items.map(|item| item.to_string()).collect();
    let shown = items.iter().take(MAX_WORDS).map(String::as_str).collect::<Vec<_>>().join(", ");
    let more = items.len().saturating_sub(MAX_WORDS);
    if more == 0 { shown } else { format!("{shown} and {more} more") }
}
