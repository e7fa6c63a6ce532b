//! The same on a simulated network.

use crate::support::{UPGRADE, options, read_head, service};
use std::net::Ipv4Addr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use turmoil::net::{TcpListener, TcpStream};
use yoi_edge::{Peer, Transport};

#[test]
fn a_held_network_delays_and_loses_nothing() {
    let mut sim = turmoil::Builder::new()
        .rng_seed(7)
        .simulation_duration(Duration::from_secs(120))
        .min_message_latency(Duration::from_millis(1))
        .max_message_latency(Duration::from_millis(80))
        .build();
    sim.host("server", || async {
        let service = service(options());
        let listener = TcpListener::bind((Ipv4Addr::UNSPECIFIED, 80)).await?;
        loop {
            let (stream, address) = listener.accept().await?;
            let (service, peer) = (service.clone(), Peer { address: Some(address), transport: Transport::Plain });
            tokio::spawn(async move { service.serve_connection(stream, peer).await });
        }
    });
    sim.client("client", async {
        let mut stream = TcpStream::connect(("server", 80)).await?;
        stream.write_all(b"GET /peer HTTP/1.1\r\nhost: h\r\n\r\n").await?;
        let head = read_head(&mut stream).await;
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap().parse()?;
        let mut body = vec![0; length];
        stream.read_exact(&mut body).await?;
        let address = stream.local_addr()?.to_string();
        assert!(String::from_utf8(body)?.contains(&address));

        stream.write_all(format!("GET /echo HTTP/1.1\r\nhost: h\r\n{UPGRADE}\r\n").as_bytes()).await?;
        assert!(read_head(&mut stream).await.starts_with("http/1.1 101 "));
        for round in 0..20u8 {
            if round == 10 {
                turmoil::hold("client", "server");
            }
            stream.write_all(&[round; 100]).await?;
            if round == 10 {
                tokio::time::sleep(Duration::from_secs(40)).await;
                turmoil::release("client", "server");
            }
            let mut got = [0; 100];
            stream.read_exact(&mut got).await?;
            assert_eq!(got, [round; 100]);
        }
        Ok(())
    });
    sim.run().unwrap();
}
