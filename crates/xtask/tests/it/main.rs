//! `xtask` as a command.
//!
//! Owns its exit status. That there is a test of the program has `make test` build it, as `make
//! lint` runs it.

#[cfg(test)]
mod usage {
    use std::process::{Command, Output};

    fn xtask(args: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_xtask")).args(args).output().unwrap()
    }

    #[test]
    fn what_is_no_command_is_told_which_there_are() {
        for args in [&[][..], &["generates"], &["generate", "--chekc"], &["generate", "--check", "x"], &["--help"]] {
            let output = xtask(args);
            assert_eq!(output.status.code(), Some(2), "{args:?}");
            let said = String::from_utf8(output.stderr).unwrap();
            assert!(said.starts_with("Usage: ") && said.contains("generate --check"), "{said}");
            assert!(output.stdout.is_empty());
        }
    }

    #[test]
    fn what_is_committed_is_what_would_be_generated() {
        let output = xtask(&["generate", "--check"]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}
