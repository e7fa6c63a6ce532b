//! Packages: what is written, what is refused, and that both are the same each time.

use crate::wasm::tools_module;
use manifest::{Capability, Digest, Manifest};
use plugin_pack::{InterfacesError, Options, PackError, Remark, World, componentize_as, pack, read};
use std::fs;
use std::path::Path;

const CLOCK: (&str, &str) = ("yoi:plugin/clock@0.1.0", "now");

const PLUGIN: &str = r#"# kept as it is
[plugin]
id = "words"
version = "1.0.0"
name = "Words"
description = "Counts words."
api = "yoi:plugin@0.1"

[component]
path = "code/plugin.wasm" # kept too
"#;

const TARGET: &str = r#"
[[host_api.request.targets]]
id = "api"
schemes = ["https"]
hosts = ["api.example.org"]
methods = ["GET"]
path_prefixes = ["/v1"]
reason = "Reads words."
"#;

fn plugin(folder: &Path, manifest: &str, code: &[u8]) -> Options {
    fs::write(folder.join("plugin.toml"), manifest).unwrap();
    let code_path = folder.join("built.wasm");
    fs::write(&code_path, code).unwrap();
    Options { code: Some(code_path), into: None, world: Some(World::ToolsOnly) }
}

#[test]
fn a_package_holds_its_digest_and_is_the_same_each_time() {
    let folder = tempfile::tempdir().unwrap();
    let options = plugin(folder.path(), PLUGIN, &tools_module(Some(CLOCK)));
    let first = pack(folder.path(), &options).unwrap();
    let text = fs::read_to_string(first.folder.join("plugin.toml")).unwrap();
    assert!(text.starts_with("# kept as it is") && text.contains("# kept too"), "{text}");
    let component = fs::read(first.folder.join("code/plugin.wasm")).unwrap();
    assert_eq!(Manifest::parse(&text).unwrap().component().sha256, Digest::of(&component));
    assert_eq!(first.interfaces.imports.iter().collect::<Vec<_>>(), ["clock"], "what is not used is not there");
    assert_eq!(first.interfaces.exports.iter().collect::<Vec<_>>(), ["tools"]);
    let again = pack(folder.path(), &options).unwrap();
    assert_eq!(again.digest, first.digest);
    assert_eq!(read(&first.folder).unwrap().digest, first.digest);
    assert_eq!(fs::read_to_string(folder.path().join("plugin.toml")).unwrap(), PLUGIN, "the author's own is untouched");
}

#[test]
fn a_package_whose_code_was_exchanged_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let options = plugin(folder.path(), PLUGIN, &tools_module(None));
    let package = pack(folder.path(), &options).unwrap();
    let other = componentize_as(&tools_module(Some(CLOCK)), World::ToolsOnly).unwrap();
    fs::write(package.folder.join("code/plugin.wasm"), other).unwrap();
    assert!(matches!(read(&package.folder), Err(PackError::OtherComponent { .. })));
}

#[test]
fn a_manifest_with_mistakes_writes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    for manifest in ["[plugin", "", "[plugin]\nid = \"a\"\napi = \"yoi:plugin@0.1\"\n", &PLUGIN.replace("words", "W s")]
    {
        let options = plugin(folder.path(), manifest, &tools_module(None));
        let error = pack(folder.path(), &options).unwrap_err();
        assert!(matches!(error, PackError::Toml(_) | PackError::Manifest(_)), "{error}");
        assert!(!folder.path().join("package").exists());
    }
}

#[test]
fn what_is_asked_and_not_used_is_remarked() {
    let folder = tempfile::tempdir().unwrap();
    let options = plugin(folder.path(), &format!("{PLUGIN}{TARGET}"), &tools_module(None));
    let package = pack(folder.path(), &options).unwrap();
    assert_eq!(package.remarks, [Remark::Unused(Capability::Request)]);
}

#[test]
fn what_no_plugin_has_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    // a component with nothing in it
    let options = plugin(folder.path(), PLUGIN, b"\0asm\x0d\0\x01\0");
    let error = pack(folder.path(), &options).unwrap_err();
    assert!(matches!(error, PackError::Interfaces(InterfacesError::NoExports)), "{error}");
    // a module with a way out
    let options = plugin(folder.path(), PLUGIN, &tools_module(Some(("wasi:sockets/tcp@0.2.0", "connect"))));
    let error = pack(folder.path(), &options).unwrap_err().to_string();
    assert!(error.contains("wasi:sockets"), "{error}");
}

#[test]
fn code_is_found_where_it_is_named_and_where_cargo_leaves_it() {
    let folder = tempfile::tempdir().unwrap();
    plugin(folder.path(), PLUGIN, b"");
    let options = Options { world: Some(World::ToolsOnly), ..Options::default() };
    let error = pack(folder.path(), &options).unwrap_err().to_string();
    assert!(error.contains("hint: build it first"), "{error}");
    let built = folder.path().join("target/wasm32-unknown-unknown/release");
    fs::create_dir_all(&built).unwrap();
    fs::write(built.join("words.wasm"), tools_module(None)).unwrap();
    assert!(pack(folder.path(), &options).is_ok());
    fs::write(built.join("other.wasm"), tools_module(None)).unwrap();
    let error = pack(folder.path(), &options).unwrap_err().to_string();
    assert!(error.contains("more than one"), "{error}");
    fs::create_dir_all(folder.path().join("code")).unwrap();
    fs::write(folder.path().join("code/plugin.wasm"), tools_module(None)).unwrap();
    assert!(pack(folder.path(), &options).is_ok());
}
