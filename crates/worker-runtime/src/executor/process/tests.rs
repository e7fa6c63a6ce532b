//! Real programs, run.
//!
//! Owns what only a real child process can show. Every wait has a deadline and none is a guess.

use super::super::testing::{DEADLINE, context, context_in, fold, notices, run, text_of};
use super::super::{Emitter, Output};
use super::*;
use protocol::{BlockStatus, Part};
use std::time::Instant;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

fn sh(script: &str) -> ProcessOptions {
    ProcessOptions::new(["sh", "-c", script])
}

fn json(script: &str) -> ProcessOptions {
    ProcessOptions::json_lines(["sh", "-c", script])
}

fn executor(options: ProcessOptions) -> Box<dyn Executor> {
    Process::new("test", options).unwrap().make()
}

async fn once(options: ProcessOptions, input: &str) -> (Ending, Vec<Output>) {
    run(&mut *executor(options), input).await
}

fn reason(ending: &Ending) -> (&str, &str) {
    ending.error.as_ref().map_or(("", ""), |e| (&e.reason, &e.message))
}

/// Whether this process runs; one that is dead and not reaped does not.
fn runs(pid: &str) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with('Z'))
}

async fn is_gone(pid: &str) {
    let begun = Instant::now();
    while runs(pid) {
        assert!(begun.elapsed() < DEADLINE, "{pid} still runs");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Runs one input and calls `then` with the text so far until it is satisfied, which cancels the
/// run. Returns how long the end took from then.
async fn cancel_when(
    executor: &mut dyn Executor,
    input: &str,
    then: impl Fn(&str) -> bool,
) -> (Ending, String, Duration) {
    let (context, mut said, cancel) = context(input, 8);
    let watch = async {
        let (mut text, mut cancelled_at) = (String::new(), None);
        while let Some(output) = said.recv().await {
            text.push_str(&text_of(&[output]));
            if cancelled_at.is_none() && then(&text) {
                cancel.cancel();
                cancelled_at = Some(Instant::now());
            }
        }
        (text, cancelled_at.expect("cancelled").elapsed())
    };
    let both = async { tokio::join!(executor.run(context), watch) };
    let (ending, (text, took)) = tokio::time::timeout(DEADLINE, both).await.expect("in time");
    (ending, text, took)
}

#[tokio::test]
async fn text_goes_in_and_comes_out() {
    let input = "zeile, línea, 行 🙂\n".repeat(40_000);
    let (ending, said) = once(ProcessOptions::new(["cat"]), &input).await;
    assert_eq!(ending, Ending::completed());
    assert!(text_of(&said) == input);
    assert!(matches!(said.first(), Some(Output::BlockStarted { .. })));
    assert!(matches!(said.last(), Some(Output::BlockFinished { status: BlockStatus::Complete, .. })));
    assert!(notices(&said).is_empty());

    let (ending, said) = once(ProcessOptions::new(["true"]), "").await;
    assert_eq!((ending, said.len()), (Ending::completed(), 0));
}

#[tokio::test]
async fn the_exit_decides() {
    let (ending, said) = once(sh("echo so far; exit 3"), "").await;
    assert_eq!(reason(&ending), ("exit_status", "exited with status 3"));
    assert_eq!(text_of(&said), "so far\n");
    let (ending, said) = once(sh("echo so far; kill -9 $$"), "").await;
    assert_eq!(reason(&ending), ("exit_status", "was ended by signal 9"));
    assert_eq!(fold(&said).open_blocks.len(), 1, "left to the worker to interrupt");
}

#[tokio::test]
async fn what_does_not_start_says_which() {
    let mut options = ProcessOptions::new(["/no/such/program", "--token=secret"]);
    options.env.insert("TOKEN".into(), "secret".into());
    let (ending, _) = once(options, "").await;
    let (reason, message) = reason(&ending);
    assert_eq!(reason, "spawn_failed");
    assert!(message.contains("`/no/such/program`") && !message.contains("secret"), "{message}");

    let (context, _said, _) = context_in("", 8, Some("/no/such/folder".into()));
    let ending = executor(sh("true")).run(context).await;
    assert!(ending.error.unwrap().message.contains("the folder to work in does not exist"));
}

#[tokio::test]
async fn it_works_in_its_folder_and_environment() {
    let folder = tempfile::tempdir().unwrap();
    let mut options = sh("pwd -P; echo $ADDED; env | grep ^YOI_ | sort");
    options.env.insert("ADDED".into(), "yes".into());
    let (context, mut said, _) = context_in("", 100, Some(folder.path().into()));
    let (worker_id, run_id) = (context.worker_id, context.run_id);
    assert_eq!(executor(options).run(context).await, Ending::completed());
    let mut text = String::new();
    while let Some(output) = said.recv().await {
        text.push_str(&text_of(&[output]));
    }
    let folder = folder.path().canonicalize().unwrap();
    assert_eq!(text, format!("{}\nyes\nYOI_RUN_ID={run_id}\nYOI_WORKER_ID={worker_id}\n", folder.display()));
}

#[tokio::test]
async fn a_cancelled_program_is_gone_with_its_children() {
    let mut executor = executor(sh("sleep 1000 & echo $!; echo $$; sleep 1000"));
    let (ending, text, took) = cancel_when(&mut *executor, "", |text| text.lines().count() == 2).await;
    assert_eq!(ending, Ending::cancelled());
    assert!(took < Duration::from_secs(4), "by SIGTERM: {took:?}");
    assert!(text.lines().count() == 2 && !text.lines().any(runs), "gone before the run returns");
}

#[tokio::test]
async fn one_that_ignores_sigterm_is_killed() {
    let mut options = sh("trap '' TERM; echo $$; while :; do sleep 1; done");
    options.kill_after = Duration::from_millis(200);
    let (ending, text, took) = cancel_when(&mut *executor(options), "", |text| text.ends_with('\n')).await;
    assert_eq!(ending, Ending::cancelled());
    assert!(took >= Duration::from_millis(200));
    assert!(!runs(text.trim()));
}

#[tokio::test]
async fn a_background_child_does_not_hold_the_run() {
    let (ending, said) = once(sh("sleep 1000 & echo $!"), "").await;
    assert_eq!(ending, Ending::completed());
    assert!(!runs(text_of(&said).trim()));
    assert!(matches!(said.last(), Some(Output::BlockFinished { .. })));
    // Nor one that never stops talking.
    let (ending, _) = once(sh("yes & echo $!"), "").await;
    assert_eq!(ending, Ending::completed());
}

#[tokio::test]
async fn a_run_may_be_limited() {
    let options = ProcessOptions { time_limit: Some(Duration::from_millis(100)), ..sh("echo $$; sleep 1000") };
    let (ending, said) = once(options, "").await;
    assert_eq!(ending, Ending::limit("time_limit", "the run took longer than 100ms"));
    assert!(!runs(text_of(&said).trim()));
}

#[tokio::test]
async fn what_is_not_utf_8_is_told_once() {
    let (ending, said) = once(sh(r"printf 'a\377b\303'; sleep 0.05; printf '\244\377c'"), "").await;
    assert_eq!((ending, text_of(&said)), (Ending::completed(), "a\u{FFFD}bä\u{FFFD}c".into()));
    assert_eq!(notices(&said).iter().map(|n| n.0).collect::<Vec<_>>(), ["process_not_utf8"]);
}

#[tokio::test]
async fn standard_error_becomes_bounded_notices() {
    let (_, said) = once(sh("printf 'oops\\n\\n' >&2; printf '%05000d\\n' 7 >&2"), "").await;
    let told = notices(&said);
    assert_eq!(told[0], ("stderr", "oops"));
    assert_eq!((told.len(), told[1].1.len()), (2, 4096 + '…'.len_utf8()));

    let script = "i=0; while [ $i -lt 5000 ]; do echo line $i; i=$((i+1)); done >&2; echo done";
    let (ending, said) = once(sh(script), "").await;
    assert_eq!((ending, text_of(&said)), (Ending::completed(), "done\n".into()));
    let told = notices(&said);
    assert_eq!(told.len(), 201);
    assert_eq!(told[0].1, "line 0");
    assert_eq!(told[200].1, "4800 more lines on standard error are not told");
}

#[tokio::test]
async fn nothing_is_read_while_nobody_takes_it() {
    let (context, said, cancel) = context("", 1);
    let mut executor = executor(ProcessOptions::new(["yes"]));
    let (ending, ()) = tokio::join!(executor.run(context), async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        cancel.cancel();
    });
    assert_eq!((ending, said.len()), (Ending::cancelled(), 1));
}

const EVENTS: &str = r#"
{"type":"block_started","block_id":"b","kind":"tool_call","call_id":"c","tool":"t"}
{"type":"block_delta","block_id":"b","text":"{}"}
{"type":"block_finished","block_id":"b"}
{"type":"tool_result","call_id":"c","content":[{"type":"text","text":"r"}],"is_error":true}
{"type":"plan_updated","items":[{"content":"p","status":"completed"}]}
{"type":"usage_updated","input_tokens":3,"output_tokens":4}
{"type":"x_new", "n":1.50}
{"type":"user_message","content":[]}
hello
{"type":"run_finished","outcome":"limit","error":{"reason":"turns","message":"too many"}}
{"type":"block_delta","block_id":"b","text":"late"}"#;

#[tokio::test]
async fn events_are_passed_on() {
    let (ending, said) = once(json(&format!("cat <<'E'\n{EVENTS}\nE\n")), "").await;
    assert_eq!(ending, Ending::limit("turns", "too many"));
    let state = fold(&said);
    assert!(state.open_blocks.is_empty());
    assert_eq!((state.plan.len(), state.usage.input_tokens), (1, 3));
    assert!(said.iter().any(|o| matches!(o, Output::Unknown(e) if e.json() == r#"{"type":"x_new", "n":1.50}"#)));
    let told = notices(&said);
    assert_eq!(
        told.iter().map(|n| n.0).collect::<Vec<_>>(),
        ["process_bad_event", "process_bad_line", "process_bad_event"]
    );
    assert!(told[1].1.ends_with(": hello"), "{}", told[1].1);

    let finished = r#"echo '{"type":"run_finished","outcome":"completed"}'; exit 4"#;
    assert_eq!(reason(&once(json(finished), "").await.0).1, "exited with status 4");
    // A line without an end is one; a program that waits for the end of its input gets it.
    let finished = r#"printf '{"type":"run_finished","outcome":"completed"}\n{"type":"notice"'; cat >/dev/null"#;
    let (ending, said) = once(json(finished), "").await;
    assert_eq!((ending, notices(&said).len()), (Ending::completed(), 1));
}

#[tokio::test]
async fn bad_lines_are_bounded() {
    let script = "i=0; while [ $i -lt 50 ]; do printf '%0300d\\n' $i; i=$((i+1)); done";
    let (ending, said) = once(json(script), "").await;
    let told = notices(&said);
    assert_eq!((ending, told.len()), (Ending::completed(), 21));
    assert_eq!(told[0].1.matches('0').count(), 200 + told[0].1.split(": ").next().unwrap().matches('0').count());
    assert!(told[20].1.contains("not told"));

    let long = r#"head -c 3000000 /dev/zero | tr '\0' x; echo; echo '{"type":"notice","level":"info","code":"after","message":""}'"#;
    let (_, said) = once(json(long), "").await;
    let told = notices(&said);
    assert!(told.len() == 2 && told[0].1.starts_with("a line is too long") && told[1].0 == "after", "{told:?}");
}

/// Answers every question with `option` and collects what is said.
async fn answering(mut said: mpsc::Receiver<Output>, option: &str) -> Vec<Output> {
    let mut all = Vec::new();
    while let Some(output) = said.recv().await {
        match output {
            Output::Ask { answer, .. } => answer.send(option.to_owned()).unwrap(),
            output => all.push(output),
        }
    }
    all
}

const ASKING: &str = r#"
read input
echo '{"type":"approval_requested","approval_id":"a","title":"?","options":["allow","deny"]}'
read answer
printf '{"type":"extension","namespace":"told","value":[%s,%s]}\n' "$input" "$answer""#;

#[tokio::test]
async fn a_person_answers_a_program() {
    let (context, said, _) = context("hi", 8);
    let run_id = context.run_id;
    let mut executor = executor(json(ASKING));
    let both = async { tokio::join!(executor.run(context), answering(said, "allow")) };
    let (ending, said) = tokio::time::timeout(DEADLINE, both).await.unwrap();
    assert_eq!(ending, Ending::completed());
    let [Output::Extension { value, .. }] = &said[..] else { panic!("{said:?}") };
    let expected = serde_json::json!([
        {"type": "input", "run_id": run_id, "content": [{"type": "text", "text": "hi"}]},
        {"type": "approval_resolved", "approval_id": "a", "outcome": "allow"},
    ]);
    assert_eq!(*value, expected);

    // One that cannot hear an answer is told so at once.
    let options = ProcessOptions { input: Input::Text, ..json(ASKING) };
    let (_, said) = once(options, "hi").await;
    assert!(notices(&said)[0].1.contains("does not read answers"));
}

fn kept(options: ProcessOptions, run_end: Option<RunEnd>) -> Box<dyn Executor> {
    executor(ProcessOptions { lifetime: Lifetime::KeptRunning, run_end, ..options })
}

fn marker() -> Option<RunEnd> {
    Some(RunEnd::Marker("END".into()))
}

#[tokio::test]
async fn a_kept_program_serves_run_after_run() {
    let mut executor = kept(sh("while read l; do echo $$ $l; echo END; done"), marker());
    let mut pids = Vec::new();
    for input in ["one", "two", "three"] {
        let (ending, said) = run(&mut *executor, input).await;
        assert_eq!(ending, Ending::completed());
        let text = text_of(&said);
        let (pid, rest) = text.split_once(' ').unwrap();
        assert_eq!(rest, format!("{input}\n"));
        assert!(fold(&said).open_blocks.is_empty());
        pids.push(pid.to_owned());
    }
    pids.dedup();
    assert_eq!(pids.len(), 1, "one program");
    assert!(runs(&pids[0]));
    executor.stop().await;
    assert!(!runs(&pids[0]));
}

#[tokio::test]
async fn quiet_ends_a_run() {
    let mut executor = kept(ProcessOptions::new(["cat"]), Some(RunEnd::Quiet(Duration::from_millis(300))));
    for input in ["one", "two"] {
        let (ending, said) = run(&mut *executor, input).await;
        assert_eq!((ending, text_of(&said)), (Ending::completed(), format!("{input}\n")));
    }
    executor.stop().await;
}

#[tokio::test]
async fn a_kept_program_that_dies_is_started_again() {
    let mut executor = kept(sh("read l; test $l = die && exit 7; echo $$; echo END; read l; exit 5"), marker());
    let (ending, _) = run(&mut *executor, "die").await;
    assert_eq!(reason(&ending), ("exit_status", "exited with status 7"));
    // Between two runs: by a signal from outside.
    let (ending, said) = run(&mut *executor, "live").await;
    assert_eq!((ending, notices(&said).len()), (Ending::completed(), 0));
    let pid = text_of(&said).trim().to_owned();
    let killed = std::process::Command::new("kill").args(["-9", &pid]).status().unwrap();
    assert!(killed.success());
    is_gone(&pid).await;
    let (ending, said) = run(&mut *executor, "live").await;
    assert_eq!(ending, Ending::completed());
    assert_eq!(
        notices(&said),
        [("process_restarted", "the program was ended by signal 9 since the last run and is started again")]
    );
    executor.stop().await;
}

const AGENT: &str = r#"
while read line; do
  case $line in
    *'"cancel"'*) test "$1" = obedient && echo '{"type":"run_finished","outcome":"cancelled"}';;
    *quick*) printf '{"type":"extension","namespace":"pid","value":"%s"}\n{"type":"run_finished","outcome":"completed"}\n' $$;;
    *) echo '{"type":"block_started","block_id":"b","kind":"text"}'
       printf '{"type":"block_delta","block_id":"b","text":"%s"}\n' $$;;
  esac
done"#;

#[tokio::test]
async fn a_kept_program_that_speaks_events_may_end_a_cancelled_run_itself() {
    for manner in ["obedient", "deaf"] {
        let options = ProcessOptions::json_lines(["sh", "-c", AGENT, "agent", manner]);
        let mut executor = kept(options, None);
        let (ending, pid, _) = cancel_when(&mut *executor, "slow", |text| !text.is_empty()).await;
        assert_eq!(ending, Ending::cancelled());
        assert_eq!(runs(&pid), manner == "obedient");
        let (ending, said) = run(&mut *executor, "quick").await;
        assert_eq!(ending, Ending::completed());
        let [Output::Extension { value, .. }] = &said[..] else { panic!("{said:?}") };
        assert_eq!(*value == *pid, manner == "obedient");
        executor.stop().await;
    }
}

#[tokio::test]
async fn a_kept_program_that_closes_its_output_is_ended() {
    let mut executor = kept(sh("echo $$; exec >&-; sleep 1000"), marker());
    let (ending, said) = run(&mut *executor, "x").await;
    assert_eq!(reason(&ending).0, "output_closed");
    assert!(!runs(text_of(&said).trim()));
}

#[tokio::test]
async fn nothing_outlives_an_executor_that_is_dropped() {
    let mut executor = kept(sh("sleep 1000 & echo $!; echo END; sleep 1000"), marker());
    let (_, said) = run(&mut *executor, "x").await;
    let pid = text_of(&said).trim().to_owned();
    assert!(runs(&pid));
    drop(executor);
    is_gone(&pid).await;
}

/// Not a measurement, but a guard: this many lines take a small part of a second.
#[tokio::test]
async fn a_hundred_thousand_deltas_pass() {
    let script = r#"yes '{"type":"block_delta","block_id":"b","text":"some words of an answer "}' | head -n 100000"#;
    let (out, mut said) = Emitter::channel(256);
    let context = RunContext {
        worker_id: protocol::WorkerId::from_parts(1, 1),
        run_id: protocol::RunId::from_parts(2, 2),
        workdir: None,
        input: vec![Part::text("go")],
        cancel: CancellationToken::new(),
        tools: Arc::new(super::super::NoTools),
        history: Arc::new(super::super::NoHistory),
        out,
    };
    let mut executor = executor(json(script));
    let begun = Instant::now();
    let (ending, count) = tokio::join!(executor.run(context), async {
        let mut count = 0;
        while said.recv().await.is_some() {
            count += 1;
        }
        count
    });
    eprintln!("100,000 deltas in {:?}", begun.elapsed());
    assert_eq!((ending, count), (Ending::completed(), 100_000));
    assert!(begun.elapsed() < DEADLINE);
}

/// Tools of a test: one that answers, one that fails, and one that never answers.
struct TestTools {
    called: parking_lot::Mutex<Vec<(String, String)>>,
    cancelled: CancellationToken,
}

impl super::super::Toolbox for TestTools {
    fn tools(&self) -> Vec<super::super::Tool> {
        let tool = |name: &str| super::super::Tool {
            name: name.to_owned(),
            description: "for tests".to_owned(),
            input_schema: serde_json::json!({ "type": "object" }),
        };
        ["t.add", "t.fail", "t.hang"].map(tool).into()
    }

    fn call(
        &self,
        call: super::super::ToolCall,
    ) -> futures_util::future::BoxFuture<'_, Result<String, super::super::ToolFailure>> {
        use super::super::ToolFailure;
        self.called.lock().push((call.tool.clone(), call.arguments.clone()));
        Box::pin(async move {
            match call.tool.as_str() {
                "t.add" => Ok("three".to_owned()),
                "t.fail" => Err(ToolFailure::Failed("it is broken".to_owned())),
                "t.hang" => {
                    let _guard = self.cancelled.clone().drop_guard();
                    std::future::pending().await
                }
                other => Err(ToolFailure::Unknown(other.to_owned())),
            }
        })
    }
}

