//! A target from TOML.
//!
//! Owns the fields of a target's table, and what each must be. Must not know the rest of the file.

use super::{HostPattern, MAX_ENTRIES, Method, PathPrefix, Ports, Reach, Target};
use crate::address::{Space, classify};
use crate::document::{Members, Value, nearest, shown};
use crate::url::{is_invisible, is_localhost};
use crate::{Capability, Scheme};
use std::collections::BTreeSet;

/// Which file a target stands in.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// A manifest: a reason must be given.
    Asked,
    /// A grant.
    Granted,
}

/// Reads the targets of one capability.
pub(crate) struct TargetReader {
    pub capability: Capability,
    pub role: Role,
}

impl TargetReader {
    /// Reads one table. Fields that a target does not have are left for the caller.
    pub fn read(&self, members: &Members<'_, '_>) -> Option<Target> {
        let id = members.needed_text("id", "give it a short name: id = \"api\"");
        let id = id.filter(|id| self.check_id(members, *id));
        let schemes = self.schemes(members);
        let address = self.address(members);
        let hosts = self.hosts(members, address);
        let ports = self.ports(members);
        let methods = self.methods(members);
        let path_prefixes = self.path_prefixes(members);
        let subprotocols = self.subprotocols(members);
        let reason = self.reason(members);
        Some(Target {
            id: id?.value.into(),
            capability: self.capability,
            schemes: schemes?,
            hosts: hosts?,
            ports: ports?,
            methods: methods?,
            path_prefixes: path_prefixes?,
            subprotocols: subprotocols?,
            address: address?,
            reason: reason?,
        })
    }

    fn check_id(&self, members: &Members<'_, '_>, id: Value<&str>) -> bool {
        let good = is_id(id.value);
        if !good {
            let message = format!("`{}` is no id", shown(id.value));
            members.document.problem(id.at, message, "an id is 1 to 40 of a-z, 0-9 and -, and begins with a letter");
        }
        good
    }

    fn schemes(&self, members: &Members<'_, '_>) -> Option<Box<[Scheme]>> {
        let own = if self.capability == Capability::Request { "\"https\" or \"http\"" } else { "\"wss\" or \"ws\"" };
        list(members, "schemes", Need::Must, |text| {
            let scheme =
                Scheme::of(text).ok_or_else(|| (format!("`{}` is no scheme", shown(text)), format!("use {own}")))?;
            if scheme.capability() != self.capability {
                let message = format!("`{scheme}` does not belong to {}", self.capability);
                return Err((message, format!("use {own} here; {} has targets of its own", scheme.capability())));
            }
            Ok(scheme)
        })
    }

    fn hosts(&self, members: &Members<'_, '_>, address: Option<Reach>) -> Option<Box<[HostPattern]>> {
        list(members, "hosts", Need::Must, |text| {
            let pattern = HostPattern::parse(text).map_err(|error| {
                (
                    format!("`{}`: {error}", shown(text)),
                    "write a name, `*.` and a name, an IP address, or `*`".to_owned(),
                )
            })?;
            let fits = address.is_none_or(|address| fits(&pattern, address));
            match space(&pattern) {
                Some(space) if !fits => {
                    let message = format!("`{pattern}` is {} and the target's address is not", place(space));
                    Err((message, format!("put it in a target of its own with address = \"{space}\"")))
                }
                _ => Ok(pattern),
            }
        })
    }

    fn ports(&self, members: &Members<'_, '_>) -> Option<Ports> {
        let Some(value) = members.any("ports") else { return Some(Ports::Default) };
        let at = value.span().start;
        let hint = "write ports = [8443], or leave it out for the scheme's own port; \"*\" is any port, and broad";
        if value.get_ref().as_str() == Some("*") {
            return Some(Ports::Any);
        }
        let numbers = value.get_ref().as_array().map(|list| {
            let number = |item: &toml::Spanned<toml::de::DeValue<'_>>| {
                let integer = item.get_ref().as_integer()?;
                u16::from_str_radix(integer.as_str(), integer.radix()).ok().filter(|port| *port > 0)
            };
            list.iter().map(number).collect::<Option<Vec<u16>>>()
        });
        let Some(Some(ports)) = numbers else {
            members.document.problem(at, "`ports` is a list of numbers from 1 to 65535", hint);
            return None;
        };
        let distinct: BTreeSet<_> = ports.iter().collect();
        if ports.is_empty() || ports.len() > MAX_ENTRIES || distinct.len() != ports.len() {
            members.document.problem(at, format!("`ports` has 1 to {MAX_ENTRIES} numbers, each once"), hint);
            return None;
        }
        Some(Ports::These(ports.into()))
    }

    fn methods(&self, members: &Members<'_, '_>) -> Option<Box<[Method]>> {
        if self.capability == Capability::Websocket {
            if let Some(value) = members.any("methods") {
                let at = value.span().start;
                members.document.problem(
                    at,
                    "a WebSocket has no methods: it is always opened with GET",
                    "take the line out",
                );
            }
            return Some(Box::default());
        }
        list(members, "methods", Need::Must, |text| {
            let hint = || "write methods in upper case, such as \"GET\"; CONNECT and TRACE cannot be had".to_owned();
            Method::new(text).ok_or_else(|| (format!("`{}` is no method", shown(text)), hint()))
        })
    }

    fn path_prefixes(&self, members: &Members<'_, '_>) -> Option<Box<[PathPrefix]>> {
        let prefixes = list(members, "path_prefixes", Need::May, |text| {
            let hint = || "write it as \"/api\": it covers /api and /api/x, and not /apix".to_owned();
            PathPrefix::parse(text).map_err(|error| (format!("`{}`: {error}", shown(text)), hint()))
        })?;
        Some(if prefixes.is_empty() { Box::new([PathPrefix::root()]) } else { prefixes })
    }

    fn subprotocols(&self, members: &Members<'_, '_>) -> Option<Option<Box<[Box<str>]>>> {
        if self.capability == Capability::Request {
            if let Some(value) = members.any("subprotocols") {
                let at = value.span().start;
                members.document.problem(at, "a request has no subprotocols", "take the line out");
            }
            return Some(None);
        }
        // an empty list is a word as well: none may be offered
        let is_there = members.any("subprotocols").is_some();
        let list = list(members, "subprotocols", Need::MayBeEmpty, |text| {
            let hint = || "a subprotocol is a token such as \"graphql-transport-ws\"".to_owned();
            is_token(text)
                .then(|| Box::from(text))
                .ok_or_else(|| (format!("`{}` is no subprotocol", shown(text)), hint()))
        })?;
        Some(is_there.then_some(list))
    }

    fn address(&self, members: &Members<'_, '_>) -> Option<Reach> {
        let Some(text) = members.any("address").map(|_| members.text("address")) else { return Some(Reach::Public) };
        let text = text?;
        let reach = Reach::ALL.into_iter().find(|reach| reach.word() == text.value);
        if reach.is_none() {
            let near = nearest(text.value, Reach::ALL.iter().map(|reach| reach.word()));
            let near = near.map(|near| format!("did you mean \"{near}\"? ")).unwrap_or_default();
            let hint = format!("{near}use \"public\", \"loopback\" or \"private\"");
            members.document.problem(text.at, format!("`{}` is no address space", shown(text.value)), hint);
        }
        reach
    }

    fn reason(&self, members: &Members<'_, '_>) -> Option<Option<Box<str>>> {
        let hint = "say in one line what it is for: whoever grants it reads this";
        let text = match self.role {
            Role::Asked => Some(members.needed_text("reason", hint)?),
            Role::Granted => members.text("reason"),
        };
        let Some(text) = text else { return Some(None) };
        if !is_line(text.value, 200) {
            let message = "`reason` is one line of 1 to 200 visible characters";
            members.document.problem(text.at, message, hint);
            return None;
        }
        Some(Some(text.value.into()))
    }
}

