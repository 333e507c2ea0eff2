//! Keys are taken out of the process's own environment: neither `/proc/self/environ` nor a child shows them afterwards.
//!
//! A program of its own, without the test harness: the environment may be changed only while there is one thread.

use std::process::ExitCode;

#[cfg(target_os = "linux")]
fn main() -> ExitCode {
    linux::main()
}

#[cfg(not(target_os = "linux"))]
fn main() -> ExitCode {
    ExitCode::SUCCESS
}

#[cfg(target_os = "linux")]
mod linux {
    #![expect(clippy::disallowed_methods, reason = "a test of the environment and of what children see of it")]

    use std::{
        env, fs,
        process::{Command, ExitCode},
    };

    use aside_secret::environment;
    use aside_test_support::corpus;

    const PLAIN: &str = "a plain value, 1";

    fn key() -> String {
        corpus::keys().swap_remove(0).value
    }

    pub(super) fn main() -> ExitCode {
        if env::var_os("TEST_PART").is_some() {
            child();
            return ExitCode::SUCCESS;
        }
        let status = Command::new(env::current_exe().expect("this program"))
            .env_clear()
            .envs([
                ("TEST_PART", "child"),
                ("FIRST", &key()),
                ("SECOND", PLAIN),
                ("THIRD", PLAIN),
                ("WORK_API_KEY", "local1"),
            ])
            .envs([("EMPTY", ""), ("SOME_API_KEY", "")])
            .status()
            .expect("this program starts");
        if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }

    fn child() {
        assert_eq!(environment::names_of_keys(), ["FIRST", "WORK_API_KEY"]);
        for (name, value) in
            [("FIRST", Some(key())), ("SECOND", Some(PLAIN.to_owned())), ("EMPTY", Some(String::new()))]
        {
            assert_eq!(take(name), value, "{name}");
            assert_eq!(take(name), None, "{name} a second time");
        }
        for none in ["NONE", "", "SEC", "THIRD=", "A\0B"] {
            assert_eq!(take(none), None, "{none:?}");
        }
        let block = fs::read("/proc/self/environ").expect("our own environment");
        let seen = Command::new("/usr/bin/env").output().expect("`env` runs").stdout;
        for (who, text) in [("the block", block), ("a child", seen)] {
            let text = String::from_utf8_lossy(&text);
            assert!(!text.contains(&key()), "{who} has the key");
            assert_eq!(text.matches(PLAIN).count(), 1, "{who} has what was not taken, and only that");
            assert!(text.contains("WORK_API_KEY=local1"), "{who} has what was not taken");
        }
        assert_eq!(env::var("THIRD").as_deref(), Ok(PLAIN));
        assert!(env::var_os("FIRST").is_none());
    }

    fn take(name: &str) -> Option<String> {
        #[expect(unsafe_code, reason = "this program has one thread")]
        // SAFETY: no thread was started.
        let value = unsafe { environment::take(name) };
        value.map(|value| String::from_utf8_lossy(value.expose()).into_owned())
    }
}
