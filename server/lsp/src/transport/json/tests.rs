//! Envelopes: plain, odd and broken.

use proptest::prelude::*;
use serde_json::json;

use super::*;

fn call(id: Option<Id>, method: &'static str, params: Option<Value>) -> Result<Message, Bad> {
    Ok(Message::Call(Call { id, method: method.into(), params }))
}

fn bad(id: impl Into<Option<i64>>, refusal: Refusal) -> Result<Message, Bad> {
    Err(Bad { id: id.into().map_or(Id::Null, Id::Number), refusal })
}

fn not(what: &'static str) -> Refusal {
    Refusal::NotAMessage(what)
}

#[test]
fn requests_and_notifications_are_read() {
    let cases = [
        (r#"{"jsonrpc":"2.0","id":1,"method":"m"}"#, call(Some(Id::Number(1)), "m", None)),
        (r#"{"jsonrpc":"2.0","method":"m","params":null}"#, call(None, "m", Some(Value::Null))),
        (r#" {"params":[1],"method":"m","id":"a","jsonrpc":"2.0"} "#, call(Some("a".into()), "m", Some(json!([1])))),
        (r#"{"jsonrpc":"2.0","id":-7,"method":"m","extra":{"a":[]}}"#, call(Some(Id::Number(-7)), "m", None)),
        (
            r#"{"jsonrpc":"2.0","id":9007199254740993,"method":"m"}"#,
            call(Some(9_007_199_254_740_993.into()), "m", None),
        ),
        (r#"{"jsonrpc":"2.0","id":3.0,"method":"m"}"#, call(Some(Id::Number(3)), "m", None)),
        (r#"{"\u006asonrpc":"2.0","id":1,"method":"\u006d"}"#, call(Some(Id::Number(1)), "m", None)),
        (r#"{"jsonrpc":"2.0","method":"m","params":{"a":1,"a":2}}"#, call(None, "m", Some(json!({ "a": 2 })))),
    ];
    for (body, expected) in cases {
        assert_eq!(read(body.as_bytes()), expected, "{body}");
    }
}

#[test]
fn answers_are_read_whatever_their_error_looks_like() {
    let ok = |result| Ok(Message::Answer(Response::from_ok(Id::Number(1), result)));
    let error = |code: i64, message: &'static str, data| {
        let error = Error { code: code.into(), message: message.into(), data };
        Ok(Message::Answer(Response::from_error(Id::Number(1), error)))
    };
    let cases = [
        (r#"{"jsonrpc":"2.0","id":1,"result":null}"#, ok(Value::Null)),
        (r#"{"jsonrpc":"2.0","id":1,"result":[{}]}"#, ok(json!([{}]))),
        (r#"{"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":"x","more":1}}"#, error(-32601, "x", None)),
        (r#"{"jsonrpc":"2.0","id":1,"result":1,"error":{"message":"x","data":2}}"#, error(-32603, "x", Some(json!(2)))),
        (r#"{"jsonrpc":"2.0","id":1,"error":"x"}"#, error(-32603, "the client gave no reason", None)),
    ];
    for (body, expected) in cases {
        assert_eq!(read(body.as_bytes()), expected, "{body}");
    }
    let lost = read(br#"{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"x"}}"#);
    assert!(matches!(lost, Ok(Message::Answer(response)) if *response.id() == Id::Null));
}

#[test]
fn json_that_is_no_message_is_refused_with_its_id_where_that_is_certain() {
    const TWICE: &str = "a member stands there twice";
    const VERSION: &str = "`jsonrpc` is not \"2.0\"";
    const ID: &str = "`id` is neither a whole number nor a string";
    let cases = [
        ("[]", bad(None, Refusal::Batch)),
        (r#"[{"jsonrpc":"2.0","id":1,"method":"m"}]"#, bad(None, Refusal::Batch)),
        ("null", bad(None, not("it is not an object"))),
        ("-1.5", bad(None, not("it is not an object"))),
        (r#""text""#, bad(None, not("it is not an object"))),
        ("{}", bad(None, not(VERSION))),
        (r#"{"id":1,"method":"m"}"#, bad(1, not(VERSION))),
        (r#"{"jsonrpc":"1.0","id":1,"method":"m"}"#, bad(1, not(VERSION))),
        (r#"{"jsonrpc":2.0,"id":1,"method":"m"}"#, bad(1, not(VERSION))),
        (r#"{"jsonrpc":"2.0","id":1}"#, bad(1, not("`method` is missing"))),
        (r#"{"jsonrpc":"2.0"}"#, bad(None, not("`method` is missing"))),
        (r#"{"jsonrpc":"2.0","id":1,"method":5}"#, bad(1, not("`method` is not a string"))),
        (r#"{"jsonrpc":"2.0","id":null,"method":"m"}"#, bad(None, not("`id` is null"))),
        (r#"{"jsonrpc":"2.0","id":1.5,"method":"m"}"#, bad(None, not(ID))),
        (r#"{"jsonrpc":"2.0","id":1e300,"method":"m"}"#, bad(None, not(ID))),
        (r#"{"jsonrpc":"2.0","id":true,"method":"m"}"#, bad(None, not(ID))),
        (r#"{"jsonrpc":"2.0","id":[1],"method":"m"}"#, bad(None, not(ID))),
        (r#"{"jsonrpc":"2.0","id":{"a":1},"method":"m"}"#, bad(None, not(ID))),
        (r#"{"jsonrpc":"2.0","id":18446744073709551615,"method":"m"}"#, bad(None, not(ID))),
        (r#"{"jsonrpc":"2.0","id":1,"id":2,"method":"m"}"#, bad(None, not(TWICE))),
        (r#"{"jsonrpc":"2.0","id":1,"method":"m","method":"n"}"#, bad(1, not(TWICE))),
        (r#"{"jsonrpc":"2.0","id":1,"method":"m","params":[],"params":[]}"#, bad(1, not(TWICE))),
        (r#"{"jsonrpc":"2.0","jsonrpc":"2.0","id":1,"method":"m"}"#, bad(1, not(TWICE))),
        // The id of an answer is ours; the client has a request of the same number.
        (r#"{"id":1,"result":null}"#, bad(None, not(VERSION))),
        (r#"{"jsonrpc":"2.0","id":1,"result":1,"result":1}"#, bad(None, not(TWICE))),
    ];
    for (body, expected) in cases {
        assert_eq!(read(body.as_bytes()), expected, "{body}");
    }
}

#[test]
fn what_is_not_json_is_said_to_be_so_and_where() {
    for body in [
        "",
        " ",
        "{",
        "[1,",
        "{'a':1}",
        "NaN",
        "{\"a\":NaN}",
        "{\"a\":Infinity}",
        "{} {}",
        "{\"a\":01}",
        "{\"a\":1,}",
        "{\"a\":\"\t\"}",
        "{\"a\":\"\\x\"}",
        "{\"a\":\"\\u12g4\"}",
        "\u{FEFF}{}",
        "nul",
        "{\"jsonrpc\":\"2.0\",\"id\":1",
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"m\",\"params\":[1e999]}",
        "[{]",
    ] {
        let read = read(body.as_bytes());
        let Err(Bad { refusal: Refusal::NotJson { line, .. }, .. }) = read else { panic!("{body:?}: {read:?}") };
        assert!(line <= 1, "{body:?}: {line}");
    }
    let read = read(b"{\n  oops");
    assert_eq!(read, bad(None, Refusal::NotJson { line: 2, column: 3 }));
}

#[test]
fn invalid_utf8_is_refused_wherever_it_stands() {
    for bytes in [&b"\xff"[..], b"\xc0\x80", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xe2\x82"] {
        for (before, after) in [
            (&br#"{"jsonrpc":"2.0","id":1,"method":"m","params":[""#[..], &br#""]}"#[..]),
            (br#"{"jsonrpc":"2.0","id":1,"method":"m"}"#, b""),
            (b"", b""),
        ] {
            let body = [before, bytes, after].concat();
            assert_eq!(read(&body), bad(None, Refusal::NotUtf8), "{body:?}");
        }
    }
}

#[test]
fn half_a_surrogate_pair_is_one_replacement_character() {
    let cases = [
        (r"\ud83d\ude00", "\u{1F600}"),
        (r"\uD83D", "\u{FFFD}"),
        (r"\ude00", "\u{FFFD}"),
        (r"a\ud83db", "a\u{FFFD}b"),
        (r"\ud83d\ud83d\ude00", "\u{FFFD}\u{1F600}"),
        (r"\ud83d\u0041", "\u{FFFD}A"),
        (r"\ud83d\n", "\u{FFFD}\n"),
        (r"\\ud83d\ud83d", "\\ud83d\u{FFFD}"),
        (r"\\\ud83d", "\\\u{FFFD}"),
    ];
    for (escaped, text) in cases {
        let body = format!(r#"{{"jsonrpc":"2.0","method":"m","params":["{escaped}"]}}"#);
        assert_eq!(read(body.as_bytes()), call(None, "m", Some(json!([text]))), "{escaped}");
    }
    assert_eq!(without_lone_surrogates(br"\ud83d\ude00 \\ud83d \u00e9 \"), None);
}

#[test]
fn nesting_is_bounded_and_the_request_still_gets_its_answer() {
    // The message is one level.
    let nested = |levels: usize, open: &str, close: &str| {
        let (open, close) = (open.repeat(levels - 1), close.repeat(levels - 1));
        format!(r#"{{"jsonrpc":"2.0","id":1,"method":"m","params":{open}{close}}}"#)
    };
    for levels in [2, MAX_DEPTH] {
        assert!(read(nested(levels, "[", "]").as_bytes()).is_ok(), "{levels}");
    }
    for levels in [MAX_DEPTH + 1, 1000, 1_000_000] {
        assert_eq!(read(nested(levels, "[", "]").as_bytes()), bad(1, Refusal::TooDeep), "{levels}");
        assert_eq!(read(nested(levels, "{\"a\":[", "]}").replace("[]", "[1]").as_bytes()), bad(1, Refusal::TooDeep));
    }
    let brackets = nested(2, "[", "]").replace("[]", &format!("\"{}\\\"[\"", "[".repeat(1000)));
    assert!(read(brackets.as_bytes()).is_ok());
    assert_eq!(read("[".repeat(1_000_000).as_bytes()).unwrap_err().id, Id::Null);
    let deep_id = format!(r#"{{"jsonrpc":"2.0","id":{}{},"method":"m"}}"#, "[".repeat(1000), "]".repeat(1000));
    assert!(read(deep_id.as_bytes()).is_err());
}

proptest! {
    #[test]
    fn no_body_makes_it_panic(body in proptest::collection::vec(any::<u8>(), 0..200)) {
        _ = read(&body);
    }

    #[test]
    fn no_change_to_a_message_makes_it_panic(at in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<bool>()) {
        let mut body = br#"{"jsonrpc":"2.0","id":12,"method":"m","params":{"a":["\ud83d\ude00\\",1.5e3,null,true]}}"#.to_vec();
        let at = at.index(body.len());
        body[at] = byte;
        if cut {
            body.truncate(at);
        }
        _ = read(&body);
    }
}
