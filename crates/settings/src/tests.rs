//! The engine with small tables of its own.
//!
//! Owns what holds for any table: which source wins, what is told of a file, what is shown.

use crate::values::{count, duration, switch, word};
use crate::{Entry, File, Flags, Form, Item, Problems, Resolved, Section, Table, as_json, as_text};
use clap::Command;
use std::path::Path;
use std::time::Duration;

#[derive(Debug, Default, PartialEq)]
struct Shop {
    open: Option<Duration>,
    seats: usize,
    colour: u8,
    key: Option<String>,
    names: Vec<String>,
    smoking: bool,
    folder: String,
    guests: Vec<(String, String)>,
    dishes: Vec<(String, usize)>,
}

crate::keys! { SHOP: Shop;
    ["Shop"]
    "open", "open", "T_OPEN", "8h", "TIME", Plain, |s, t| { s.open = Some(duration(t)?); Ok(()) }, "How long";
    "room.seats", "seats", "T_SEATS", "4", "N", Plain, |s, t| { s.seats = count(t)?; Ok(()) }, "How many";
    "room.smoking", "smoking", "T_SMOKING", "false", "BOOL", Switch, |s, t| { s.smoking = switch(t)?; Ok(()) }, "May one";
    ["Back"]
    "colour", "colour", "T_COLOUR", "red", "WORD", Plain,
        |s, t| { s.colour = word(t, &[("red", 1), ("blue", 2)])?; Ok(()) }, "Which";
    "key", "key-file", "T_KEY", "", "FILE", Secret, |s, t| { s.key = Some(t.to_owned()); Ok(()) }, "To the safe";
    "names", "names", "T_NAMES", "", "LIST", List,
        |s, t| { s.names = t.split(',').map(str::to_owned).collect(); Ok(()) }, "Who";
    "folder", "folder", "T_FOLDER", "none", "FOLDER", PathOr("none"), |s, t| { s.folder = t.to_owned(); Ok(()) }, "Where";
}

fn guest(shop: &mut Shop, mut entry: Entry<'_>) {
    let secret = entry.members.secret("secret").unwrap_or_default();
    entry.members.finish();
    shop.guests.push((entry.name, secret));
}

fn dish(shop: &mut Shop, mut entry: Entry<'_>) {
    let name = entry.members.required("name", "what it is called", |m, name| m.text(name));
    let mut parts = 0;
    entry.members.tables("parts", |mut part| {
        parts += part.count("grams").unwrap_or_default();
        part.finish();
    });
    entry.members.finish();
    shop.dishes.extend(name.map(|name| (name, parts)));
}

const FILE: File = File { flag: "config", env: "T_CONFIG", path: ".yoi/shop.toml", called: "file" };

static TABLE: Table<Shop> = Table::new(
    "the shop",
    FILE,
    SHOP,
    &[
        Section {
            name: "guests",
            form: Form::Named,
            read: guest,
            items: |shop| {
                let item = |(name, _): &(String, String)| Item {
                    name: name.clone(),
                    members: vec![("sort", "person".to_owned())],
                    origin: "somewhere".to_owned(),
                };
                shop.guests.iter().map(item).collect()
            },
        },
        Section { name: "dishes", form: Form::List, read: dish, items: |_| Vec::new() },
    ],
);

/// The back room alone, as another program sees it.
static BACK: Table<Shop> = Table {
    title: "the back room",
    file: File { flag: "back-config", called: "shop.toml", ..FILE },
    uses: |key| key.group == "Back",
    heading: |_| "Back room",
    ..Table::new("", FILE, SHOP, TABLE.sections)
};

fn folder(toml: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join(".yoi")).unwrap();
    std::fs::write(folder.path().join(".yoi/shop.toml"), toml).unwrap();
    folder
}

