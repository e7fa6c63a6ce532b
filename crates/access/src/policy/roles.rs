//! The built-in policy: viewers, operators and admins.
//!
//! Owns what each role may do, and what configuration hides from it. Without configuration every
//! role sees everything.

use super::{ClassId, Command, Denied, ObservationPolicy, Observe, Subject};
use crate::labels::{LabelRule, Labels, Selector};
use crate::principal::Principal;
use crate::principals::Principals;
use crate::redaction::{Redaction, RedactionLens, WorkspaceLens, is_shown, without_totals};
use observation::Lens;
use protocol::api::{TranscriptPage, WorkerDetail};
use protocol::{Role, RuntimeId, RuntimeRow};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What is hidden of workers with some labels, in place of what a role is kept from otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RedactWhen {
    /// The workers.
    pub labels: Selector,
    /// What is hidden of them.
    pub redact: Redaction,
}

/// What is hidden from a role.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RoleRules {
    /// Of workers.
    pub redact: Redaction,
    /// Of workers with some labels; the first that matches counts.
    pub when: Vec<RedactWhen>,
    /// Workers that are not there at all: those that match any of these.
    pub hide: Vec<LabelRule>,
}

impl RoleRules {
    fn redaction(&self, labels: &Labels) -> Redaction {
        let special = self.when.iter().find(|when| when.labels.matches(labels));
        special.map_or(self.redact, |when| when.redact)
    }

    fn redactions(&self) -> impl Iterator<Item = Redaction> {
        self.when.iter().map(|when| when.redact).chain([self.redact])
    }
}

/// What is hidden from each role; by default nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RolesRules {
    /// Who watches.
    pub viewer: RoleRules,
    /// Who drives as well.
    pub operator: RoleRules,
    /// Who may do everything.
    pub admin: RoleRules,
}

impl RolesRules {
    fn of(&self, role: &Role) -> Option<&RoleRules> {
        match role {
            Role::Viewer => Some(&self.viewer),
            Role::Operator => Some(&self.operator),
            Role::Admin => Some(&self.admin),
            Role::Other(_) => None,
        }
    }
}

/// The built-in policy.
pub struct Roles {
    rules: RolesRules,
    lenses: BTreeMap<ClassId, Arc<dyn Lens>>,
    /// For classes that are none of this policy's: the answer of a policy that is no longer in
    /// force must not open what it kept.
    strictest: Arc<dyn Lens>,
}

impl Roles {
    /// The policy of these rules for these principals.
    #[must_use]
    pub fn new(rules: RolesRules, principals: &Principals) -> Roles {
        let mut lenses: BTreeMap<ClassId, Arc<dyn Lens>> = BTreeMap::new();
        let all = [&rules.viewer, &rules.operator, &rules.admin];
        for redaction in all.into_iter().flat_map(RoleRules::redactions) {
            let class = redaction_class(redaction);
            let lens = RedactionLens::new(class.as_str(), redaction);
            lenses.insert(class, Arc::new(lens));
        }
        let open = Principal::open();
        for principal in principals.iter().map(|principal| &**principal).chain([&open]) {
            if let Some(rules) = rules.of(principal.role()) {
                let class = workspace_class(rules, principal.only());
                let lens = WorkspaceLens::new(class.as_str(), rules.hide.clone(), principal.only().clone());
                lenses.insert(class, Arc::new(lens));
            }
        }
        lenses.remove(&ClassId::everything());
        Roles { rules, lenses, strictest: Arc::new(WorkspaceLens::nothing("nothing")) }
    }

    /// The rules for somebody, where the worker is there for them.
    fn rules(&self, who: &Principal, labels: &Labels) -> Option<&RoleRules> {
        self.rules.of(who.role()).filter(|rules| is_shown(&rules.hide, who.only(), labels))
    }
}

fn redaction_class(redaction: Redaction) -> ClassId {
    if redaction.is_nothing() { ClassId::everything() } else { ClassId::new(&format!("without {redaction}")) }
}

/// Rules of one text hide the same.
fn workspace_class(rules: &RoleRules, only: &Selector) -> ClassId {
    if rules.hide.is_empty() && only.is_everything() {
        return ClassId::everything();
    }
    // as JSON: a label may hold any character
    let texts = |rules: &[LabelRule]| rules.iter().map(ToString::to_string).collect::<Vec<_>>();
    ClassId::new(&serde_json::json!({ "hide": texts(&rules.hide), "only": texts(only.rules()) }).to_string())
}

/// Whether a role includes a command.
fn allows(role: &Role, command: Command) -> bool {
    match role {
        Role::Admin => true,
        Role::Operator => command != Command::Delete,
        Role::Viewer | Role::Other(_) => false,
    }
}

impl ObservationPolicy for Roles {
    fn observe(&self, who: &Principal, subject: &Subject<'_>) -> Observe {
        match self.rules(who, subject.labels) {
            Some(rules) => Observe::As(redaction_class(rules.redaction(subject.labels))),
            None => Observe::Hidden,
        }
    }

