//! The constants of the TypeScript module: codes, bounds, known types, and the guards on them.
//!
//! Owns their TypeScript names; the values are `protocol`'s.

use super::literal;
use protocol::{Code, EventKind, MAX_EVENT_BYTES, MAX_FRAME_BYTES, Part, Retry, bounds};
use std::fmt::Write as _;

const GUARDS: &str = r"
/** Whether this version knows the event's type. Narrow with it before switching on `type`. */
export function isKnownEvent(event: AnyEvent): event is Event {
  return (EVENT_TYPES as readonly string[]).includes(event.type);
}

/** Whether this version knows the part's type. Narrow with it before switching on `type`. */
export function isKnownPart(part: Part): part is KnownPart {
  return (PART_TYPES as readonly string[]).includes(part.type);
}
";

const CODE_INFO: &str = r"
/** What follows from a code. */
export interface CodeInfo {
  /** The HTTP status of a problem document with it. */
  readonly httpStatus: number;
  /** The WebSocket close code that follows it, where the connection ends. */
  readonly closeCode: number | null;
  /** The exit status of a command that ends with it. */
  readonly exitStatus: number;
  /** Whether trying again may succeed. */
  readonly retryable: boolean;
  /** What to do. */
  readonly action: Action;
  /** A short summary, the same for every occurrence. */
  readonly title: string;
  /** What a person does about it. */
  readonly remedy: string;
}

/** A code that this version knows. */
export type KnownCode = keyof typeof CODES;
";

/// All of them, as the end of the module.
pub fn all() -> String {
    let mut out = "\n// Constants.\n".to_owned();
    list(&mut out, "EVENT_TYPES", "The types of events that this version knows.", EventKind::TYPES);
    list(&mut out, "PART_TYPES", "The types of parts that this version knows.", Part::TYPES);
    out.push_str(GUARDS);
    for (name, what, value) in [
        ("MAX_FRAME_BYTES", "The most bytes of one event frame, those of `snapshot` events aside.", MAX_FRAME_BYTES),
        (
            "MAX_EVENT_BYTES",
            "The most bytes of an event's own JSON: a frame's bound less its envelope.",
            MAX_EVENT_BYTES,
        ),
    ] {
        let _ = writeln!(out, "\n/** {what} */\nexport const {name} = {value};");
    }
    out.push_str(
        "\n/** The bounds of a folded state; docs/wire.md says what each bounds. */\nexport const BOUNDS = {\n",
    );
    for (name, value) in bounds::ALL {
        let _ = writeln!(out, "  {}: {value},", camel(name));
    }
    out.push_str("} as const;\n");
    out.push_str(CODE_INFO);
    out.push_str("\n/** The table of codes. */\nexport const CODES = {\n");
    for code in Code::KNOWN {
        let info = code.info();
        let close = info.close_code.map_or_else(|| "null".to_owned(), |c| c.to_string());
        let _ = writeln!(
            out,
            "  {code}: {{\n    httpStatus: {},\n    closeCode: {close},\n    exitStatus: {},\n    retryable: {},\n    \
             action: {},\n    title: {},\n    remedy: {},\n  }},",
            info.http_status,
            info.exit_status,
            info.retry == Retry::Yes,
            literal(info.action.as_str()),
            literal(info.title),
            literal(info.remedy),
        );
    }
    out.push_str("} as const satisfies Record<string, CodeInfo>;\n");
    out
}

/// The types that are known of an open union, and the guard on them.
pub fn guard(union: &str, types: &[&str]) -> String {
    let mut words: Vec<String> = Vec::new();
    for c in union.chars() {
        match words.last_mut() {
            Some(word) if c.is_lowercase() => word.push(c),
            _ => words.push(c.to_string()),
        }
    }
    let constant = format!("{}_TYPES", words.join("_").to_uppercase());
    let value = words.last().map(|word| word.to_lowercase()).unwrap_or_default();
    let mut out = String::new();
    list(&mut out, &constant, &format!("The types of `{union}` that this version knows."), types);
    let _ = write!(
        out,
        "\n/** Whether this version knows its type. Narrow with it before switching on `type`. */\n\
         export function isKnown{union}({value}: {union}): {value} is Known{union} {{\n  \
         return ({constant} as readonly string[]).includes({value}.type);\n}}\n"
    );
    out
}

fn list(out: &mut String, name: &str, what: &str, values: &[&str]) {
    let values: Vec<_> = values.iter().map(|v| format!("  {},\n", literal(v))).collect();
    let _ = writeln!(out, "\n/** {what} */\nexport const {name} = [\n{}] as const;", values.concat());
}

/// `TEXT_BYTES` as `textBytes`.
fn camel(upper: &str) -> String {
    let mut words = upper.split('_').map(str::to_lowercase);
    let first = words.next().unwrap_or_default();
    let word = |w: String| w.get(..1).unwrap_or_default().to_uppercase() + w.get(1..).unwrap_or_default();
    first + &words.map(word).collect::<String>()
}
