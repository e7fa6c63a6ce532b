//! One exchange over HTTP.
//!
//! Owns sending a request, bounding its answer, and telling failures apart. Must not know which
//! call it is.

use crate::client::Client;
use crate::error::Error;
use protocol::{Code, Problem};
use reqwest::{Method, Response, StatusCode, Url};
use serde::Serialize;
use serde::de::DeserializeOwned;

impl Client {
    /// Sends a request and reads the JSON of its answer.
    pub(crate) async fn call<B: Serialize + Sync, A: DeserializeOwned>(
        &self,
        method: Method,
        url: Url,
        body: Option<&B>,
    ) -> Result<A, Error> {
        let answer = self.exchange(method, url, body).await?;
        serde_json::from_slice(&answer).map_err(Error::protocol)
    }

    /// Sends a request whose answer holds nothing that a caller needs.
    pub(crate) async fn command<B: Serialize + Sync>(
        &self,
        method: Method,
        url: Url,
        body: Option<&B>,
    ) -> Result<(), Error> {
        self.exchange(method, url, body).await.map(drop)
    }

    async fn exchange<B: Serialize + Sync>(
        &self,
        method: Method,
        url: Url,
        body: Option<&B>,
    ) -> Result<Vec<u8>, Error> {
        let mut request = self.shared.http.request(method, url);
        if let Some(body) = body {
            request = request.json(body);
        }
        let response = request.send().await.map_err(|error| self.failure(&error))?;
        let status = response.status();
        let answer = self.read(response).await?;
        if status.is_success() { Ok(answer) } else { Err(refusal(status, &answer)) }
    }

    /// The body, within its bound.
    async fn read(&self, mut response: Response) -> Result<Vec<u8>, Error> {
        let max = self.shared.max_answer_bytes;
        let mut answer = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| self.failure(&error))? {
            if answer.len() + chunk.len() > max {
                return Err(Error::protocol(format!("an answer of more than {max} bytes")));
            }
            answer.extend_from_slice(&chunk);
        }
        Ok(answer)
    }

    fn failure(&self, error: &reqwest::Error) -> Error {
        let target = self.shared.endpoint.authority();
        let (tls, reason) = innermost(error);
        if tls {
            Error::Tls { target, reason }
        } else if error.is_timeout() {
            Error::Timeout { what: format!("from {target}") }
        } else if error.is_connect() {
            Error::Connect { target, reason }
        } else {
            Error::Disconnected { reason }
        }
    }
}

/// Whether TLS is at the bottom of an error, and the last thing that it says. What stands above
/// would repeat the URL.
fn innermost(error: &(dyn std::error::Error + 'static)) -> (bool, String) {
    let mut tls = false;
    let mut last = error;
    while let Some(source) = last.source() {
        last = source;
        tls |= last.is::<rustls::Error>();
        if let Some(io) = last.downcast_ref::<std::io::Error>() {
            tls |= io.get_ref().is_some_and(|inner| inner.is::<rustls::Error>());
        }
    }
    (tls, last.to_string())
}

/// The error that a status other than success is.
pub(crate) fn refusal(status: StatusCode, answer: &[u8]) -> Error {
    if let Ok(problem) = serde_json::from_slice::<Problem>(answer) {
        return Error::Problem(Box::new(problem));
    }
    // no problem document: something between here and the server answered
    let code = match status.as_u16() {
        401 => Code::Unauthenticated,
        403 => Code::Forbidden,
        404 => Code::NotFound,
        405 => Code::MethodNotAllowed,
        413 => Code::PayloadTooLarge,
        408 | 504 => Code::RuntimeTimeout,
        429 => Code::Overloaded,
        500 => Code::Internal,
        502 | 503 => Code::RuntimeUnavailable,
        _ => return Error::protocol(format!("status {status} without a problem document")),
    };
    let detail = format!("the server answered {status} without a problem document");
    Error::Problem(Box::new(Problem { status: status.as_u16(), ..Problem::new(code, detail) }))
}
