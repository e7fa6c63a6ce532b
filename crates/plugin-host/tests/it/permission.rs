//! Manifest and grant together, through a guest, for both capabilities.

use crate::support::server::Server;
use crate::support::{Fixture, Plugin, Target, grants, kind, parse, request, text, websocket};
use plugin_host::{State, ToolError};
use serde_json::json;

/// What each capability comes to for a guest that asks for these and is granted those.
async fn both(server: &Server, asked: [Target; 2], granted: [Target; 2], http: &str, ws: &str) -> [String; 2] {
    let mut plugin = Plugin::probe();
    let mut all = plugin.asked.clone();
    all.extend(granted);
    plugin.asked.extend(asked);
    let fixture = Fixture::with(plugin, &all, "{}", |_| {}).await;
    assert!(fixture.is_up(), "{:?}", fixture.status());
    let before = server.accepted();
    let answers = fixture
        .steps(json!([
            { "do": "request", "url": http, "timeout_ms": 2000 },
            { "do": "open", "url": ws, "timeout_ms": 2000, "subprotocols": ["chat"] },
        ]))
        .await;
    let said = answers.iter().map(|answer| match kind(answer) {
        "none" => "ok".to_owned(),
        "denied" => text(answer).lines().next().unwrap_or("").split("; ").next().unwrap_or("").to_owned(),
        other => other.to_owned(),
    });
    let said: Vec<String> = said.collect();
    let reached = said.iter().filter(|said| *said == "ok").count();
    assert_eq!(server.accepted() - before, reached, "what is refused connects to nothing: {said:?}");
    said.try_into().expect("two")
}

