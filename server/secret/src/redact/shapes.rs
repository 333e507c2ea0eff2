//! The shapes in which issuers hand out keys, one table. Prefixes and lengths are those that the issuers document, or that
//! the public secret scanners of GitHub and GitLab use for them; lengths are the least, so that a longer kind is found, too.

use std::{ops::Range, sync::LazyLock};

/// What follows a prefix.
#[derive(Debug, Clone, Copy)]
enum Body {
    /// At least so many letters and digits.
    Alnum(usize),
    /// At least so many letters, digits, `-` and `_`.
    Word(usize),
    /// A run of at least so many letters and digits, with a digit, somewhere in a word: for prefixes that begin names, too.
    Run(usize),
    /// At least so many lower-case hexadecimal digits.
    Hex(usize),
    /// At least so many of `A-Z` and `2-7`.
    Base32(usize),
    /// Two parts of letters, digits, `-` and `_`, of at least these lengths, with a dot between.
    Dotted(usize, usize),
}

use Body::{Alnum, Base32, Dotted, Hex, Run, Word};

/// The shortest text that is looked at: the shortest key there is, an AWS key id, has 20 characters.
pub(super) const SHORTEST: usize = 16;

#[rustfmt::skip]
const SHAPES: &[(&str, Body)] = &[
    // Models: OpenAI and compatible (OpenRouter, DeepSeek, Moonshot, DashScope, LiteLLM), Anthropic, Google, Groq, xAI, …
    ("sk-proj-", Word(20)), ("sk-svcacct-", Word(20)), ("sk-admin-", Word(20)), ("sk-ant-", Word(20)),
    ("sk-or-", Word(20)), ("sk-lf-", Word(20)), ("pk-lf-", Word(20)), ("sk-", Run(16)), ("sess-", Run(24)),
    ("AIza", Word(20)), ("ya29.", Word(20)), ("GOCSPX-", Word(20)), ("AQ.A", Word(30)),
    ("gsk_", Alnum(20)), ("xai-", Alnum(16)), ("hf_", Alnum(30)), ("api_org_", Alnum(30)), ("r8_", Alnum(30)),
    ("pplx-", Alnum(30)), ("fw_", Alnum(20)), ("tgp_v1_", Word(30)), ("csk-", Alnum(30)), ("nvapi-", Word(40)),
    ("pa-", Run(20)), ("al-", Run(30)), ("jina_", Word(40)), ("tvly-", Run(16)), ("fc-", Hex(32)), ("esecret_", Alnum(20)),
    ("pcsk_", Word(30)), ("rpa_", Alnum(30)), ("flp_", Alnum(30)), ("e2b_", Hex(32)), ("lsv2_", Word(30)),
    ("wandb_v1_", Word(30)), ("ABSK", Alnum(60)), ("bedrock-api-key-", Word(30)), ("up_", Alnum(28)), ("vck_", Alnum(30)),
    // Where code lives.
    ("ghp_", Alnum(30)), ("gho_", Alnum(30)), ("ghu_", Alnum(30)), ("ghs_", Alnum(30)), ("ghr_", Alnum(30)),
    ("github_pat_", Word(30)), ("glpat-", Word(20)), ("gldt-", Word(20)), ("glrt-", Word(20)), ("glptt-", Word(20)),
    ("glcbt-", Word(20)), ("glsoat-", Word(20)), ("glft-", Word(20)), ("glimt-", Word(20)), ("glagent-", Word(20)),
    ("ATATT3", Word(40)), ("ATBB", Alnum(28)), ("ATCTT3", Word(40)),
    // Clouds and hosts.
    ("AKIA", Base32(16)), ("ASIA", Base32(16)), ("ABIA", Base32(16)), ("ACCA", Base32(16)),
    ("dop_v1_", Hex(60)), ("doo_v1_", Hex(60)), ("dor_v1_", Hex(60)), ("dapi", Hex(32)), ("hvs.", Word(24)), ("hvb.", Word(24)),
    ("hvr.", Word(24)), ("FlyV1", Word(30)), ("fo1_", Word(30)), ("nfp_", Alnum(30)), ("rnd_", Alnum(28)), ("HRKU-", Word(30)),
    ("tskey-", Run(16)), ("pscale_", Word(40)), ("sbp_", Hex(40)), ("sb_secret_", Word(20)), ("pul-", Hex(40)), ("dp.", Dotted(2, 40)),
    ("rubygems_", Hex(40)), ("npm_", Alnum(36)), ("pypi-", Word(40)), ("dckr_pat_", Word(20)), ("cio", Alnum(32)),
    // Services.
    ("xoxb-", Run(20)), ("xoxp-", Run(20)), ("xoxa-", Run(20)), ("xoxr-", Run(20)), ("xoxs-", Run(20)), ("xoxe.", Word(30)),
    ("xoxe-", Word(30)), ("xapp-", Word(30)), ("sk_live_", Alnum(16)), ("sk_test_", Alnum(16)), ("rk_live_", Alnum(16)),
    ("rk_test_", Alnum(16)), ("sk_", Run(24)), ("whsec_", Alnum(24)), ("SK", Hex(32)), ("SG.", Dotted(16, 30)), ("key-", Hex(32)),
    ("lin_api_", Alnum(30)), ("lin_oauth_", Alnum(30)), ("ntn_", Alnum(40)), ("secret_", Alnum(40)), ("PMAK-", Hex(24)),
    ("figd_", Word(30)), ("pat", Dotted(14, 60)), ("glsa_", Alnum(30)), ("glc_", Alnum(30)), ("sntrys_", Alnum(30)),
    ("sntryu_", Hex(60)), ("NRAK-", Alnum(27)), ("shpat_", Hex(32)), ("shpss_", Hex(32)), ("shpca_", Hex(32)), ("sq0csp-", Word(40)),
    ("sq0atp-", Word(20)), ("re_", Run(24)), ("phx_", Alnum(40)), ("CCIPAT_", Word(40)), ("bkua_", Hex(40)),
    // Secrets of people: 1Password service accounts, age, JSON Web Tokens.
    ("ops_", Alnum(60)), ("AGE-SECRET-KEY-1", Alnum(50)), ("AGE-SECRET-KEY-PQ-1", Alnum(50)), ("eyJ", Dotted(12, 12)),
];