async fn with_tools(options: ProcessOptions, tools: &Arc<TestTools>) -> (Ending, Vec<Output>) {
    let (mut context, mut said, _cancel) = context("go", 8);
    context.tools = Arc::clone(tools) as Arc<dyn super::super::Toolbox>;
    let collect = async {
        let mut all = Vec::new();
        while let Some(output) = said.recv().await {
            all.push(output);
        }
        all
    };
    let mut executor = executor(options);
    tokio::time::timeout(DEADLINE, async { tokio::join!(executor.run(context), collect) }).await.unwrap()
}

fn test_tools() -> Arc<TestTools> {
    Arc::new(TestTools { called: parking_lot::Mutex::default(), cancelled: CancellationToken::new() })
}

#[tokio::test]
async fn a_program_calls_tools_and_reads_their_answers() {
    let script = r#"
read -r input
case $input in *'"tools":[{"name":"t.add","description":"for tests","input_schema":{"type":"object"}}'*) ;; *) exit 9;; esac
for tool in t.add t.fail t.nowhere; do
  echo '{"type":"call_tool","call_id":"'$tool'","tool":"'$tool'","arguments":{"n":1}}'
  read -r answer
  printf '{"type":"extension","namespace":"answer","value":%s}\n' "$answer"
done
echo '{"type":"run_finished","outcome":"completed"}'"#;
    let tools = test_tools();
    let (ending, said) = with_tools(json(script), &tools).await;
    assert_eq!(ending, Ending::completed());
    let arguments = r#"{"n":1}"#.to_owned();
    let expected = ["t.add", "t.fail", "t.nowhere"].map(|tool| (tool.to_owned(), arguments.clone()));
    assert_eq!(*tools.called.lock(), expected);
    let heard: Vec<_> = said
        .iter()
        .filter_map(|output| match output {
            Output::Extension { value, .. } => Some((
                value["type"].as_str().unwrap(),
                value["content"][0]["text"].as_str().unwrap(),
                value["is_error"].as_bool().unwrap(),
                value["code"].as_str(),
            )),
            _ => None,
        })
        .collect();
    let result = "tool_result";
    assert_eq!(
        heard,
        [
            (result, "three", false, None),
            (result, "it is broken", true, Some("tool_failed")),
            (result, "there is no tool `t.nowhere`", true, Some("tool_unknown")),
        ]
    );
    // and everybody sees a call like any other
    let shown = |output: &Output| match output {
        Output::BlockStarted { kind, call_id, tool, .. } => {
            Some(format!("{kind:?} {} {}", call_id.as_deref().unwrap(), tool.as_deref().unwrap()))
        }
        Output::ToolResult { call_id, is_error, .. } => Some(format!("result {call_id} {is_error}")),
        _ => None,
    };
    let shown: Vec<_> = said.iter().filter_map(shown).collect();
    let expected = ["t.add", "t.fail", "t.nowhere"]
        .map(|tool| [format!("ToolCall {tool} {tool}"), format!("result {tool} {}", tool != "t.add")]);
    assert_eq!(shown, expected.concat());
    assert!(fold(&said).open_blocks.is_empty());
}

#[tokio::test]
async fn a_call_ends_with_its_run() {
    let call = r#"read i; echo '{"type":"call_tool","call_id":"c","tool":"t.hang"}'; "#;
    let tools = test_tools();
    // the program is done without the answer
    let (ending, said) =
        with_tools(json(&format!(r#"{call} echo '{{"type":"run_finished","outcome":"completed"}}'"#)), &tools).await;
    assert_eq!(ending, Ending::completed());
    assert!(matches!(said.last(), Some(Output::ToolResult { is_error: true, .. })), "{said:?}");
    tokio::time::timeout(DEADLINE, tools.cancelled.cancelled()).await.unwrap();
    // the same name twice, and a program that does not read answers, are told
    let twice = json(&format!(r#"{call} echo '{{"type":"call_tool","call_id":"c","tool":"t.add"}}'"#));
    let (_, said) = with_tools(twice, &test_tools()).await;
    assert!(notices(&said)[0].1.contains("waits for its answer already"), "{said:?}");
    let deaf = ProcessOptions { input: Input::Text, ..json(call) };
    let (_, said) = with_tools(deaf, &test_tools()).await;
    assert!(notices(&said)[0].1.contains("does not read answers"), "{said:?}");
}
