//! One exchange over HTTP.
//!
//! Owns sending a request, bounding its answer, and telling failures apart. Must not know which
//! call it is.

use crate::error::Error;
use crate::server::{Calls, Server};
use crate::tls;
use protocol::{Code, Problem};
use reqwest::{Method, Response, StatusCode, Url};
use serde::Serialize;
use serde::de::DeserializeOwned;

impl Server {
    /// Sends a request and reads the JSON of its answer.
    pub(crate) async fn call<B: Serialize + Sync, A: DeserializeOwned>(
        &self,
        method: Method,
        url: Url,
        body: Option<&B>,
    ) -> Result<A, Error> {
        Ok(self.call_with_status(method, url, body).await?.1)
    }

    /// The same, with the status that it succeeded with.
    pub(crate) async fn call_with_status<B: Serialize + Sync, A: DeserializeOwned>(
        &self,
        method: Method,
        url: Url,
        body: Option<&B>,
    ) -> Result<(StatusCode, A), Error> {
        let (status, answer) = self.exchange(method, url, body).await?;
        Ok((status, serde_json::from_slice(&answer).map_err(Error::protocol)?))
    }

    /// Sends a request whose answer holds nothing.
    pub(crate) async fn command(&self, method: Method, url: Url) -> Result<(), Error> {
        self.exchange(method, url, None::<&()>).await.map(drop)
    }

    async fn exchange<B: Serialize + Sync>(
        &self,
        method: Method,
        url: Url,
        body: Option<&B>,
    ) -> Result<(StatusCode, Vec<u8>), Error> {
        let mut request = self.http.request(method, url);
        if let Some(body) = body {
            request = request.json(body);
        }
        let (status, answer) = match self.calls {
            Calls::Pooled => {
                let response = request.send().await.map_err(|error| self.failure(&error))?;
                (response.status(), self.read(response).await?)
            }
            Calls::Alone => self.exchange_alone(request.build().map_err(|error| self.failure(&error))?).await?,
        };
        if status.is_success() { Ok((status, answer)) } else { Err(refusal(status, &answer)) }
    }

    /// The body, within its bound.
    async fn read(&self, mut response: Response) -> Result<Vec<u8>, Error> {
        let max = self.max_answer_bytes;
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
        let target = self.root.authority();
        let (tls, reason) = innermost(error);
        if tls == Tls::Failed {
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

/// Whether TLS is what failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tls {
    Failed,
    Aside,
}

/// Whether TLS is at the bottom of an error, and the last thing that it says. What stands above
/// would repeat the URL.
fn innermost(error: &(dyn std::error::Error + 'static)) -> (Tls, String) {
    let mut last = error;
    loop {
        if let Some(error) = last.downcast_ref::<rustls::Error>() {
            return (Tls::Failed, tls::words(error));
        }
        if let Some(reason) = last.downcast_ref::<std::io::Error>().and_then(tls::refused) {
            return (Tls::Failed, reason);
        }
        match last.source() {
            Some(source) => last = source,
            None => return (Tls::Aside, last.to_string()),
        }
    }
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