/// The shapes by the first byte of their prefix: every long word of every line of the log is looked up.
static BY_FIRST: LazyLock<[Vec<(&str, Body)>; 128]> = LazyLock::new(|| {
    let mut by_first = [const { Vec::new() }; 128];
    for (prefix, body) in SHAPES {
        by_first[usize::from(prefix.as_bytes()[0])].push((*prefix, *body));
    }
    by_first
});

/// Whether `text` begins with a key.
pub(super) fn begins_with_key(text: &str) -> bool {
    let shapes = text.as_bytes().first().and_then(|first| BY_FIRST.get(usize::from(*first)));
    let found = |(prefix, body): &(&str, Body)| text.strip_prefix(prefix).is_some_and(|rest| body.begins(rest));
    shapes.is_some_and(|shapes| shapes.iter().any(found))
}

impl Body {
    fn begins(self, rest: &str) -> bool {
        let alnum = |b: u8| b.is_ascii_alphanumeric();
        let word = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
        match self {
            Alnum(least) => random(leading(rest, alnum), least),
            Word(least) => random(leading(rest, word), least),
            Hex(least) => random(leading(rest, |b| matches!(b, b'0'..=b'9' | b'a'..=b'f')), least),
            Base32(least) => random(leading(rest, |b| matches!(b, b'A'..=b'Z' | b'2'..=b'7')), least),
            Run(least) => leading(rest, word).split(['-', '_']).any(|run| {
                // A long run may lack a digit; a short one without is a name.
                run.len() >= least && (has_digit(run) || run.len() >= 40 && random(run, least))
            }),
            Dotted(first, second) => rest.split_once('.').is_some_and(|(one, two)| {
                leading(one, word).len() == one.len() && one.len() >= first && random(leading(two, word), second)
            }),
        }
    }
}

fn leading(text: &str, allowed: impl Fn(u8) -> bool) -> &str {
    &text[..text.bytes().position(|b| !allowed(b)).unwrap_or(text.len())]
}

fn has_digit(text: &str) -> bool {
    text.bytes().any(|b| b.is_ascii_digit())
}

/// Long enough, and with a digit or in mixed case, as what is random is.
fn random(text: &str, least: usize) -> bool {
    let mixed = || text.bytes().any(|b| b.is_ascii_lowercase()) && text.bytes().any(|b| b.is_ascii_uppercase());
    text.len() >= least && (has_digit(text) || mixed())
}

/// Whether `text` is the secret half of a Telegram bot's token, which is behind the bot's number and a colon.
pub(super) fn is_telegram(before: &str, text: &str) -> bool {
    let digits = before.bytes().rev().take_while(u8::is_ascii_digit).count();
    (8..=10).contains(&digits) && text.starts_with("AA") && (33..=40).contains(&text.len()) && random(text, 33)
}

/// Private keys in PEM, from their first line to their last, or to the end where that is missing.
pub(super) fn find_blocks(text: &str, found: &mut Vec<Range<usize>>) {
    const BEGIN: &str = "-----BEGIN ";
    const END: &str = "PRIVATE KEY-----";
    let mut from = 0;
    while let Some(start) = text[from..].find(BEGIN).map(|at| from + at) {
        from = start + BEGIN.len();
        let label = &text[from..text.floor_char_boundary(from + 40)];
        let Some(body) = label.find(END).map(|at| from + at + END.len()) else { continue };
        from = text[body..].find(END).map_or(text.len(), |at| body + at + END.len());
        found.push(start..from);
    }
}