#[tokio::test]
async fn what_is_asked_for_and_granted_is_reached_and_nothing_else_is() {
    let server = Server::start().await;
    let port = server.port();
    let [http, ws] = [request("api", port), websocket("live", port)];
    let full = [http.clone(), ws.clone()];
    let (url, socket) = (server.http("/bytes"), server.ws("/echo"));
    assert_eq!(both(&server, full.clone(), full.clone(), &url, &socket).await, ["ok", "ok"]);

    let narrow = |key, value: &str| [http.clone().with(key, value), ws.clone().with(key, value)];
    let cases = [
        ("ports", "[2]", "port"),
        ("path_prefixes", r#"["/other"]"#, "path"),
        ("path_prefixes", r#"["/byte", "/ech"]"#, "path"),
    ];
    for (key, value, word) in cases {
        for (asked, granted) in [(full.clone(), narrow(key, value)), (narrow(key, value), full.clone())] {
            let said = both(&server, asked, granted, &url, &socket).await;
            assert!(said.iter().all(|said| said.contains(word)), "{key} {value}: {said:?}");
        }
    }
    let secure = [http.clone().with("schemes", r#"["https"]"#), ws.clone().with("schemes", r#"["wss"]"#)];
    let said = both(&server, full.clone(), secure, &url, &socket).await;
    assert!(said.iter().all(|said| said.contains("scheme")), "{said:?}");
    let other = [http.clone().with("methods", r#"["POST"]"#), ws.clone().with("subprotocols", r#"["other"]"#)];
    let [http_said, ws_said] = both(&server, full.clone(), other, &url, &socket).await;
    assert!(http_said.contains("method") && ws_said.contains("subprotocol"), "{http_said} {ws_said}");
    let named = full.map(|target| target.with("hosts", r#"["localhost"]"#));
    let said = both(&server, [http, ws], named, &url, &socket).await;
    assert!(said.iter().all(|said| said.contains("host")), "{said:?}");
}

#[tokio::test]
async fn one_list_alone_allows_nothing_and_says_which_line_is_missing() {
    let server = Server::start().await;
    let targets = [request("api", server.port()), websocket("live", server.port())];
    let steps = json!([
        { "do": "request", "url": server.http("/bytes") },
        { "do": "open", "url": server.ws("/echo") },
    ]);
    // asked for, not granted
    let [http, ws] = targets.clone();
    let plugin = Plugin::probe();
    let linked = plugin.asked.clone();
    let fixture = Fixture::with(plugin.asks(http).asks(ws), &linked, "{}", |_| {}).await;
    for answer in fixture.steps(steps.clone()).await {
        assert_eq!(kind(&answer), "denied");
        assert!(text(&answer).contains("plugins.toml"), "{answer}");
    }
    // granted, not asked for
    let plugin = Plugin::probe();
    let mut granted = plugin.asked.clone();
    granted.extend(targets);
    let fixture = Fixture::with(plugin, &granted, "{}", |_| {}).await;
    for answer in fixture.steps(steps).await {
        assert_eq!(kind(&answer), "denied");
        assert!(text(&answer).contains("plugin.toml"), "{answer}");
    }
    assert_eq!(server.accepted(), 0);
}

#[tokio::test]
async fn private_addresses_and_metadata_are_refused_whatever_names_them() {
    let plugin = ["10.0.0.1", "169.254.169.254", "100.100.100.200", "[fd00::1]", "0x7f.1", "2130706433", "[::1]"];
    let everywhere = request("wide", 1).with("hosts", r#"["*"]"#).with("ports", r#""*""#);
    let sockets = websocket("wide", 1).with("hosts", r#"["*"]"#).with("ports", r#""*""#);
    let public = [everywhere.with("address", r#""public""#), sockets.with("address", r#""public""#)];
    let fixture = Fixture::granted(Plugin { asked: public.to_vec(), ..Plugin::probe() }).await;
    for host in plugin {
        let answers = fixture
            .steps(json!([
                { "do": "request", "url": format!("http://{host}/"), "timeout_ms": 500 },
                { "do": "open", "url": format!("ws://{host}/"), "timeout_ms": 500 },
            ]))
            .await;
        for answer in answers {
            assert_eq!(kind(&answer), "denied", "{host} {answer}");
        }
    }
}

#[tokio::test]
async fn each_space_takes_a_line_of_its_own_and_metadata_one_with_its_address() {
    // addresses that this machine has no way to: whether they are dialled shows in the error
    let private = |target: Target, hosts: &str| target.with("hosts", hosts).with("address", r#""private""#);
    let steps = |host: &str| {
        json!([
            { "do": "request", "url": format!("http://{host}:9/"), "timeout_ms": 200 },
            { "do": "open", "url": format!("ws://{host}:9/"), "timeout_ms": 200 },
        ])
    };
    let cases = [
        // the line for every address of the local network, and what it does not cover
        (r#"["*"]"#, "[fd00::9]", "dialled"),
        (r#"["*"]"#, "[fd00:ec2::254]", "denied"),
        (r#"["*"]"#, "127.0.0.1", "denied"),
        // metadata by its own address, in both lists
        (r#"["fd00:ec2::254"]"#, "[fd00:ec2::254]", "dialled"),
        (r#"["fd00:ec2::254"]"#, "[fd00::9]", "denied"),
    ];
    for (hosts, host, expected) in cases {
        let plugin = Plugin::probe().asks(private(request("lan", 9), hosts)).asks(private(websocket("lan", 9), hosts));
        let fixture = Fixture::granted(plugin).await;
        assert!(fixture.is_up(), "{:?}", fixture.status());
        for answer in fixture.steps(steps(host)).await {
            let got = if kind(&answer) == "denied" { "denied" } else { "dialled" };
            assert_eq!(got, expected, "{hosts} {host} {answer}");
        }
    }
}

#[tokio::test]
async fn a_plugin_that_is_disabled_or_changed_has_no_tools_and_runs_nothing() {
    let server = Server::start().await;
    let plugin = Plugin::probe().asks(request("api", server.port()));
    let fixture = Fixture::granted(plugin.clone()).await;
    assert!(fixture.is_up(), "{:?}", fixture.status());
    assert_eq!(fixture.host.tools().len(), 1);

    let digest = fixture.plugin.package().digest();
    let disabled = grants("probe", digest, &plugin.asked).replace("enabled = true", "enabled = false");
    fixture.apply(Some(parse(&disabled))).await;
    assert_eq!(fixture.status().state, State::Disabled);
    assert_eq!(fixture.try_steps(json!([])).await, Err(ToolError::Unknown));
    assert!(fixture.host.tools().is_empty() && fixture.is_quiet());

    // another package, which asks for more than anybody has looked at
    let more = plugin.clone().asks(request("more", 2));
    let text = grants("probe", digest, &plugin.asked);
    let fixture = Fixture { plugin: more, ..fixture };
    fixture.apply(Some(parse(&text))).await;
    assert_eq!(fixture.status().state, State::Suspended);
    assert_eq!(fixture.try_steps(json!([])).await, Err(ToolError::Unknown));

    // another package, which asks for the same: its grants stay
    let fixture = Fixture { plugin: Plugin { version: "0.2.0", ..plugin }, ..fixture };
    fixture.apply(Some(parse(&text))).await;
    assert!(fixture.is_up(), "{:?}", fixture.status());
    fixture.apply(None).await;
    assert_eq!(fixture.status().state, State::Disabled);
}
