//! Who may do what.
//!
//! This crate owns principals and their tokens, sign-ins, the policy of who may see and do what
//! and its built-in roles, redaction, limits for each principal, and the audit log. It must not
//! know HTTP: credentials come as text and answers go as codes.

pub mod audit;
mod credential;
mod directory;
mod failures;
mod labels;
mod policy;
mod principal;
mod principals;
mod rate;
mod redaction;
mod session;
mod token;

pub use credential::Credential;
pub use directory::Directory;
pub use failures::FailedSignIns;
pub use labels::{LabelRule, LabelRuleError, Labels, Selector};
pub use policy::{
    ClassId, Command, Denied, ObservationPolicy, Observe, RedactWhen, RoleRules, Roles, RolesRules, Subject,
};
pub use principal::{Generation, Principal, PrincipalName, PrincipalNameError};
pub use principals::{Principals, PrincipalsError};
pub use rate::{Limited, Limits, Rates, StreamPermit};
pub use redaction::{Hide, Redacted, Redaction};
pub use session::{SessionError, SessionKey, Sessions};
pub use token::{NewToken, RandomError, TokenHash, TokenHashError};
