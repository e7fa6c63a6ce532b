//! The worlds of `wit/`, which is compiled in.
//!
//! Owns their names and the text of the WIT package. Must not know which world a plugin needs.

use std::str::FromStr;
use wit_parser::{Resolve, UnresolvedPackageGroup, WorldId};

/// A world that a plugin can be made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum World {
    /// A plugin that runs.
    Plugin,
    /// A plugin that runs and has tools.
    PluginWithTools,
    /// A plugin that has tools.
    ToolsOnly,
}

/// No world has this name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no world `{0}`; the worlds are plugin, plugin-with-tools and tools-only")]
pub struct WorldError(String);

impl World {
    /// Its name in `wit/`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            World::Plugin => "plugin",
            World::PluginWithTools => "plugin-with-tools",
            World::ToolsOnly => "tools-only",
        }
    }

    pub(crate) fn resolve(self) -> Result<(Resolve, WorldId), String> {
        let mut map = wit_parser::SourceMap::default();
        for (name, text) in crate::kit::WIT {
            map.push_str(name, *text);
        }
        let said = |error: &dyn std::fmt::Display| format!("{error:#}");
        let group: UnresolvedPackageGroup = map.parse().map_err(|(_, error)| said(&error))?;
        let mut resolve = Resolve::default();
        let package = resolve.push_group(group).map_err(|error| said(&error))?;
        let world = resolve.select_world(&[package], Some(self.name())).map_err(|error| said(&error))?;
        Ok((resolve, world))
    }
}

impl FromStr for World {
    type Err = WorldError;

    fn from_str(name: &str) -> Result<World, WorldError> {
        let all = [World::Plugin, World::PluginWithTools, World::ToolsOnly];
        all.into_iter().find(|world| world.name() == name).ok_or_else(|| WorldError(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_world_is_in_the_wit_that_is_compiled_in() {
        for world in [World::Plugin, World::PluginWithTools, World::ToolsOnly] {
            assert_eq!(world.name().parse(), Ok(world));
            let (resolve, id) = world.resolve().unwrap();
            assert_eq!(resolve.worlds[id].name, world.name());
            assert_eq!(resolve.worlds[id].imports.len(), 6, "all imports are in every world");
        }
        assert!("command".parse::<World>().is_err());
    }
}