fn resolve(table: &'static Table<Shop>, toml: &str, flags: &[&str]) -> (Result<Resolved<Shop>, Problems>, String) {
    let folder = folder(toml);
    let environment = |name: &str| match name {
        "T_OPEN" => Some("2h".to_owned()),
        "T_SEATS" => Some("3".to_owned()),
        "SAFE" => Some("hunter2".to_owned()),
        "NOTHING" => Some(String::new()),
        _ => None,
    };
    let command = table.augment(Command::new("shop"));
    let matches = command.try_get_matches_from(std::iter::once(&"shop").chain(flags)).unwrap();
    let mut given = Flags::default();
    table.take(&matches, &mut given);
    let draft = table.resolve(Shop::default(), &given, &environment, folder.path());
    let place = folder.path().display().to_string();
    (draft.finish(), place)
}

#[test]
fn flag_variable_file_and_default_in_this_order() {
    let toml = "open = '1h'\nkey = { env = 'SAFE' }\nnames = ['a', 'b']\nfolder = 'data'\n[room]\nseats = 2\n\
                [guests.ann]\nsecret = { env = 'SAFE' }\n[[dishes]]\nname = 'soup'\nparts = [{ grams = 2 }, { grams = 3 }]";
    let (resolved, place) = resolve(&TABLE, toml, &["--seats", "5", "--smoking"]);
    let resolved = resolved.unwrap();
    let expected = Shop {
        open: Some(Duration::from_secs(7200)),
        seats: 5,
        colour: 1,
        key: Some("hunter2".to_owned()),
        names: vec!["a".to_owned(), "b".to_owned()],
        smoking: true,
        folder: format!("{place}/data"),
        guests: vec![("ann".to_owned(), "hunter2".to_owned())],
        dishes: vec![("soup".to_owned(), 5)],
    };
    assert_eq!(resolved.settings, expected);
    let (text, json) = (as_text(&[&resolved.report]), as_json(&[&resolved.report]));
    assert!(!text.contains("hunter2") && !json.contains("hunter2"));
    // the temporary folder's name has any length, and so has the column
    let shown: Vec<_> = text.lines().map(|l| l.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    insta::assert_snapshot!(shown.join("\n").replace(&place, "W"), @r"
    open = 2h # T_OPEN
    room.seats = 5 # --seats
    room.smoking = true # --smoking
    colour = red # default
    key = ******** # W/.yoi/shop.toml:2:1 (variable SAFE)
    names = a,b # W/.yoi/shop.toml:3:1
    folder = W/data # W/.yoi/shop.toml:4:1
    guests.ann = person # somewhere
    ");
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["guests"][0]["sort"], "person");
    assert_eq!(json["settings"][1]["value"], "5");
}

#[test]
fn everything_wrong_is_told_at_once_with_its_place() {
    let toml = "opne = 1\nkey = 'hunter2'\nnames = ['a,b']\ncolour = ['x']\nguests = 3\n[room]\nseat = 1\nsmoking = 'maybe'\n\
                [[dishes]]\nnam = 1\nparts = [{ gram = 1 }, 2]\n[dishs]\n";
    let (resolved, place) = resolve(&TABLE, toml, &["--open", "soon", "--key-file", "nowhere"]);
    let problems = resolved.unwrap_err().to_string().replace(&place, "W");
    assert!(!problems.contains("hunter2"));
    insta::assert_snapshot!(problems);
}

#[test]
fn a_secret_that_is_not_there_is_told_by_its_place_alone() {
    for (toml, words) in [
        (
            "[guests.a]\nsecret = { env = 'NOBODY' }",
            "`guests.a.secret` refers to the variable NOBODY, which is not set",
        ),
        (
            "[guests.a]\nsecret = { env = 'NOTHING' }",
            "`guests.a.secret` refers to the variable NOTHING, which is empty",
        ),
        ("[guests.a]\nsecret = 'hunter2'", "`guests.a.secret` is a secret: refer to it as"),
        ("key = { fiel = 'x' }", "did you mean `file`?"),
        ("key = { env = 'NOTHING' }", "`key` is empty"),
    ] {
        let problems = resolve(&TABLE, toml, &[]).0.unwrap_err().to_string();
        assert!(problems.contains(words) && !problems.contains("hunter2"), "{problems}");
    }
}

#[test]
fn a_part_of_a_table_leaves_the_rest_of_its_file_alone() {
    let (resolved, place) = resolve(&BACK, "open = 'whenever'\ncolour = 'blue'\n[room]\nseats = 0\n", &[]);
    let resolved = resolved.unwrap();
    assert_eq!((resolved.settings.colour, resolved.settings.seats, resolved.settings.open), (2, 0, None));
    let warnings: Vec<_> = resolved.warnings.iter().map(|w| w.replace(&place, "W")).collect();
    assert_eq!(
        warnings,
        [
            "W/.yoi/shop.toml:1:1: `open` has no effect here: the back room",
            "W/.yoi/shop.toml:4:1: `room.seats` has no effect here: the back room"
        ]
    );
    let (bad, _) = resolve(&BACK, "colur = 'blue'", &[]);
    assert!(bad.unwrap_err().to_string().contains("did you mean `colour`?"));
}

#[test]
fn two_tables_stand_in_one_help_and_one_show() {
    static FRONT: Table<Shop> = Table { uses: |key| key.group == "Shop", ..Table::new("the shop", FILE, SHOP, &[]) };
    let command = FRONT.augment(BACK.augment(Command::new("shop")));
    command.clone().debug_assert();
    let matches = command.clone().try_get_matches_from(["shop", "--seats", "5", "--colour", "blue"]).unwrap();
    let nowhere = |_: &str| None;
    let read = |table: &'static Table<Shop>| {
        let mut flags = Flags::default();
        table.take(&matches, &mut flags);
        table.resolve(Shop::default(), &flags, &nowhere, Path::new("/nowhere")).finish().unwrap()
    };
    let (front, back) = (read(&FRONT), read(&BACK));
    assert_eq!((front.settings.seats, front.settings.colour), (5, 0));
    assert_eq!((back.settings.seats, back.settings.colour), (0, 2));
    insta::assert_snapshot!("two_tables_shown", as_text(&[&front.report, &back.report]));
    insta::assert_snapshot!("two_tables_help", command.term_width(100).render_help());
    let json: serde_json::Value = serde_json::from_str(&as_json(&[&front.report, &back.report])).unwrap();
    assert_eq!(json["settings"][3]["table"], "the back room");
    insta::assert_snapshot!("reference", crate::reference(&BACK, 3));
}

