//! Runtimes and backends that die, hang, lose what they had or are others than they were, while
//! people watch.
//!
//! Owns one file for each way to be away, and the scene they have in common. What is lost or
//! repeated when processes die at random is `kill`'s.

mod away;
mod ending;
mod forgetful;
mod hung;
mod stranger;
mod two;

use crate::profiles;
use crate::resume::{say, stream_worker};
use crate::stage::viewer::{Subject, Viewer, Wire, Word};
use crate::stage::{REMOTE, Stage, id};
use crate::tap::{self, Tap, Told};
use crate::wait::until_async;
use protocol::{Code, LinkState, RuntimeRow, Status};

/// A workspace with a worker on its remote runtime.
struct Scene {
    stage: Stage,
    subject: Subject,
    /// Before everything the worker says, by the runtime's own cursor.
    base: String,
}

impl Scene {
    async fn new() -> Scene {
        Scene::with("", &[]).await
    }

    /// The same; `table` are lines of the runtime's table, and `flags` the runtime's.
    async fn with(table: &str, flags: &[&'static str]) -> Scene {
        let mut stage = Stage::new(&profiles::stream(4), &["--heartbeat", "5s"], table);
        stage.remote.add_flags(flags);
        stage.remote.start();
        stage.backend.start();
        let worker = stream_worker(&stage.remote.serving().client()).await;
        let (_, base) = tap::snapshot(stage.remote.address, worker).await;
        Scene { stage, subject: Subject { runtime: id(REMOTE), worker }, base }
    }

    /// Says something to the worker.
    async fn say(&self, text: &str) {
        say(&self.stage.backend.on(REMOTE), self.subject.worker, text).await;
    }

    /// The same, and waits until it is done.
    async fn have_said(&self, text: &str) {
        self.say(text).await;
        self.idle().await;
    }

    /// Waits until the worker does nothing.
    async fn idle(&self) {
        let client = self.stage.backend.on(REMOTE);
        until_async("the run is over", || async {
            let detail = client.worker(self.subject.worker).await.ok()?;
            (detail.status == Status::Idle).then_some(())
        })
        .await;
    }

    /// Somebody who looks at the worker.
    async fn viewer(&self, wire: Wire, cursor: Option<&str>) -> Viewer {
        let address = self.stage.backend.address;
        Viewer::connect(address, wire, &self.subject, cursor, "coalesce=off").await.expect("a connection")
    }

    /// The same, who has been told what there is.
    async fn watching(&self, wire: Wire) -> Watching {
        let mut viewer = self.viewer(wire, None).await;
        viewer.expect_whole().await;
        Watching { viewer, told: Vec::new() }
    }

    /// What the runtime itself says from the beginning.
    async fn truth(&self) -> Vec<Told> {
        let query = format!("cursor={}&coalesce=off", self.base);
        let mut tap = Tap::connect(self.stage.remote.address, self.subject.worker, &query).await.unwrap();
        tap.up_to_ready().await
    }

    /// How the backend shows the runtime.
    async fn row(&self) -> RuntimeRow {
        let list = self.stage.backend.client().runtimes().await.unwrap();
        list.runtimes.into_iter().find(|row| row.runtime_id == self.subject.runtime).expect("a row")
    }

    /// Waits until the backend shows it so, and why.
    async fn until_row(&self, link: LinkState, why: Option<Code>) -> RuntimeRow {
        until_async(&format!("its row shows it {link}, {why:?}"), || async {
            let row = self.row().await;
            let code = row.diagnostics.first().map(|diagnostic| diagnostic.code.clone());
            (row.link == link && code == why).then_some(row)
        })
        .await
    }
}

/// Somebody who watches a worker that has said nothing yet, over one connection.
struct Watching {
    viewer: Viewer,
    /// Every event since.
    told: Vec<Told>,
}

impl Watching {
    /// Takes what comes until there are so many events; panics where anything else comes.
    async fn until_told(&mut self, events: usize) {
        while self.told.len() < events {
            let told = self.viewer.event().await;
            self.told.push(told);
        }
    }

    /// The next words that are no event, so many; events before and between them are taken.
    async fn words(&mut self, count: usize) -> Vec<Word> {
        let mut words = Vec::new();
        while words.len() < count {
            match self.viewer.word().await {
                Word::Event(told) if !told.is_snapshot() => self.told.push(told),
                word => words.push(word),
            }
        }
        words
    }

    /// Is told that the runtime is away, and why: the link first, and one diagnostic.
    async fn told_of_outage(&mut self) -> Code {
        let words = self.words(2).await;
        match (words[0].short().as_str(), &words[1]) {
            ("link down lost:false", Word::Diagnostic(diagnostic)) => diagnostic.code.clone(),
            _ => panic!("no outage: {words:?}"),
        }
    }

    /// Is told that it is back, and that nothing was lost.
    async fn told_of_return(&mut self) {
        let words = self.words(1).await;
        assert_eq!(words[0].short(), "link up lost:false", "{words:?}");
    }

    /// Has been told all that the runtime said, byte for byte.
    async fn assert_has(&mut self, truth: &[Told]) {
        self.until_told(truth.len()).await;
        for (told, said) in self.told.iter().zip(truth) {
            assert_eq!(told.json, said.json);
        }
    }
}
