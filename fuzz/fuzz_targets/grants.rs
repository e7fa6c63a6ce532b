//! Grants with anything in them: a change of what can be read can be read.
#![no_main]

use libfuzzer_sys::fuzz_target;
use manifest::edit::{EditError, Revoked, revoke, set_enabled};
use manifest::{Capability, Grants};

fuzz_target!(|text: &str| {
    let Ok(grants) = Grants::parse(text) else { return };
    for (id, grant) in grants.iter() {
        if let Ok(changed) = set_enabled(text, id, !grant.is_enabled()) {
            let changed = Grants::parse(&changed).expect("a change can be read");
            assert_eq!(changed.plugin(id).map(|grant| grant.is_enabled()), Some(!grant.is_enabled()));
        }
        for capability in Capability::ALL {
            for granted in grant.targets(capability) {
                match revoke(text, id, Revoked::Target(capability, granted.target().id())) {
                    Ok(changed) => assert!(Grants::parse(&changed).is_ok()),
                    Err(error) => assert!(matches!(error, EditError::Inline(_)), "{error}"),
                }
            }
        }
    }
});
