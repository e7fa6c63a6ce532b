//! How a plugin is made known to the host.
//!
//! Owns the macro and where it keeps the plugin between calls. Must not hold behaviour: what it makes
//! only passes calls on.

/// Registers a plugin: `register!(service: Bridge)`, `register!(tools: Words)`, or
/// `register!(service: Bridge, tools: Words)`. Once in a crate, at its root.
#[macro_export]
macro_rules! register {
    (service: $service:ty $(,)?) => {
        #[doc(hidden)]
        mod __yoi_service {
            use super::*;
            ::std::thread_local! {
                static PLUGIN: ::std::cell::RefCell<::std::option::Option<$service>> =
                    const { ::std::cell::RefCell::new(::std::option::Option::None) };
            }

            pub struct Exported;

            impl $crate::bindings::service::exports::yoi::plugin::service::Guest for Exported {
                fn start(config: ::std::string::String) -> ::std::result::Result<(), ::std::string::String> {
                    let plugin = <$service as $crate::Service>::start(&config)?;
                    PLUGIN.with_borrow_mut(|kept| *kept = ::std::option::Option::Some(plugin));
                    ::std::result::Result::Ok(())
                }

                fn run() -> ::std::result::Result<(), ::std::string::String> {
                    PLUGIN.with_borrow_mut(|kept| match kept {
                        ::std::option::Option::Some(plugin) => $crate::Service::run(plugin),
                        ::std::option::Option::None => {
                            ::std::result::Result::Err("`run` was called before `start`".to_owned())
                        }
                    })
                }

                fn stop() {
                    let plugin = PLUGIN.with_borrow_mut(::std::option::Option::take);
                    if let ::std::option::Option::Some(mut plugin) = plugin {
                        $crate::Service::stop(&mut plugin);
                    }
                }
            }

            $crate::bindings::service::export_service!(Exported with_types_in $crate::bindings::service);
        }
    };
    (tools: $tools:ty $(,)?) => {
        #[doc(hidden)]
        mod __yoi_tools {
            use super::*;

            pub struct Exported;

            impl $crate::bindings::tools::exports::yoi::plugin::tools::Guest for Exported {
                fn list() -> ::std::vec::Vec<$crate::bindings::tools::exports::yoi::plugin::tools::Tool> {
                    <$tools as $crate::Tools>::list().into_iter().map(::std::convert::Into::into).collect()
                }

                fn call(
                    name: ::std::string::String,
                    arguments: ::std::string::String,
                ) -> ::std::result::Result<
                    ::std::string::String,
                    $crate::bindings::tools::exports::yoi::plugin::tools::ToolError,
                > {
                    <$tools as $crate::Tools>::call(&name, &arguments).map_err(::std::convert::Into::into)
                }
            }

            $crate::bindings::tools::export_tools!(Exported with_types_in $crate::bindings::tools);
        }
    };
    (service: $service:ty, tools: $tools:ty $(,)?) => {
        $crate::register!(service: $service);
        $crate::register!(tools: $tools);
    };
}
