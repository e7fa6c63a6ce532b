//! The reference of the backend's settings, as a part of a page.
//!
//! Owns the text around the table. Must not read any setting.

use super::keys::TABLE;

const HEAD: &str = "\
## The backend: `workspace.toml`

What `yoi serve` takes. Its file is the one that `--config` or `YOI_WORKSPACE_CONFIG` names, else
`.yoi/workspace.toml` where it exists. SIGHUP has it read again: runtimes, principals, roles, rates,
origins and the lifetime of sign-ins count at once, everything else after a restart, which the log
says. A file with something wrong in it changes nothing then; that is in the log too.

On another address than loopback the backend starts only with principals, and with TLS or
`proxy_tls`. On loopback without principals whoever is on the machine may do everything.
";

pub(super) const SECTIONS: &str = r#"
### Runtimes, principals and roles

```toml
[[runtimes]]                      # a `worker-runtime` in a process of its own
id = "box"                        # the `runtime_id` that it has itself; another is refused
url = "https://box.example:7071"
token = { file = "secrets/box" }  # or { env = "BOX_TOKEN" }
ca = "secrets/ca.pem"             # trust these authorities, in place of the system's
connect_timeout = "10s"
request_timeout = "60s"
silence_timeout = "37500ms"       # a stream that brings nothing for so long is dead

[[runtimes]]
id = "lab"
url = "https://10.0.0.7:7071"
token = { env = "LAB_TOKEN" }
# trust this certificate and no other: openssl x509 -fingerprint -sha256
pin = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

[[principals]]                    # `yoi token new` makes a token and its hash
name = "ann"
role = "operator"
token_hash = "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"

[[principals]]
name = "screen@lobby"
role = "viewer"
token_hash = "sha256:60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752"
labels = ["team=core"]            # for this one there are no other workers

[roles.viewer]
redact = ["thinking", "tool_arguments", "tool_output", "notices"]
hide = ["secret=yes"]             # workers with any of these labels are not there

[[roles.viewer.when]]             # the first that matches counts in place of `redact`
labels = ["public=yes"]
redact = []
```

| role | may |
|---|---|
| `viewer` | watch, and read transcripts |
| `operator` | that, and create, say something, cancel, approve, stop, resume; sees working folders |
| `admin` | everything: that, and delete |

What is hidden says so: a block keeps its place, kind and tool, with `[hidden]` for a title and no
text, and a tool's answer is one part `[hidden]` with `"redacted": true`. `tool_arguments` also hides
what an approval tells of its call, but not its question. Notices leave no mark. Whoever is kept from
any text is kept from events and blocks of types that this version does not know.
"#;

/// The reference of every setting of the backend, as Markdown, from the second level of headings.
#[must_use]
pub fn reference() -> String {
    format!("{HEAD}{}{SECTIONS}", yoi_settings::reference(&TABLE, 3))
}
