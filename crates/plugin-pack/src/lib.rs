//! From what an author has built to what a workspace can take.
//!
//! Owns making a component of a core module, a package of a folder, and the folder that a new plugin
//! begins with. Must not run a plugin's code, and must not decide what a plugin may reach: the
//! manifest's own rules are in `yoi-manifest`.

mod component;
mod interfaces;
mod kit;
mod package;
mod template;
mod world;

pub use component::{Error as ComponentizeError, componentize, componentize_as};
pub use interfaces::{Error as InterfacesError, Interfaces, Remark};
pub use package::{Built, Error as PackError, Options, PACKAGE_FOLDER, Package, pack, read};
pub use template::{Error as NewError, new};
pub use world::{World, WorldError};
