//! A hub on a thread of its own, with sockets of the operating system: what is written to them
//! without asking first whether they take it.

use crate::world::{Told, delta, publish, sealer, stream};
use bytes::Bytes;
use event_log::Limits;
use futures_util::StreamExt;
use observation::{Attach, AttachRequest, Coalesce, Connection, Hub, Options, Stream, Subject};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::Role;

const PATIENCE: Duration = Duration::from_secs(60);

struct Listener {
    listener: TcpListener,
    hub: Hub,
    stream: Arc<Stream>,
}

impl Listener {
    /// A client that follows; it and its server's socket hold little.
    async fn client(&self, coalesce: Coalesce) -> WebSocketStream<TcpStream> {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(4096).unwrap();
        let (client, accepted) =
            tokio::join!(socket.connect(self.listener.local_addr().unwrap()), self.listener.accept());
        let (server, _) = accepted.unwrap();
        server.set_nodelay(true).unwrap();
        let request = AttachRequest { coalesce, ..AttachRequest::default() };
        let subject = Subject::Stream(Attach::new(Arc::clone(&self.stream), request));
        self.hub.attach(Connection::new(server, Bytes::new(), subject));
        WebSocketStream::from_raw_socket(client.unwrap(), Role::Client, None).await
    }
}

async fn read_until(socket: &mut WebSocketStream<TcpStream>, told: &mut Told, until: impl Fn(&Told) -> bool) {
    let sealer = sealer();
    while !until(told) {
        match timeout(PATIENCE, socket.next()).await.unwrap() {
            Some(Ok(Message::Text(text))) => told.take(&sealer, &text),
            Some(Ok(_)) => {}
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fast_slow_and_stalled_each_get_all_of_it_in_order() {
    const EVENTS: u64 = 4_000;
    let hub = Hub::start(&Options { writers: 2, ..Options::default() });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let world = Listener { listener, hub, stream: stream(Limits { max_events: 20_000, max_bytes: 64 << 20 }) };
    let stalled = world.client(Coalesce::Off).await;
    let mut clients = Vec::new();
    for n in 0..24 {
        let mut socket = world.client(if n % 2 == 0 { Coalesce::Off } else { Coalesce::On }).await;
        clients.push(tokio::spawn(async move {
            let mut told = Told::default();
            // every third is slow, so that its socket is full now and then
            let mut step = 0;
            while told.seq < EVENTS + 1 {
                step = told.seq.max(step) + if n % 3 == 0 { 200 } else { EVENTS };
                let until = step.min(EVENTS + 1);
                read_until(&mut socket, &mut told, |t| t.seq >= until).await;
                if n % 3 == 0 {
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
            }
            told
        }));
    }
    // sometimes one alone, sometimes many at once, of very different lengths
    let mut said = 0;
    while said < EVENTS {
        let some = [1, 1, 1, 2, 40][said as usize % 5].min(EVENTS - said);
        publish(&world.stream, (0..some).map(|i| delta("x".repeat(((said + i) * 37 % 900) as usize))).collect());
        said += some;
        if said % 16 == 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
    for client in clients {
        let told = timeout(PATIENCE, client).await.unwrap().unwrap();
        assert_eq!(told.state.as_ref(), Some(&*world.stream.state().1));
        assert!(told.diagnostics.is_empty());
    }
    // it was full all the time, and begins to read now
    let (mut stalled, mut told) = (stalled, Told::default());
    read_until(&mut stalled, &mut told, |t| t.seq == EVENTS + 1).await;
    assert_eq!(told.state.as_ref(), Some(&*world.stream.state().1));
    assert_eq!(world.hub.shutdown(Duration::ZERO).await, 1, "it could not answer in no time");
    let gone = async {
        while world.hub.connections() > 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(PATIENCE, gone).await.unwrap();
}
