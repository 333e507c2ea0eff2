//! Which names stay here.

use super::*;

#[track_caller]
fn assert_stays(path: &str) {
    let kept = egress(path).expect_err(path);
    assert_eq!(kept.path, path);
    assert!(SECRET_FILES.contains(&kept.rule));
}

#[test]
fn secret_files_stay_here_at_any_depth() {
    for name in [
        ".env",
        ".env.local",
        ".envrc",
        ".env.production",
        "prod.env",
        "server.pem",
        "tls.key",
        "id_rsa",
        "id_rsa.pub",
        "id_ed25519",
        "id_ecdsa_sk",
        "ssh_host_ed25519_key",
        ".npmrc",
        ".pypirc",
        ".netrc",
        ".git-credentials",
        ".aws/credentials",
        ".aws/config",
        ".ssh/config",
        ".ssh/keys/deploy",
        ".kube/config",
        "kubeconfig",
        "prod.kubeconfig",
        "passwords.kdbx",
        "client.p12",
        "release.keystore",
        "credentials.json",
        "service-account-prod.json",
        ".cargo/credentials.toml",
        ".docker/config.json",
        "terraform.tfstate",
        "terraform.tfstate.backup",
        "prod.tfvars",
        ".bash_history",
        ".git/config",
        ".git",
        ".config/gcloud/access_tokens.db",
    ] {
        assert_stays(name);
        assert_stays(&format!("a/b c/{name}"));
    }
}

#[test]
fn what_a_program_is_made_of_may_leave() {
    for path in [
        "src/main.rs",
        "",
        "/",
        "README.md",
        "environment.py",
        "src/env.rs",
        "src/secrets.rs",
        "src/credentials.py",
        "src/key.go",
        "keys/mod.rs",
        "tokenizer.json",
        "docs/.gitignore",
        ".github/workflows/ci.yml",
        ".gitlab-ci.yml",
        ".cargo/config.toml",
        ".docker/Dockerfile",
        "pem.rs",
        "id_rsa_parser.rs",
        "aws/main.tf",
        "config/kube.rs",
        "settings.xml",
        "gradle.properties",
        "certificate.crt",
        "monkey",
    ] {
        assert_eq!(egress(path), Ok(()), "{path}");
    }
}

#[test]
fn upper_and_lower_case_are_the_same() {
    for path in [".ENV", "Server.PEM", "ID_RSA", "a/.Ssh/Config", "C/NuGet.Config"] {
        assert_stays(path);
    }
}

#[test]
fn a_name_written_another_way_stays_the_same_file() {
    for path in [
        "a\\.env",
        ".ssh\\config",
        ".env.",
        ".env ",
        ".env::$DATA",
        "./.env",
        "a//.env",
        "../.env",
        "/home/u/.aws/config",
    ] {
        assert_stays(path);
    }
}

#[test]
fn a_rule_of_two_names_is_those_two_side_by_side() {
    assert_stays("x/.docker/config.json");
    assert_stays("x/.config/gh/hosts.yml");
    for path in [".docker/contexts/config.json", "docker/config.json", ".docker", "config.json", ".config/nvim/gh"] {
        assert_eq!(egress(path), Ok(()), "{path}");
    }
}

#[test]
fn a_folder_is_secret_only_by_the_name_of_a_folder() {
    for path in ["pkg/credentials/tls.go", "kubeconfig/load.rs", "a.key/b.rs", "auth.json/readme.md"] {
        assert_eq!(egress(path), Ok(()), "{path}");
    }
    for path in [".envs/.production/django", ".env/prod", ".secrets/token", ".env", ".ssh"] {
        assert_stays(path);
    }
    let root = Path::new("/work");
    assert!(
        egress_below(root, "pkg/credentials", true).is_ok() && egress_below(root, "pkg/credentials", false).is_err()
    );
    assert!(egress_below(root, "pkg/.aws", true).is_err() && egress_below(root, "pkg/.aws", false).is_err());
}

#[test]
fn the_name_of_the_opened_folder_counts() {
    assert!(egress_below(Path::new("/home/u/.ssh"), "config", false).is_err());
    assert!(egress_below(Path::new("/home/u/.config/gh"), "hosts.yml", false).is_err());
    assert!(egress_below(Path::new("/home/u/.aws/sso"), "cache/a.json", false).is_err());
    assert!(egress_below(Path::new("/home/u/work"), "config", false).is_ok());
    assert!(egress_below(Path::new("/"), "config", false).is_ok());
}

#[test]
fn a_star_is_any_run_of_characters() {
    for (pattern, name, expected) in [
        ("*", "", true),
        ("*", "abc", true),
        ("", "", true),
        ("", "a", false),
        ("a*", "a", true),
        ("a*", "ba", false),
        ("*.key", ".key", true),
        ("*.key", "a.key.rs", false),
        ("*a*b", "aab", true),
        ("*ab*ab", "abab", true),
        ("*ab*ab", "ab", false),
        ("s_*_k", "s_x_k_k", true),
        ("s_*_k", "s_k", false),
        ("a**c", "abc", true),
    ] {
        assert_eq!(matches_name(pattern.as_bytes(), name.as_bytes()), expected, "{pattern} on {name}");
    }
}

#[test]
fn patterns_are_lower_case_and_stand_there_once() {
    for (at, pattern) in SECRET_FILES.iter().enumerate() {
        assert_eq!(*pattern, pattern.to_lowercase());
        assert!(!SECRET_FILES[..at].contains(pattern), "{pattern} twice");
    }
}

#[test]
fn a_refusal_names_the_path_and_the_rule() {
    let kept = egress("a/.env.local").expect_err("secret");
    let expected = "`a/.env.local` stays on this machine because of the rule `.env*/`; leave it out of the request";
    assert_eq!(kept.to_string(), expected);
}
