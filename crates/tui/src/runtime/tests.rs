//! The loop from end to end, with a scripted workspace and a screen in memory.
//!
//! Owns the script and the screen. Time is paused.

use super::drive;
use super::screen::Screen;
use crate::backend::{Backend, Command, Failure, News, WorkerKey, WorkerNews, WorkspaceNews};
use crate::error::Error;
use crate::model::Model;
use crate::options::{Colour, Confirm};
use crate::tests::stage::picture;
use crate::tests::story::{Story, failure, runtime, summary, worker_key, workspace};
use crate::update::Message;
use crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};
use futures_util::future::BoxFuture;
use futures_util::stream::{self, BoxStream, StreamExt};
use protocol::api::TranscriptPage;
use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::mpsc;

/// A workspace with one worker, whose stream says what the test says.
struct Scripted {
    news: Mutex<Option<mpsc::Receiver<WorkerNews>>>,
    asked: Mutex<Vec<String>>,
}

impl Backend for Scripted {
    fn follow_workspace(&self) -> BoxStream<'static, WorkspaceNews> {
        let row = summary(&worker_key("box", 1), "Nightly fixer", "idle", 0);
        stream::iter([workspace(vec![runtime("box", "up")], vec![row]), News::Ready]).chain(stream::pending()).boxed()
    }

    fn follow_worker(&self, worker: &WorkerKey) -> BoxStream<'static, WorkerNews> {
        self.asked.lock().unwrap().push(format!("follow {worker}"));
        let news = self.news.lock().unwrap().take().unwrap();
        stream::unfold(news, |mut news| async move { Some((news.recv().await?, news)) }).boxed()
    }

    fn transcript<'a>(
        &'a self,
        _: &'a WorkerKey,
        before: Option<&'a str>,
        limit: u32,
    ) -> BoxFuture<'a, Result<TranscriptPage, Failure>> {
        self.asked.lock().unwrap().push(format!("transcript {before:?} {limit}"));
        Box::pin(async { Ok(TranscriptPage { entries: Vec::new(), before: None }) })
    }

    fn command<'a>(&'a self, _: &'a WorkerKey, command: &'a Command) -> BoxFuture<'a, Result<(), Failure>> {
        let told = match command {
            Command::Input { text, .. } => format!("input {text}"),
            other => format!("{other:?}"),
        };
        self.asked.lock().unwrap().push(told);
        Box::pin(async { Err(failure("refused by the script")) })
    }
}

/// What was drawn, and when.
#[derive(Clone, Default)]
struct Paper(Arc<Mutex<Drawn>>);

#[derive(Default)]
struct Drawn {
    frames: Vec<(tokio::time::Duration, String)>,
    copied: Vec<String>,
    redrawn: usize,
}

impl Screen for Paper {
    fn draw(&mut self, model: &Model) -> io::Result<()> {
        let now = model.now;
        self.0.lock().unwrap().frames.push((now, picture(model, (80, 24), Colour::None)));
        Ok(())
    }

    fn copy(&mut self, text: &str) -> io::Result<()> {
        self.0.lock().unwrap().copied.push(text.to_owned());
        Ok(())
    }

    fn redraw(&mut self) -> io::Result<()> {
        self.0.lock().unwrap().redrawn += 1;
        Ok(())
    }
}

struct Console {
    backend: Arc<Scripted>,
    news: mpsc::Sender<WorkerNews>,
    keys: mpsc::Sender<io::Result<Event>>,
    paper: Paper,
    task: tokio::task::JoinHandle<Result<(), Error>>,
    stop: Option<tokio::sync::oneshot::Sender<Result<(), Error>>>,
}

impl Console {
    fn open() -> Console {
        let (news, script) = mpsc::channel(4096);
        let (keys, mut events) = mpsc::channel(64);
        let backend = Arc::new(Scripted { news: Mutex::new(Some(script)), asked: Mutex::default() });
        let paper = Paper::default();
        let (stop, stopped) = tokio::sync::oneshot::channel();
        let task = tokio::spawn({
            let (backend, mut paper) = (Arc::clone(&backend), paper.clone());
            async move {
                let model = Model::new(None, Confirm::Ask, 7, (80, 24));
                let events = stream::poll_fn(move |context| events.poll_recv(context));
                let ended = async { stopped.await.unwrap_or(Ok(())) };
                drive(backend, model, &mut paper, events, ended).await
            }
        });
        Console { backend, news, keys, paper, task, stop: Some(stop) }
    }

