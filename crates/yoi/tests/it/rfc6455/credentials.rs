//! Who may open a stream, and subprotocols (RFC 6455 §1.9, §4.2.2, §10.5).
//!
//! Owns what is told to whom the server does not know, and that a token among the subprotocols
//! stays between its owner and the server.

use super::http::{Answer, Handshake, ask};
use super::on_every_target;
use super::peer::Peer;
use super::target::Target;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

on_every_target!(
    Calm: one_subprotocol_is_spoken,
    a_token_may_be_a_subprotocol,
    a_wrong_one_is_refused_before_anything_is_opened,
    a_token_is_never_said_back,
);

/// A handshake with no credential but these subprotocols, each a field.
fn offering(target: &Target, protocols: &[String]) -> Handshake {
    let nobody = Handshake::of(target).without("Authorization");
    protocols.iter().fold(nobody, |handshake, protocol| handshake.and("Sec-WebSocket-Protocol", protocol))
}

fn as_protocol(token: impl AsRef<[u8]>) -> String {
    format!("yoi.token.{}", URL_SAFE_NO_PAD.encode(token))
}

/// §4.2.2 step 5.5: the one that is known here, where it is offered, and never another.
fn one_subprotocol_is_spoken(target: &Target) {
    for (offers, is_offered) in [
        (&["yoi.v1"][..], true),
        (&["chat, yoi.v1 , superchat"], true),
        (&["chat", "yoi.v1"], true),
        (&["yoi.v1", "yoi.v1"], true),
        (&["yoi.v2, chat"], false),
        (&["YOI.V1"], false),
        (&["yoi.v1x", "yoi", ""], false),
        (&[], false),
    ] {
        let good = Handshake::of(target);
        let handshake = offers.iter().fold(good, |handshake, offer| handshake.and("Sec-WebSocket-Protocol", offer));
        let got = ask(target, &handshake.bytes());
        let want = target.protocol.filter(|_| is_offered);
        assert_eq!((got.status, got.field("sec-websocket-protocol")), (101, want), "{offers:?}");
    }
}

/// `docs/wire.md`: where a browser can set no header. The server says only what it speaks.
fn a_token_may_be_a_subprotocol(target: &Target) {
    let Some(token) = target.token.as_ref().map(as_protocol) else { return };
    for protocols in
        [vec![format!("yoi.v1, {token}")], vec!["yoi.v1".to_owned(), token.clone()], vec![format!("{token},yoi.v1")]]
    {
        let got = ask(target, &offering(target, &protocols).bytes());
        assert_eq!((got.status, got.field("sec-websocket-protocol")), (101, Some("yoi.v1")));
        let mut peer = Peer::open_with(target, &offering(target, &protocols), b"");
        peer.up_to_ready();
        peer.is_answered(b"let in");
    }
    // a client that offers it alone is not told that it is spoken, and gives up (§4.1)
    let got = ask(target, &offering(target, &[token]).bytes());
    assert_eq!((got.status, got.field("sec-websocket-protocol")), (101, None));
}

/// §10.5: 401, and never a stream. What is shown counts: a wrong token is not passed over for a
/// right one beside it.
fn a_wrong_one_is_refused_before_anything_is_opened(target: &Target) {
    let Some(good) = &target.token else { return };
    let cut = &good[..good.len() - 1];
    let (mut padded, mut two) = (as_protocol(good), as_protocol(good));
    padded.push('=');
    two.push_str(", ");
    two.push_str(&as_protocol(good));
    let mut refused = vec![Handshake::of(target).without("Authorization")];
    for token in [as_protocol("wrong"), as_protocol(cut), as_protocol([0xff; 300]), "yoi.token.".into(), padded, two] {
        refused.push(offering(target, &["yoi.v1".into(), token]));
    }
    refused.push(
        Handshake::of(target).with("Authorization", "Bearer wrong").and("Sec-WebSocket-Protocol", &as_protocol(good)),
    );
    for value in ["Bearer", "Basic eDp5", cut, &format!("Bearer {cut}"), &format!("Bearer {good} {good}")] {
        refused.push(Handshake::of(target).with("Authorization", value));
    }
    for handshake in refused {
        let got = ask(target, &handshake.bytes());
        assert_eq!((got.status, got.code().as_str()), (401, "unauthenticated"), "{got:?}");
        says_nothing_of(&got, good);
    }
    // who is told so may show another on the same connection (RFC 9112 §9.3)
    Peer::ready(target).is_answered(b"and the door is open");
}

/// §10.5: neither to who is let in nor to who is refused for another reason.
fn a_token_is_never_said_back(target: &Target) {
    let Some(good) = &target.token else { return };
    let offered = offering(target, &["yoi.v1".into(), as_protocol(good)]);
    for handshake in [
        offered.clone(),
        offered.clone().with("Sec-WebSocket-Version", "8"),
        offered.clone().with("Sec-WebSocket-Key", "x"),
        offered.clone().with("Origin", "http://elsewhere.example"),
        offered.line(format!("POST {} HTTP/1.1", target.path)),
    ] {
        says_nothing_of(&ask(target, &handshake.bytes()), good);
    }
}

fn says_nothing_of(answer: &Answer, token: &str) {
    let text = format!("{answer:?}");
    for form in [token, &URL_SAFE_NO_PAD.encode(token)] {
        assert!(!text.contains(form), "{text}");
    }
}
