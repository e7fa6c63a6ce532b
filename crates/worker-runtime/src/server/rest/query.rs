//! The queries of requests, held to their form.
//!
//! Owns the reading of parameters, each at most once and none unknown, so that a misspelt one is
//! told. Must not know what they mean.

use crate::server::problem::Refused;
use protocol::Code;
use std::collections::BTreeMap;

/// The parameters of a request.
#[derive(Debug, Default)]
pub(super) struct Query(BTreeMap<&'static str, String>);

impl Query {
    /// Reads a query (`application/x-www-form-urlencoded`) that may have these parameters. An
    /// empty value is as none.
    pub fn read(query: Option<&str>, known: &[&'static str]) -> Result<Query, Refused> {
        let mut found = BTreeMap::new();
        for (name, value) in form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
            let Some(name) = known.iter().find(|known| **known == name) else {
                let shown: String = name.chars().take(40).collect();
                return Err(invalid(format!(
                    "there is no query parameter `{shown}` here; there are: {}",
                    known.join(", ")
                )));
            };
            if found.insert(*name, value.into_owned()).is_some() {
                return Err(invalid(format!("the query parameter `{name}` may be given once")));
            }
        }
        found.retain(|_, value| !value.is_empty());
        Ok(Query(found))
    }

    /// The text of a parameter.
    pub fn text(&mut self, name: &str) -> Option<String> {
        self.0.remove(name)
    }

    /// The number of a parameter.
    pub fn number(&mut self, name: &str) -> Result<Option<usize>, Refused> {
        let number = self.0.remove(name).map(|text| text.parse());
        number.transpose().map_err(|_| invalid(format!("the query parameter `{name}` is a whole number")))
    }
}

pub(super) fn invalid(words: impl Into<String>) -> Refused {
    Refused::new(Code::InvalidInput, words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_is_known_once() {
        let mut query = Query::read(Some("limit=5&page=&label=a%3Db"), &["limit", "page", "label"]).unwrap();
        assert_eq!(query.number("limit").unwrap(), Some(5));
        assert_eq!((query.text("page"), query.text("label")), (None, Some("a=b".to_owned())));
        for (bad, word) in [("limti=5", "`limti`"), ("limit=1&limit=2", "once")] {
            let refused = Query::read(Some(bad), &["limit"]).unwrap_err();
            assert!(refused.0.detail.contains(word), "{}", refused.0.detail);
        }
        for bad in ["limit=-1", "limit=x", "limit=1.5", "limit=99999999999999999999999"] {
            assert!(Query::read(Some(bad), &["limit"]).unwrap().number("limit").is_err(), "{bad}");
        }
    }
}
