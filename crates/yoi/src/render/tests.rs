//! A whole session as a person sees it.
//!
//! Owns the sessions; each is read as one snapshot.

use super::*;
use protocol::{State, Timestamp, WorkerInfo};

const RUN: &str = "r_01jd3v5k9m8q2r4t6w8y0a1c3e";

fn worker() -> WorkerId {
    "w_01jd3v5k9m8q2r4t6w8y0a1c3e".parse().unwrap()
}

fn renderer() -> Renderer {
    Renderer::new(worker(), Look::Plain)
}

fn event(body: &str) -> AnyEvent {
    let body = body.replace("RUN", RUN);
    AnyEvent::from_json(&format!(r#"{{{body},"at":"2026-01-01T00:00:00.000Z"}}"#)).unwrap()
}

fn play(renderer: &mut Renderer, bodies: &[&str]) -> String {
    bodies.iter().map(|body| renderer.event(&event(body))).collect()
}

fn state() -> State {
    State::new(WorkerInfo {
        worker_id: worker(),
        display_name: "fix the \x1b[31mbuild".into(),
        profile: "echo".into(),
        labels: BTreeMap::new(),
        created_at: Timestamp::from_millis(0),
        extra: Default::default(),
    })
}

fn snapshot(state: &State) -> AnyEvent {
    let kind = EventKind::Snapshot(Box::new(state.clone()));
    Event { kind, at: Timestamp::from_millis(0) }.into()
}

const SESSION: &[&str] = &[
    r#""type":"run_started","run_id":"RUN","trigger":"input""#,
    r#""type":"status_changed","status":"running""#,
    r#""type":"user_message","run_id":"RUN","entry_id":"m1","content":[{"type":"text","text":"Fix the build.\nIt is red."}]"#,
    r#""type":"block_started","block_id":"b1","run_id":"RUN","kind":"thinking""#,
    r#""type":"block_delta","block_id":"b1","text":"Let me see.\n\nThe log""#,
];

#[test]
fn a_session() {
    let mut renderer = renderer();
    let mut out = renderer.event(&snapshot(&state()));
    out += &play(&mut renderer, &SESSION[..4]);
    let many: String = (1..=30).map(|n| format!("line {n}\\n")).collect();
    let result = format!(
        r#""type":"tool_result","call_id":"c1","is_error":false,"omitted_bytes":512,"content":[{{"type":"text","text":"{many}"}}]"#
    );
    out += &play(
        &mut renderer,
        &[
            r#""type":"block_delta","block_id":"b1","text":"Let me see.\n\nThe log""#,
            r#""type":"block_delta","block_id":"b1","text":" says it all.""#,
            r#""type":"block_finished","block_id":"b1","status":"complete""#,
            r#""type":"plan_updated","items":[{"content":"read the log","status":"completed"},{"content":"fix it","status":"in_progress"},{"content":"test it","status":"pending"}]"#,
            r#""type":"block_started","block_id":"b2","run_id":"RUN","kind":"tool_call","call_id":"c1","tool":"read","title":"Read build.log""#,
            r#""type":"block_delta","block_id":"b2","text":"{\"path\":""#,
            r#""type":"block_delta","block_id":"b2","text":"\"build.log\"}""#,
            r#""type":"block_finished","block_id":"b2","status":"complete""#,
            &result,
            r#""type":"approval_requested","approval_id":"a1","title":"Run `make`?","options":["allow","allow always; rm -rf ~"],"call_id":"c2""#,
            r#""type":"approval_resolved","approval_id":"a1","outcome":"allow""#,
            r#""type":"retry_scheduled","run_id":"RUN","attempt":2,"wait_ms":1500,"reason":"overloaded""#,
            r#""type":"block_started","block_id":"b3","run_id":"RUN","kind":"text""#,
            r#""type":"block_delta","block_id":"b3","text":"It was a mis""#,
            r#""type":"notice","level":"warning","code":"disk_low","message":"The disk is nearly full.","entry_id":"n1""#,
            r#""type":"block_delta","block_id":"b3","text":"sing brace.""#,
            r#""type":"block_finished","block_id":"b3","status":"interrupted""#,
            r#""type":"extension","namespace":"acme","value":{"x":1}"#,
            r#""type":"of_tomorrow","x":1"#,
            r#""type":"usage_updated","input_tokens":1200,"output_tokens":34"#,
            r#""type":"run_finished","run_id":"RUN","outcome":"failed","error":{"reason":"time_limit","message":"It took too long."}"#,
            r#""type":"status_changed","status":"idle","reason":"the run is over""#,
        ],
    );
    insta::assert_snapshot!(out, @r#"
    ── fix the build · w_01jd3v5k9m8q2r4t6w8y0a1c3e · profile echo · idle ──
    ── run r_01jd3v5k9m8q2r4t6w8y0a1c3e begins (input) ──
    · status: running
    > Fix the build.
    > It is red.
    ┆ Let me see.
    ┆
    ┆ The log says it all.
    plan
      [x] read the log
      [~] fix it
      [ ] test it
    * read: Read build.log
        {"path":"build.log"}
      = read answered
        line 1
        line 2
        line 3
        line 4
        line 5
        line 6
        line 7
        line 8
        line 9
        line 10
        line 11
        line 12
        line 13
        line 14
        line 15
        line 16
        line 17
        line 18
        line 19
        line 20
        … 10 more lines, 79 bytes
        … 512 bytes are in the transcript only
    ┌ needs an answer: Run `make`?
    │ allow:
    │   yoi worker approve w_01jd3v5k9m8q2r4t6w8y0a1c3e -- a1 allow
    │ allow always; rm -rf ~:
    │   yoi worker approve w_01jd3v5k9m8q2r4t6w8y0a1c3e -- a1 'allow always; rm -rf ~'
    └
    answered: a1 -> allow
    ! attempt 2 in 1.5 s: overloaded
    It was a mis
    ! warning: The disk is nearly full. (disk_low)
    … sing brace.
    [interrupted]
    · extension: acme {"x":1}
    · an event that this version does not know: of_tomorrow
    ── run failed: It took too long. (time_limit) · 1200 tokens in, 34 out so far ──
    · status: idle (the run is over)
    "#);
}

#[test]
fn what_is_hostile_is_shown_and_not_obeyed() {
    let mut renderer = renderer();
    let out = play(
        &mut renderer,
        &[
            r#""type":"block_started","block_id":"b","run_id":"RUN","kind":"text""#,
            r#""type":"block_delta","block_id":"b","text":"safe \u001b[3""#,
            r#""type":"block_delta","block_id":"b","text":"1mred\u001b[0m \u001b]0;pwned\u0007 \u009b2J \u001b]52;c;ZXZpbA==\u001b\\ back\b\b\r over""#,
            r#""type":"block_finished","block_id":"b","status":"complete""#,
            r#""type":"block_started","block_id":"t","run_id":"RUN","kind":"tool_call","tool":"sh\u001b[8m","title":"line\n── run completed ──""#,
            r#""type":"block_finished","block_id":"t","status":"complete""#,
            r#""type":"tool_result","call_id":"c\u001b[2J","is_error":true,"content":[{"type":"text","text":"\u001bcreset \u202egpj.exe"},{"type":"diff","path":"a\u001b[Ab","new":"\u0000x"},{"type":"evil\u0007"}]"#,
            r#""type":"approval_requested","approval_id":"$(id)\u001b[A","title":"ok?\nno","options":["a'b\u0007"]"#,
            r#""type":"notice","level":"\u001b[7mloud","code":"c\n","message":"m\u001b[5m""#,
            r#""type":"evil\u001b[2J""#,
        ],
    );
    assert!(!out.chars().any(|c| c.is_control() && c != '\n' && c != '\t'), "{out:?}");
    insta::assert_snapshot!(out, @r"
    safe red ␛]0;pwned␇ �2J ␛]52;c;ZXZpbA==␛\ back␈␈␍ over
    * sh: line ── run completed ──
      = tool failed
        ␛creset �gpj.exe
        change of ab
        + ␀x
        [evil␇]
    ┌ needs an answer: ok? no
    │ a'b␇:
    │   yoi worker approve w_01jd3v5k9m8q2r4t6w8y0a1c3e -- '$(id)' 'a'\''b␇'
    └
    ! loud: m (c )
    · an event that this version does not know: evil
    ");
}

#[test]
fn a_snapshot_in_the_middle_repeats_nothing_and_leaves_nothing_out() {
    let bodies = [
        r#""type":"user_message","run_id":"RUN","entry_id":"m1","content":[{"type":"text","text":"one"}]"#,
        r#""type":"block_started","block_id":"b1","run_id":"RUN","kind":"text""#,
        r#""type":"block_delta","block_id":"b1","text":"first par""#,
        r#""type":"block_delta","block_id":"b1","text":"t, second part""#,
        r#""type":"block_finished","block_id":"b1","status":"complete""#,
        r#""type":"user_message","run_id":"RUN","entry_id":"m2","content":[{"type":"text","text":"two"}]"#,
        r#""type":"block_started","block_id":"b2","run_id":"RUN","kind":"text""#,
        r#""type":"block_delta","block_id":"b2","text":"third""#,
        r#""type":"block_delta","block_id":"b2","text":" part""#,
        r#""type":"block_finished","block_id":"b2","status":"complete""#,
    ];
    // whatever is missed between two events, a snapshot makes up for
    for lost_from in 0..bodies.len() {
        for lost_to in lost_from..=bodies.len() {
            let (mut renderer, mut state) = (renderer(), state());
            let mut out = renderer.event(&snapshot(&state));
            for (n, body) in bodies.iter().enumerate() {
                if n == lost_to {
                    out += &renderer.event(&snapshot(&state));
                }
                let event = event(body);
                state.apply(&event);
                if n < lost_from || n >= lost_to {
                    out += &renderer.event(&event);
                }
            }
            if lost_to == bodies.len() {
                out += &renderer.event(&snapshot(&state));
            }
            let mark = |line: &&str| !line.starts_with("── ") && !line.starts_with("· going on");
            let said: String = out.lines().filter(mark).map(|line| line.trim_start_matches("… ")).collect();
            assert_eq!(said, "> onefirst part, second part> twothird part", "{lost_from}..{lost_to}:\n{out}");
        }
    }
}

#[test]
fn a_long_history_begins_with_its_last_entries() {
    let mut state = state();
    for n in 0..50 {
        state.apply(&event(&format!(
            r#""type":"user_message","run_id":"RUN","entry_id":"m{n}","content":[{{"type":"text","text":"{n}"}}]"#
        )));
    }
    let out = renderer().event(&snapshot(&state));
    assert!(out.contains(&format!("· 30 earlier entries: yoi worker transcript {} --all\n> 30\n", worker())), "{out}");
    assert!(out.ends_with("> 49\n"));
}

#[test]
fn colours_end_with_each_piece_and_add_nothing_else() {
    let bodies = [
        r#""type":"block_started","block_id":"b","run_id":"RUN","kind":"thinking""#,
        r#""type":"block_delta","block_id":"b","text":"hm\n\nwell""#,
        r#""type":"run_finished","run_id":"RUN","outcome":"failed""#,
    ];
    let mut colored = Renderer::new(worker(), Look::Colored);
    let (mut with, mut without) = (String::new(), renderer());
    let mut plain = String::new();
    for body in bodies {
        let piece = colored.event(&event(body));
        assert!(piece.is_empty() || !piece.contains('\x1b') || piece.trim_end().ends_with("\x1b[0m"), "{piece:?}");
        with += &piece;
        plain += &without.event(&event(body));
    }
    assert_eq!(clean::text(&with), plain);
    assert!(with.contains("\x1b[31m"));
}
