//! As much HTTP/1.1 as a model's client needs: requests with a length or in chunks, answers in chunks.

use std::io::{self, BufRead, Read, Write};

use super::Reply;

/// Method, path, headers (names in lower case), body.
pub(super) type Parsed = (String, String, Vec<(String, String)>, Vec<u8>);

/// Reads one request; `None` when the client is gone or says something else than HTTP.
pub(super) fn read_request(input: &mut impl BufRead) -> Option<Parsed> {
    let first = line(input)?;
    let mut words = first.split(' ');
    let (method, path) = (words.next()?.to_owned(), words.next()?.to_owned());
    let mut headers = Vec::new();
    loop {
        let header = line(input)?;
        if header.is_empty() {
            break;
        }
        let (name, value) = header.split_once(':')?;
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let of = |wanted: &str| headers.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.clone());
    let body = if of("transfer-encoding").is_some_and(|value| value.contains("chunked")) {
        read_chunks(input)?
    } else {
        read_exactly(input, of("content-length").map_or(Some(0), |value| value.parse().ok())?)?
    };
    Some((method, path, headers, body))
}

fn line(input: &mut impl BufRead) -> Option<String> {
    let mut text = String::new();
    input.read_line(&mut text).ok()?;
    Some(text.strip_suffix("\r\n")?.to_owned())
}

fn read_exactly(input: &mut impl Read, count: usize) -> Option<Vec<u8>> {
    let mut bytes = vec![0; count];
    input.read_exact(&mut bytes).ok()?;
    Some(bytes)
}

fn read_chunks(input: &mut impl BufRead) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let size = usize::from_str_radix(line(input)?.split(';').next()?, 16).ok()?;
        body.extend(read_exactly(input, size)?);
        line(input)?;
        if size == 0 {
            return Some(body);
        }
    }
}

/// Writes the head of an answer whose body comes in chunks.
pub(super) fn write_head(output: &mut impl Write, reply: &Reply) -> io::Result<()> {
    let mut head = format!("HTTP/1.1 {} Scripted\r\ntransfer-encoding: chunked\r\n", reply.status);
    for (name, value) in &reply.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str("\r\n");
    output.write_all(head.as_bytes())
}

/// Writes one chunk; an empty one would end the body.
pub(super) fn write_chunk(output: &mut impl Write, bytes: &[u8]) -> io::Result<()> {
    let mut chunk = format!("{:x}\r\n", bytes.len()).into_bytes();
    chunk.extend_from_slice(bytes);
    chunk.extend_from_slice(b"\r\n");
    output.write_all(&chunk)
}
