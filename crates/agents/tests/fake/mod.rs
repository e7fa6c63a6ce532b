//! A provider on loopback that speaks as the real ones do.
//!
//! Owns the HTTP/1.1 of it, what it was asked, and how its answers go wrong. Must not know who asks.

mod forms;
pub mod told;

pub use forms::Form;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// What a model says.
#[derive(Clone, Debug)]
pub enum Say {
    /// A piece of what it thinks.
    Think(&'static str),
    /// A piece of its answer.
    Text(String),
    /// A call, its arguments in pieces.
    Call(&'static str, Vec<String>),
}

/// A piece of an answer.
pub fn text(text: &str) -> Say {
    Say::Text(text.to_owned())
}

/// A call whose arguments come in three pieces.
pub fn call(tool: &'static str, arguments: serde_json::Value) -> Say {
    let arguments = arguments.to_string();
    let third = arguments.len().div_ceil(3);
    let bytes: Vec<String> =
        arguments.as_bytes().chunks(third.max(1)).map(|piece| String::from_utf8_lossy(piece).into_owned()).collect();
    Say::Call(tool, bytes)
}

/// How an answer comes.
#[derive(Clone, Debug)]
pub enum Answer {
    /// Whole.
    Whole(Vec<Say>),
    /// Whole, but for its end: the most tokens were reached.
    Full(Vec<Say>),
    /// With a pause before each piece.
    Slow(Vec<Say>, Duration),
    /// Cut off in the middle: the connection is closed as if that were all.
    CutOff(Vec<Say>),
    /// Cut off in the middle of a frame, with the connection.
    Torn(Vec<Say>),
    /// With a frame that is not JSON.
    Malformed(Vec<Say>),
    /// An error in the middle of the stream.
    Overloaded(Vec<Say>),
    /// Text without end.
    Endless,
    /// Signs of life, and nothing else, for ever.
    Pings,
    /// Not even headers.
    Silent,
    /// An HTTP status, with headers and a body.
    Status(u16, Vec<(&'static str, String)>, String),
}

/// A request as it came.
#[derive(Clone, Debug)]
pub struct Asked {
    pub path: String,
    pub headers: String,
    pub body: serde_json::Value,
}

#[derive(Default)]
struct Shared {
    answers: Mutex<VecDeque<Answer>>,
    asked: Mutex<Vec<Asked>>,
    last: Mutex<Option<Answer>>,
}

/// A provider.
pub struct Fake {
    pub form: Form,
    shared: Arc<Shared>,
    address: std::net::SocketAddr,
    task: JoinHandle<()>,
}

impl Drop for Fake {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Fake {
    /// One that gives these answers, one for each request, and then the status 599.
    pub async fn start(form: Form, answers: Vec<Answer>) -> Fake {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared { answers: Mutex::new(answers.into()), ..Shared::default() });
        let task = tokio::spawn({
            let shared = Arc::clone(&shared);
            async move {
                loop {
                    let Ok((socket, _)) = listener.accept().await else { return };
                    tokio::spawn(serve(socket, form, Arc::clone(&shared)));
                }
            }
        });
        Fake { form, shared, address, task }
    }

    /// One that always gives the same answer.
    pub async fn always(form: Form, answer: Answer) -> Fake {
        let fake = Fake::start(form, Vec::new()).await;
        *fake.shared.last.lock().unwrap() = Some(answer);
        fake
    }

    /// Where it is, as a `base_url`.
    pub fn base_url(&self) -> String {
        format!("http://{}{}", self.address, self.form.prefix())
    }

    /// Gives these answers, too.
    pub fn answers(&self, answers: Vec<Answer>) {
        self.shared.answers.lock().unwrap().extend(answers);
    }

    /// What it was asked.
    pub fn asked(&self) -> Vec<Asked> {
        self.shared.asked.lock().unwrap().clone()
    }
}

async fn serve(mut socket: TcpStream, form: Form, shared: Arc<Shared>) {
    let mut buffer = Vec::new();
    while let Some(asked) = request(&mut socket, &mut buffer).await {
        shared.asked.lock().unwrap().push(asked);
        let next = shared.answers.lock().unwrap().pop_front();
        let next = next.or_else(|| shared.last.lock().unwrap().clone());
        let answer = next.unwrap_or_else(|| Answer::Status(599, Vec::new(), "there is no answer left".to_owned()));
        if reply(&mut socket, form, answer).await.is_none() {
            return;
        }
    }
}

async fn request(socket: &mut TcpStream, buffer: &mut Vec<u8>) -> Option<Asked> {
    let head = loop {
        if let Some(end) = buffer.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
            break String::from_utf8_lossy(&buffer.drain(..end + 4).collect::<Vec<_>>()).into_owned();
        }
        if socket.read_buf(buffer).await.ok()? == 0 {
            return None;
        }
    };
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
    });
    let length = length.unwrap_or(0);
    while buffer.len() < length {
        if socket.read_buf(buffer).await.ok()? == 0 {
            return None;
        }
    }
    let body: Vec<u8> = buffer.drain(..length).collect();
    let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
    Some(Asked { path, headers: head, body: serde_json::from_slice(&body).unwrap_or_default() })
}

/// None where the connection is over.
async fn reply(socket: &mut TcpStream, form: Form, answer: Answer) -> Option<()> {
    let pause = if let Answer::Slow(_, pause) = &answer { Some(*pause) } else { None };
    match answer {
        Answer::Status(status, headers, body) => {
            let mut head = format!(
                "HTTP/1.1 {status} Said\r\ncontent-type: application/json\r\ncontent-length: {}\r\n",
                body.len()
            );
            for (name, value) in headers {
                head.push_str(&format!("{name}: {value}\r\n"));
            }
            socket.write_all(format!("{head}\r\n{body}").as_bytes()).await.ok()
        }
        Answer::Silent => std::future::pending().await,
        Answer::Whole(says) | Answer::Slow(says, _) => {
            frames(socket, form, form.whole(&says, false), pause, true).await
        }
        Answer::Full(says) => frames(socket, form, form.whole(&says, true), None, true).await,
        Answer::CutOff(says) => {
            let mut all = form.whole(&says, false);
            all.truncate(all.len() - form.closing().min(all.len() - 1));
            frames(socket, form, all, None, true).await
        }
        Answer::Torn(says) => {
            let mut all = form.whole(&says, false);
            all.truncate(all.len() - form.closing().min(all.len() - 1));
            frames(socket, form, all, None, false).await;
            chunk(socket, b"data: {\"half").await;
            None
        }
        Answer::Malformed(says) => {
            let mut all = form.whole(&says, false);
            let at = all.len() - form.closing().min(all.len() - 1);
            all.insert(at, form.broken());
            frames(socket, form, all, None, true).await
        }
        Answer::Overloaded(says) => {
            let mut all = form.whole(&says, false);
            all.truncate(all.len() - form.closing().min(all.len() - 1));
            all.push(form.overloaded());
            frames(socket, form, all, None, true).await
        }
        Answer::Endless => {
            let all = form.whole(&[text("more and more ")], false);
            let (begin, piece) = all.split_at(form.opening());
            frames(socket, form, begin.to_vec(), None, false).await?;
            loop {
                chunk(socket, piece[0].as_bytes()).await?;
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        }
        Answer::Pings => {
            frames(socket, form, Vec::new(), None, false).await?;
            loop {
                chunk(socket, form.ping().as_bytes()).await?;
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        }
    }
}

async fn frames(
    socket: &mut TcpStream,
    form: Form,
    frames: Vec<String>,
    pause: Option<Duration>,
    end: bool,
) -> Option<()> {
    let head = format!("HTTP/1.1 200 OK\r\ncontent-type: {}\r\ntransfer-encoding: chunked\r\n\r\n", form.media_type());
    socket.write_all(head.as_bytes()).await.ok()?;
    for frame in frames {
        if let Some(pause) = pause {
            tokio::time::sleep(pause).await;
        }
        chunk(socket, frame.as_bytes()).await?;
    }
    if end {
        socket.write_all(b"0\r\n\r\n").await.ok()?;
    }
    Some(())
}

async fn chunk(socket: &mut TcpStream, bytes: &[u8]) -> Option<()> {
    let mut whole = format!("{:x}\r\n", bytes.len()).into_bytes();
    whole.extend_from_slice(bytes);
    whole.extend_from_slice(b"\r\n");
    socket.write_all(&whole).await.ok()
}