/// Whether a list must be there.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Need {
    Must,
    May,
    MayBeEmpty,
}

/// A list of texts, each read; none of it where anything in it is wrong.
fn list<T: PartialEq>(
    members: &Members<'_, '_>,
    key: &'static str,
    need: Need,
    mut read: impl FnMut(&str) -> Result<T, (String, String)>,
) -> Option<Box<[T]>> {
    let is_there = members.any(key).is_some();
    if !is_there {
        if need == Need::Must {
            members.missing(key, &format!("add {key} = [\"…\"]: nothing is covered without it"));
            return None;
        }
        return Some(Box::default());
    }
    let texts = members.texts(key)?;
    if (texts.value.is_empty() && need != Need::MayBeEmpty) || texts.value.len() > MAX_ENTRIES {
        let message = format!("`{key}` has 1 to {MAX_ENTRIES} entries");
        members.document.problem(
            texts.at,
            message,
            if need == Need::May { "leave it out for its default" } else { "" },
        );
        return None;
    }
    let mut read_all = Vec::new();
    let mut good = true;
    for text in texts.value {
        match read(text.value) {
            Ok(item) if read_all.contains(&item) => {
                members.document.problem(text.at, format!("`{}` is there twice", shown(text.value)), "take one out");
                good = false;
            }
            Ok(item) => read_all.push(item),
            Err((message, hint)) => {
                members.document.problem(text.at, message, hint);
                good = false;
            }
        }
    }
    good.then(|| read_all.into())
}

/// The space that a pattern is in without resolving it.
fn space(pattern: &HostPattern) -> Option<Space> {
    match pattern {
        HostPattern::Ip(address) => Some(classify(*address, &[])),
        HostPattern::Exact(name) | HostPattern::Below(name) => is_localhost(name).then_some(Space::Loopback),
        HostPattern::Any => None,
    }
}

/// Whether a pattern can be in a space. A metadata address can be in any: it is named itself.
fn fits(pattern: &HostPattern, address: Reach) -> bool {
    space(pattern).is_none_or(|space| space == Space::Metadata || space == address.space())
}

fn place(space: Space) -> &'static str {
    match space {
        Space::Public => "on the internet",
        Space::Loopback => "this machine",
        _ => "in the local network",
    }
}

/// Whether a text is an id.
pub(crate) fn is_id(text: &str) -> bool {
    let letters = text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    letters && text.len() <= 40 && text.starts_with(|c: char| c.is_ascii_lowercase())
}

/// The most bytes of a token.
pub(crate) const MAX_TOKEN: usize = 64;

/// Whether a text is a token (RFC 9110 §5.6.2).
pub(crate) fn is_token(text: &str) -> bool {
    let is_token = |b: u8| {
        let is_mark = matches!(
            b,
            b'!' | b'#' | b'$' | b'%' | b'&' | b'\'' | b'*' | b'+' | b'-' | b'.' | b'^' | b'_' | b'`' | b'|' | b'~'
        );
        b.is_ascii_alphanumeric() || is_mark
    };
    !text.is_empty() && text.len() <= MAX_TOKEN && text.bytes().all(is_token)
}

/// Whether a text is one line that a person sees all of.
pub(crate) fn is_line(text: &str, most: usize) -> bool {
    let is_visible = |c: char| !c.is_control() && !is_invisible(c) && !matches!(c, '\u{2028}' | '\u{2029}');
    !text.trim().is_empty() && text.chars().count() <= most && text.chars().all(is_visible)
}
