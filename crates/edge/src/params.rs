//! The named parts of a path.
//!
//! Owns their reading. A part that is not text names nothing, rather than being an error of its
//! own, and the other parts name what they name. Must not know what they name.

use axum::extract::{FromRequestParts, MatchedPath, RawPathParams};
use http::request::Parts;
use std::convert::Infallible;

/// The named parts of a path.
pub struct Params(Vec<(String, String)>);

impl<S: Send + Sync> FromRequestParts<S> for Params {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        let read = RawPathParams::from_request_parts(parts, state).await;
        let named = match &read {
            Ok(read) => read.iter().map(|(name, text)| (name.to_owned(), text.to_owned())).collect(),
            Err(_) => as_written(parts),
        };
        Ok(Params(named))
    }
}

/// The parts without an escape, for where one is no text.
fn as_written(parts: &Parts) -> Vec<(String, String)> {
    let Some(template) = parts.extensions.get::<MatchedPath>() else { return Vec::new() };
    let pairs = template.as_str().split('/').zip(parts.uri.path().split('/'));
    let named = pairs.filter_map(|(name, text)| Some((name.strip_prefix('{')?.strip_suffix('}')?, text)));
    named.filter(|(_, text)| !text.contains('%')).map(|(name, text)| (name.to_owned(), text.to_owned())).collect()
}

impl Params {
    /// The part of this name; empty where there is none.
    pub fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(part, _)| part == name).map(|(_, text)| text.as_str()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::Router;
    use axum::body::{Body, to_bytes};
    use axum::routing::get;
    use http::Request;

    #[tokio::test]
    async fn a_part_that_is_no_text_leaves_the_others() {
        let shown = |path: Params| async move { format!("{}|{}", path.get("a"), path.get("b")) };
        let router = Router::new().route("/x/{a}/y/{b}/z", get(shown));
        for (path, want) in [
            ("/x/one/y/two/z", "one|two"),
            ("/x/o%6ee/y/t%2fwo/z", "one|t/wo"),
            ("/x/one/y/%ff/z", "one|"),
            ("/x/%ff/y/two/z", "|two"),
            ("/x/%ff/y/%fe/z", "|"),
        ] {
            let service = hyper_util::service::TowerToHyperService::new(router.clone());
            let request = Request::get(path).body(Body::empty()).unwrap();
            let answer = hyper::service::Service::call(&service, request).await.unwrap();
            let body = to_bytes(answer.into_body(), 100).await.unwrap();
            assert_eq!(body, want, "{path}");
        }
    }
}
