//! The queries of requests, held to their form.
//!
//! Owns the reading of parameters: none unknown, so that a misspelt one is told, and each once
//! unless it may be given more often. Must not know what they mean.

use crate::Refused;
use std::collections::BTreeMap;

/// The parameters of a request.
#[derive(Debug, Default)]
pub struct Query(BTreeMap<&'static str, Vec<String>>);

impl Query {
    /// Reads a query (`application/x-www-form-urlencoded`) that may have these parameters; one
    /// whose name ends in `[]` here may be given more than once. An empty value is as none.
    ///
    /// # Errors
    /// When a parameter is not known, or given more often than it may be.
    pub fn read(query: Option<&str>, known: &[&'static str]) -> Result<Query, Refused> {
        let mut found: BTreeMap<&'static str, Vec<String>> = BTreeMap::new();
        for (name, value) in form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
            let Some(known) = known.iter().find(|known| known.trim_end_matches("[]") == name) else {
                let shown: String = name.chars().take(40).collect();
                return Err(Refused::invalid(format!(
                    "there is no query parameter `{shown}` here; there are: {}",
                    known.join(", ").replace("[]", "")
                )));
            };
            let values = found.entry(known.trim_end_matches("[]")).or_default();
            if !values.is_empty() && !known.ends_with("[]") {
                return Err(Refused::invalid(format!("the query parameter `{name}` may be given once")));
            }
            values.push(value.into_owned());
        }
        for values in found.values_mut() {
            values.retain(|value| !value.is_empty());
        }
        Ok(Query(found))
    }

    /// The text of a parameter.
    pub fn text(&mut self, name: &str) -> Option<String> {
        self.texts(name).pop()
    }

    /// The texts of a parameter that may be given more than once.
    pub fn texts(&mut self, name: &str) -> Vec<String> {
        self.0.remove(name).unwrap_or_default()
    }

    /// The number of a parameter.
    ///
    /// # Errors
    /// When it is none.
    pub fn number(&mut self, name: &str) -> Result<Option<usize>, Refused> {
        let number = self.text(name).map(|text| text.parse());
        number.transpose().map_err(|_| Refused::invalid(format!("the query parameter `{name}` is a whole number")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_is_known_once() {
        let known = &["limit", "page", "label[]"];
        let mut query = Query::read(Some("limit=5&page=&label=a%3Db&label=c"), known).unwrap();
        assert_eq!(query.number("limit").unwrap(), Some(5));
        assert_eq!((query.text("page"), query.texts("label")), (None, vec!["a=b".to_owned(), "c".to_owned()]));
        for (bad, word) in [("limti=5", "`limti`"), ("limit=1&limit=2", "once")] {
            let refused = Query::read(Some(bad), &["limit"]).unwrap_err();
            assert!(refused.problem().detail.contains(word), "{}", refused.problem().detail);
        }
        for bad in ["limit=-1", "limit=x", "limit=1.5", "limit=99999999999999999999999"] {
            assert!(Query::read(Some(bad), &["limit"]).unwrap().number("limit").is_err(), "{bad}");
        }
    }
}
