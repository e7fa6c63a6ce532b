//! Granting and taking back, and the file that is left.

use super::Place;
use super::fixture::{API, BROAD, GATEWAY, NEAR};
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

const COMMENTS: &str = "# Ours; ask Ada.\n\n[plugins.other] # not this one\nenabled = true\n";

#[test]
fn a_grant_and_back_keeps_comments_and_who_may_read() {
    let place = Place::new();
    place.package("chat", &format!("{API}{GATEWAY}"));
    place.write(".yoi/plugins.toml", COMMENTS);
    std::fs::set_permissions(place.grants(), std::fs::Permissions::from_mode(0o640)).unwrap();
    let granted = place.page(&["grant", "chat", "--all", "--yes"]);
    let file = std::fs::read_to_string(place.grants()).unwrap();
    insta::assert_snapshot!(format!("{granted}\n\n{}", super::plain(&file)));
    assert!(file.starts_with(COMMENTS), "{file}");
    assert_eq!(place.grants().metadata().unwrap().permissions().mode() & 0o777, 0o640);
    place.good(&["grant", "chat", "--all", "--yes"]);
    assert_eq!(std::fs::read_to_string(place.grants()).unwrap(), file, "granting twice is granting once");
    assert_eq!(place.good(&["revoke", "chat", "gateway"]), "revoked websocket/gateway\n");
    assert_eq!(place.said(&["show", "chat"]).0, Some(10));
    assert_eq!(place.good(&["revoke", "chat", "--all"]), "revoked request/api\n");
    let file = std::fs::read_to_string(place.grants()).unwrap();
    assert!(file.starts_with(COMMENTS) && !file.contains(".grants."), "{file}");
    let (status, _, stderr) = place.said(&["revoke", "chat", "--all"]);
    assert_eq!(status, Some(3), "{stderr}");
    let left: Vec<_> = place.path().join(".yoi").read_dir().unwrap().flatten().map(|e| e.file_name()).collect();
    assert_eq!(left.len(), 2, "{left:?}");
}

#[test]
fn a_new_file_is_for_nobody_else() {
    let place = Place::new();
    let folder = place.path().join("package");
    super::fixture::write_package(&folder, "chat", API);
    place.good(&["grant", "./package", "api", "--yes"]);
    assert_eq!(place.grants().metadata().unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(place.said(&["show", "package"]).0, Some(0));
}

#[test]
fn without_a_terminal_nothing_is_granted_unless_told() {
    let place = Place::new();
    place.package("chat", API);
    let (status, stdout, stderr) = place.said(&["grant", "chat", "api"]);
    assert_eq!((status, stdout.as_str()), (Some(2), ""));
    insta::assert_snapshot!(stderr);
    assert!(!place.grants().exists());
    let (status, _, stderr) = place.said(&["grant", "chat", "--yes"]);
    assert_eq!(status, Some(2), "{stderr}");
    assert!(stderr.contains("which targets? Missing are request/api"), "{stderr}");
    let (status, _, stderr) = place.said(&["grant", "chat", "apy", "--yes"]);
    assert_eq!(status, Some(3), "{stderr}");
    assert!(stderr.contains("request/api") && !place.grants().exists(), "{stderr}");
}

#[test]
fn what_is_broad_takes_a_word_of_its_own() {
    let place = Place::new();
    place.package("fetch", &format!("{API}{BROAD}"));
    let (status, stdout, stderr) = place.said(&["grant", "fetch", "--all", "--yes"]);
    assert_eq!((status, stdout.as_str()), (Some(11), ""));
    insta::assert_snapshot!(stderr);
    assert!(!place.grants().exists());
    place.good(&["grant", "fetch", "api", "--yes"]);
    place.good(&["grant", "fetch", "anywhere", "--allow-broad", "--yes"]);
    assert_eq!(place.said(&["show", "fetch"]).0, Some(0));
}

#[test]
fn this_machine_and_the_local_network_have_lines_of_their_own() {
    let place = Place::new();
    place.package("near", &format!("{API}{NEAR}"));
    insta::assert_snapshot!(place.page(&["grant", "near", "--all", "--yes"]));
}

#[test]
fn a_name_that_both_capabilities_have_is_not_guessed() {
    let place = Place::new();
    place.package("chat", &format!("{API}{}", GATEWAY.replace("\"gateway\"", "\"api\"")));
    let (status, _, stderr) = place.said(&["grant", "chat", "api", "--yes"]);
    assert_eq!(status, Some(2), "{stderr}");
    assert!(stderr.contains("request/api or websocket/api"), "{stderr}");
    assert_eq!(
        place.good(&["grant", "chat", "websocket/api", "--yes", "-q"]),
        "granted websocket/api\nenabled chat 1.0.0\n"
    );
    let (status, json) = place.json(&["grant", "chat", "--all", "--yes"]);
    assert_eq!((status, &json["granted"]), (Some(0), &serde_json::json!(["request/api"])));
}

#[test]
fn a_worker_s_program_grants_nothing() {
    let place = Place::new();
    place.package("chat", API);
    for args in [
        &["grant", "chat", "--all", "--yes"][..],
        &["revoke", "chat", "--all"],
        &["enable", "chat"],
        &["disable", "chat"],
    ] {
        let mut command = place.yoi(args);
        let (status, stdout, stderr) =
            crate::process::said(command.env("YOI_WORKER_ID", "w_01jd3v5k9m8q2r4t6w8y0a1c3e"));
        assert_eq!((status, stdout.as_str()), (Some(4), ""), "{stderr}");
        assert!(stderr.contains("by people"), "{stderr}");
    }
    assert!(!place.grants().exists());
}

#[test]
fn a_worker_s_program_that_hides_what_it_is_grants_nothing_either() {
    let place = Place::new();
    place.package("chat", API);
    let grant = place.yoi(&["grant", "chat", "--all", "--yes"]);
    // the shell stays, and it alone was given the variable
    let mut shell = Command::new("sh");
    shell.args(["-c", "env -u YOI_WORKER_ID \"$@\"; exit $?", "sh"]).arg(grant.get_program()).args(grant.get_args());
    for (name, value) in grant.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    if let Some(folder) = grant.get_current_dir() {
        shell.current_dir(folder);
    }
    let (status, _, stderr) = crate::process::said(shell.env("YOI_WORKER_ID", "w_01jd3v5k9m8q2r4t6w8y0a1c3e"));
    assert_eq!(status, Some(4), "{stderr}");
    assert!(stderr.contains("by people") && !place.grants().exists(), "{stderr}");
}

#[test]
fn a_package_that_no_host_would_link_is_granted_nothing() {
    let place = Place::new();
    let folder = place.package("chat", API);
    let component = wat::parse_str("(component (import \"wasi:sockets/tcp@0.2.0\" (instance)))").unwrap();
    let text = std::fs::read_to_string(folder.join("plugin.toml")).unwrap();
    let at = text.find("sha256:").unwrap();
    let text = text.replace(&text[at..at + 71], &manifest::Digest::of(&component).to_string());
    std::fs::write(folder.join("plugin.wasm"), component).unwrap();
    std::fs::write(folder.join("plugin.toml"), text).unwrap();
    let (status, _, stderr) = place.said(&["grant", "chat", "--all", "--yes"]);
    assert_eq!(status, Some(14), "{stderr}");
    assert!(stderr.contains("wasi:sockets/tcp@0.2.0") && !place.grants().exists(), "{stderr}");
}
