//! What a component imports, and what is kept of it.

use crate::support::{Fixture, Plugin, guest, options, request, websocket};
use plugin_host::{CacheError, Host, Package, PackageError, StartError, State};
use std::path::Path;

fn importing(import: &str) -> Vec<u8> {
    wat::parse_str(format!("(component (import \"{import}\" (instance)))")).expect("a component")
}

async fn error(component: Vec<u8>, targets: &[crate::support::Target]) -> String {
    let plugin = Plugin { component, asked: targets.to_vec(), ..Plugin::probe() };
    let fixture = Fixture::with(plugin, targets, "{}", |_| {}).await;
    assert_eq!(fixture.status().state, State::Failed);
    assert!(fixture.is_quiet());
    fixture.status().last_error.expect("an error")
}

#[tokio::test]
async fn an_import_without_a_grant_names_the_grant() {
    // the probe imports both
    let said = error(guest("probe"), &[websocket("live", 1)]).await;
    assert!(said.contains("yoi:plugin/request@0.1.0") && said.contains("[[host_api.request.targets]]"), "{said}");
    let said = error(guest("probe"), &[request("api", 1)]).await;
    assert!(said.contains("yoi:plugin/websocket@0.1.0") && said.contains("websocket"), "{said}");
}

#[tokio::test]
async fn every_other_way_out_is_refused_by_its_name() {
    let both = [request("api", 1), websocket("live", 1)];
    for import in [
        "wasi:sockets/tcp@0.2.0",
        "wasi:http/outgoing-handler@0.2.0",
        "wasi:filesystem/types@0.2.0",
        "wasi:cli/environment@0.2.0",
        "yoi:plugin/grants@0.1.0",
        "yoi:plugin/request@0.2.0",
        "anything:else/there",
    ] {
        let said = error(importing(import), &both).await;
        assert!(said.contains(&format!("`{import}`")) && said.contains("hint: "), "{said}");
    }
    assert!(error(wat::parse_str("(component)").expect("a component"), &both).await.contains("exports neither"));
    assert!(error(b"\0asm\x01\0\0\0".to_vec(), &both).await.contains("cannot be read"));
    for module in ["(memory i64 1)", "(memory 1 2 shared)", "(type (struct))"] {
        let component = wat::parse_str(format!("(component (core module {module}))")).expect("a component");
        let said = error(component, &both).await;
        assert!(said.contains("cannot be read"), "{module}: {said}");
    }
    assert!(error(b"no wasm at all".to_vec(), &both).await.contains("cannot be read"));
}

#[tokio::test]
async fn a_guest_in_another_language_is_a_guest() {
    let plugin = Plugin { component: guest("c-echo"), ..Plugin::probe() };
    let fixture = Fixture::granted(plugin).await;
    assert_eq!(fixture.status().state, State::Running, "{:?}", fixture.status());
    assert!(!fixture.host.tools().is_empty());
}

#[test]
fn the_folder_for_compiled_code_is_for_nobody_else() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().expect("a folder");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let _entered = runtime.enter();
    let start = |path: &Path| {
        let (mut options, _) = options();
        options.code = Some(path.to_owned());
        Host::start(options)
    };
    let code = folder.path().join("made/code");
    start(&code).expect("it is made");
    assert_eq!(std::fs::metadata(&code).expect("made").permissions().mode() & 0o777, 0o700);
    std::fs::set_permissions(&code, std::fs::Permissions::from_mode(0o770)).expect("opened");
    assert!(matches!(start(&code), Err(StartError::Cache(CacheError::Open { mode: 0o770, .. }))));
    let link = folder.path().join("link");
    std::os::unix::fs::symlink(&code, &link).expect("a link");
    assert!(matches!(start(&link), Err(StartError::Cache(CacheError::Folder { .. }))));
}

#[tokio::test]
async fn compiled_code_is_kept_and_never_comes_from_a_package() {
    let folder = tempfile::tempdir().expect("a folder");
    let code = folder.path().join("code");
    let mut times = Vec::new();
    for _ in 0..2 {
        let (plugin, kept) = (Plugin::probe(), code.clone());
        let targets = plugin.asked.clone();
        let began = std::time::Instant::now();
        let fixture = Fixture::with(plugin, &targets, "{}", move |options| options.code = Some(kept)).await;
        times.push(began.elapsed());
        assert!(fixture.is_up(), "{:?}", fixture.status());
    }
    println!("first start {:?}, second start {:?}", times[0], times[1]);
    assert!(std::fs::read_dir(&code).expect("the folder").count() > 0);
    assert!(times[1] < times[0], "{times:?}");
}

#[test]
fn a_package_is_what_its_manifest_says_or_an_error() {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, bytes: &[u8]| std::fs::write(folder.path().join(name), bytes).expect("written");
    let manifest = |path: &str, bytes: &[u8]| {
        format!(
            "[plugin]\nid = \"p\"\nversion = \"1\"\nname = \"P\"\ndescription = \"d\"\napi = \"yoi:plugin@0.1\"\n\
             [component]\npath = \"{path}\"\nsha256 = \"{}\"\n",
            manifest::Digest::of(bytes)
        )
    };
    assert!(matches!(Package::read(folder.path()), Err(PackageError::Read { .. })));
    write("plugin.wasm", b"code");
    write("plugin.toml", manifest("plugin.wasm", b"code").as_bytes());
    let package = Package::read(folder.path()).expect("a package");
    assert_eq!(&**package.component(), b"code");
    write("plugin.wasm", b"c0de");
    assert!(matches!(Package::read(folder.path()), Err(PackageError::Digest { .. })));
    write("plugin.toml", b"[plugin]\n");
    assert!(matches!(Package::read(folder.path()), Err(PackageError::Manifest(_))));
    write("plugin.toml", b"\xff");
    assert!(matches!(Package::read(folder.path()), Err(PackageError::NotText)));

    let outside = tempfile::NamedTempFile::new().expect("a file");
    std::os::unix::fs::symlink(outside.path(), folder.path().join("link.wasm")).expect("a link");
    write("plugin.toml", manifest("link.wasm", b"").as_bytes());
    assert!(matches!(Package::read(folder.path()), Err(PackageError::Outside(_))));
    let all = folder.path().parent().expect("a parent");
    let found = plugin_host::packages(all).expect("a folder");
    assert!(found.refused.iter().any(|(path, _)| path == folder.path()));
    assert!(plugin_host::packages(&all.join("nowhere")).expect("no folder is no packages").packages.is_empty());
}