    fn workspace(&self, who: &Principal) -> ClassId {
        match self.rules.of(who.role()) {
            Some(rules) => workspace_class(rules, who.only()),
            None => ClassId::new(self.strictest.id()),
        }
    }

    fn lens(&self, class: &ClassId) -> Option<Arc<dyn Lens>> {
        if *class == ClassId::everything() {
            return None;
        }
        Some(Arc::clone(self.lenses.get(class).unwrap_or(&self.strictest)))
    }

    fn hides_workers(&self, who: &Principal) -> bool {
        self.workspace(who) != ClassId::everything()
    }

    fn runtime(&self, who: &Principal, row: RuntimeRow) -> RuntimeRow {
        if self.hides_workers(who) { without_totals(row) } else { row }
    }

    /// Whoever drives anything may see what the workspace lets plugins reach; whoever is kept to some workers not.
    fn sees_plugins(&self, who: &Principal) -> bool {
        matches!(who.role(), Role::Operator | Role::Admin) && who.only().is_everything()
    }

    /// Tickets are of no worker: whoever may watch anything may read them.
    fn reads_tickets(&self, who: &Principal) -> bool {
        self.rules.of(who.role()).is_some()
    }

    fn writes_tickets(&self, who: &Principal) -> Result<(), Denied> {
        if matches!(who.role(), Role::Operator | Role::Admin) { Ok(()) } else { Err(Denied::Forbidden) }
    }

    fn create(&self, who: &Principal, _runtime_id: &RuntimeId, labels: &Labels) -> Result<(), Denied> {
        // one that its maker could not see afterwards is not made
        let is_allowed = matches!(who.role(), Role::Operator | Role::Admin) && self.rules(who, labels).is_some();
        if is_allowed { Ok(()) } else { Err(Denied::Forbidden) }
    }

    fn command(&self, who: &Principal, subject: &Subject<'_>, command: Command) -> Result<(), Denied> {
        if self.rules(who, subject.labels).is_none() {
            return Err(Denied::NotFound);
        }
        if allows(who.role(), command) { Ok(()) } else { Err(Denied::Forbidden) }
    }

    fn detail(&self, who: &Principal, subject: &Subject<'_>, detail: WorkerDetail) -> WorkerDetail {
        let redaction = self.rules(who, subject.labels).map(|rules| rules.redaction(subject.labels));
        let redaction = redaction.unwrap_or_else(Redaction::everything);
        // a path of the runtime's machine is for those who work with it
        let may_see_path = matches!(who.role(), Role::Operator | Role::Admin);
        WorkerDetail {
            workdir: detail.workdir.filter(|_| may_see_path),
            approvals: redaction.approvals(detail.approvals),
            affordances: Some(self.affordances(who, subject)),
            ..detail
        }
    }