#[test]
fn a_named_file_must_be_there_and_a_variable_names_one_too() {
    let environment = |name: &str| (name == "T_CONFIG").then(|| "/nowhere/x.toml".to_owned());
    let draft = TABLE.resolve(Shop::default(), &Flags::default(), &environment, Path::new("."));
    assert_eq!(draft.file.as_deref(), Some(Path::new("/nowhere/x.toml")));
    assert!(draft.finish().unwrap_err().to_string().starts_with("/nowhere/x.toml: cannot be read"));
}

#[test]
fn secrets_that_others_can_read_are_told() {
    let (resolved, place) = {
        let folder = folder("key = { file = 'safe' }\n[guests.a]\nsecret = { file = 'safe' }\n");
        std::fs::write(folder.path().join("safe"), "hunter2\n").unwrap();
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(folder.path().join("safe"), PermissionsExt::from_mode(0o644)).unwrap();
        let draft = TABLE.resolve(Shop::default(), &Flags::default(), &|_| None, folder.path());
        (draft.finish().unwrap(), folder.path().display().to_string())
    };
    assert_eq!(resolved.settings.key.as_deref(), Some("hunter2"));
    let expected = format!(
        "other users of this machine can read {place}/safe, which holds a secret; run `chmod 600 {place}/safe`"
    );
    assert_eq!(resolved.warnings, [expected.clone(), expected]);
}