    async fn press(&self, code: KeyCode) {
        self.keys.send(Ok(Event::Key(KeyEvent::new(code, KeyModifiers::NONE)))).await.unwrap();
    }

    async fn type_(&self, text: &str) {
        for c in text.chars() {
            self.press(KeyCode::Char(c)).await;
        }
    }

    async fn say(&self, story: &mut Story) {
        for news in story.news() {
            self.news.send(news).await.unwrap();
        }
    }

    /// The last frame, once nothing more is drawn.
    async fn settled(&self) -> String {
        tokio::time::sleep(Duration::from_millis(100)).await;
        self.paper.0.lock().unwrap().frames.last().unwrap().1.clone()
    }

    fn frames(&self) -> usize {
        self.paper.0.lock().unwrap().frames.len()
    }
}

#[tokio::test(start_paused = true)]
async fn from_the_first_frame_to_the_last() {
    let console = Console::open();
    let mut story = Story::new();
    console.news.send(story.snapshot()).await.unwrap();
    console.news.send(News::Ready).await.unwrap();
    assert!(console.settled().await.contains("nothing has been said yet"));
    story.begin().user("hello").open("b1", "text").delta("b1", "Good morn");
    console.say(&mut story).await;
    assert!(console.settled().await.contains("Good morn"));
    story.delta("b1", "ing, **world**").finish("b1").end("completed", serde_json::json!(null));
    console.say(&mut story).await;
    let frame = console.settled().await;
    assert!(
        frame.contains("Good morning, world") && frame.contains("worker ○ idle │ box up │ console connected"),
        "{frame}"
    );

    // a key that copies, an input that is refused and comes back
    console.press(KeyCode::Enter).await;
    console.type_("yiwhat now?").await;
    console.press(KeyCode::Enter).await;
    let frame = console.settled().await;
    assert!(
        frame.contains("error: Nightly fixer was not told: refused by the script") && frame.contains("› what now?"),
        "{frame}"
    );
    assert_eq!(console.paper.0.lock().unwrap().copied, ["Good morning, **world**"]);
    let asked = console.backend.asked.lock().unwrap().clone();
    assert_eq!(asked, [format!("follow {}", worker_key("box", 1)), "input what now?".to_owned()]);

    // a loss counts down by itself, and the message about the input goes by itself
    let reason = Box::new(failure("gone"));
    console.news.send(News::Lost { reason, retry_in: Duration::from_secs(30) }).await.unwrap();
    assert!(console.settled().await.contains("reconnecting in 30 s"));
    tokio::time::sleep(Duration::from_secs(10)).await;
    let frame = console.settled().await;
    assert!(frame.contains("reconnecting in 20 s") && !frame.contains("error:"), "{frame}");
    console.news.send(News::Back).await.unwrap();
    assert!(console.settled().await.contains("console connected"));

    console.press(KeyCode::Esc).await;
    console.press(KeyCode::Char('q')).await;
    console.task.await.unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_flood_is_drawn_thirty_times_a_second_and_silence_not_at_all() {
    let console = Console::open();
    let mut story = Story::new();
    console.news.send(story.snapshot()).await.unwrap();
    story.begin().open("b1", "text");
    console.say(&mut story).await;
    console.settled().await;
    let before = console.frames();
    for _ in 0..1000 {
        story.delta("b1", "word ");
        console.say(&mut story).await;
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let drawn = console.frames() - before;
    assert!((20..=32).contains(&drawn), "{drawn} frames in a second");
    console.settled().await;
    let before = console.frames();
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(console.frames(), before);
}

#[tokio::test(start_paused = true)]
async fn ends_with_its_terminal_and_when_it_is_told() {
    let console = Console::open();
    console.settled().await;
    drop(console.keys);
    console.task.await.unwrap().unwrap();

    let console = Console::open();
    console.keys.send(Err(io::Error::other("gone"))).await.unwrap();
    assert!(matches!(console.task.await.unwrap(), Err(Error::Terminal(_))));

    let mut console = Console::open();
    console.settled().await;
    let _ = console.stop.take().unwrap().send(Err(Error::Panicked));
    assert!(matches!(console.task.await.unwrap(), Err(Error::Panicked)));
    // its tasks are gone with it: nobody reads the worker's stream any more
    tokio::time::sleep(Duration::from_millis(10)).await;
    assert!(console.news.is_closed());
}

#[test]
fn messages_are_small() {
    // the channel holds a few hundred of them
    assert!(size_of::<Message>() <= 256, "{}", size_of::<Message>());
}