    fn transcript(&self, class: &ClassId, page: TranscriptPage) -> TranscriptPage {
        let all = [&self.rules.viewer, &self.rules.operator, &self.rules.admin];
        let mut redactions = all.into_iter().flat_map(RoleRules::redactions);
        if *class == ClassId::everything() {
            return page;
        }
        let redaction = redactions.find(|redaction| redaction_class(*redaction) == *class);
        redaction.unwrap_or_else(Redaction::everything).page(page)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::redaction::Hide;
    use crate::token::TokenHash;
    use protocol::{Affordance, WorkerId};

    fn rules() -> RolesRules {
        RolesRules {
            viewer: RoleRules {
                redact: [Hide::Thinking, Hide::ToolArguments].into_iter().collect(),
                when: vec![RedactWhen {
                    labels: ["team=core".parse().unwrap()].into_iter().collect(),
                    redact: Redaction::default(),
                }],
                hide: vec!["secret=yes".parse().unwrap(), "private".parse().unwrap()],
            },
            operator: RoleRules { hide: vec!["private".parse().unwrap()], ..RoleRules::default() },
            admin: RoleRules::default(),
        }
    }

    fn principal(role: Role, only: &[&str]) -> Principal {
        let only = only.iter().map(|rule| rule.parse().unwrap()).collect();
        Principal::new("ann".parse().unwrap(), role, only, TokenHash::of(b"1"))
    }

    fn labels(all: &[(&str, &str)]) -> Labels {
        all.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    fn roles() -> [Role; 4] {
        [Role::Viewer, Role::Operator, Role::Admin, Role::from("of_tomorrow")]
    }

    /// What every role may see and do, with workers of every sort.
    #[test]
    fn the_whole_table() {
        let policy = Roles::new(rules(), &Principals::default());
        let runtime_id: RuntimeId = "a".parse().unwrap();
        let mut table = String::new();
        for worker in [&[][..], &[("team", "core")], &[("secret", "yes")], &[("private", "")]] {
            let labels = labels(worker);
            let subject = Subject { runtime_id: &runtime_id, worker_id: WorkerId::from_parts(1, 2), labels: &labels };
            for role in roles() {
                let who = principal(role.clone(), &[]);
                let may: Vec<_> = policy.affordances(&who, &subject).iter().map(ToString::to_string).collect();
                let create = policy.create(&who, &runtime_id, &labels);
                let delete = policy.command(&who, &subject, Command::Delete);
                table += &format!(
                    "{worker:?} {role}: {:?}, may [{}], create {create:?}, delete {delete:?}\n",
                    policy.observe(&who, &subject),
                    may.join(" "),
                );
            }
        }
        insta::assert_snapshot!(table);
    }

    #[test]
    fn who_watches_reads_tickets_and_who_drives_writes_them() {
        let policy = Roles::new(rules(), &Principals::default());
        let may = |role, only: &[&str]| {
            let who = principal(role, only);
            (policy.reads_tickets(&who), policy.writes_tickets(&who).is_ok())
        };
        let all = roles().map(|role| may(role, &[]));
        assert_eq!(all, [(true, false), (true, true), (true, true), (false, false)]);
        assert_eq!(may(Role::Operator, &["team=core"]), (true, true));
    }

    #[test]
    fn a_principal_may_be_limited_to_some_workers() {
        let policy = Roles::new(RolesRules::default(), &Principals::default());
        let runtime_id: RuntimeId = "a".parse().unwrap();
        let who = principal(Role::Admin, &["team=core"]);
        let (ours, theirs) = (labels(&[("team", "core"), ("x", "y")]), labels(&[("team", "web")]));
        let subject = |labels| Subject { runtime_id: &runtime_id, worker_id: WorkerId::from_parts(1, 2), labels };
        assert_eq!(policy.observe(&who, &subject(&ours)), Observe::As(ClassId::everything()));
        assert_eq!(policy.observe(&who, &subject(&theirs)), Observe::Hidden);
        assert_eq!(policy.command(&who, &subject(&theirs), Command::Input), Err(Denied::NotFound));
        assert_eq!(policy.create(&who, &runtime_id, &theirs), Err(Denied::Forbidden));
        assert_eq!(policy.create(&who, &runtime_id, &ours), Ok(()));
        assert!(policy.affordances(&who, &subject(&theirs)).is_empty());
        assert_eq!([Denied::NotFound.code().http_status(), Denied::Forbidden.code().http_status()], [404, 403]);
    }

    #[test]
    fn classes_are_shared_and_unknown_ones_see_nothing() {
        let principals = Principals::new([principal(Role::Viewer, &["team=core"])]).unwrap();
        let policy = Roles::new(rules(), &principals);
        assert!(policy.lens(&ClassId::everything()).is_none());
        let viewer = policy.lens(&ClassId::new("without thinking+tool_arguments")).unwrap();
        assert_eq!(viewer.id(), "without thinking+tool_arguments");
        let class = policy.workspace(&principal(Role::Viewer, &["team=core"]));
        assert_eq!(class.as_str(), r#"{"hide":["secret=yes","private"],"only":["team=core"]}"#);
        assert_eq!(policy.lens(&class).unwrap().id(), class.as_str());
        // of a policy that was
        for class in [ClassId::new("without notices"), policy.workspace(&principal(Role::Viewer, &["team=web"]))] {
            assert_eq!(policy.lens(&class).unwrap().id(), "nothing");
        }
        assert_eq!(policy.workspace(&principal(Role::Admin, &[])), ClassId::everything());
        assert_eq!(policy.workspace(&principal(Role::from("x"), &[])).as_str(), "nothing");
    }

    #[test]
    fn a_detail_shows_its_folder_to_those_who_work_in_it() {
        let policy = Roles::new(rules(), &Principals::default());
        let runtime_id: RuntimeId = "a".parse().unwrap();
        let detail: WorkerDetail = serde_json::from_value(serde_json::json!({
            "worker_id": WorkerId::from_parts(1, 2), "display_name": "x", "profile": "echo", "status": "idle",
            "created_at": "2026-01-01T00:00:00.000Z", "updated_at": "2026-01-01T00:00:00.000Z", "run": null,
            "approvals": [{ "approval_id": "a", "title": "May I?", "options": ["yes"], "call": { "path": "/etc" } }],
            "usage": {}, "cursor": null, "events": 3, "workdir": "/home/ann",
        }))
        .unwrap();
        let labels = Labels::new();
        let subject = Subject { runtime_id: &runtime_id, worker_id: WorkerId::from_parts(1, 2), labels: &labels };
        let shown = |role| policy.detail(&principal(role, &[]), &subject, detail.clone());
        let viewer = shown(Role::Viewer);
        assert_eq!((viewer.workdir, viewer.approvals[0].extra.len()), (None, 0));
        assert_eq!(viewer.affordances, Some(vec![Affordance::Observe, Affordance::Transcript]));
        let operator = shown(Role::Operator);
        assert_eq!((operator.workdir.as_deref(), operator.approvals[0].extra.len()), (Some("/home/ann"), 1));
    }
}
