#!/usr/bin/env python3
"""A language server that knows one thing: lines that hold `a - b` are wrong. It stands for a language's own server.

It publishes a diagnostic for each such line of a document that is opened or changed, and knows nothing else.
"""
import json
import re
import sys

WRONG = "a - b"


def read():
    """The next message; None at the end of the input."""
    length = 0
    while line := sys.stdin.buffer.readline().strip():
        if match := re.match(rb"content-length: *(\d+)", line, re.IGNORECASE):
            length = int(match[1])
    return json.loads(sys.stdin.buffer.read(length)) if length else None


def write(message):
    body = json.dumps({"jsonrpc": "2.0", **message}).encode()
    sys.stdout.buffer.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
    sys.stdout.buffer.flush()


def diagnostics(text):
    for number, line in enumerate(text.splitlines()):
        start = line.find(WRONG)
        if start >= 0:
            place = {"start": {"line": number, "character": start}, "end": {"line": number, "character": start + len(WRONG)}}
            yield {"range": place, "severity": 1, "source": "checker", "code": "sum", "message": "this has to be a sum"}


def publish(uri, text):
    write({"method": "textDocument/publishDiagnostics", "params": {"uri": uri, "diagnostics": list(diagnostics(text))}})


def main():
    while message := read():
        method, params = message.get("method"), message.get("params")
        if method == "initialize":
            # Whole texts, each time.
            write({"id": message["id"], "result": {"capabilities": {"textDocumentSync": 1}}})
        elif method == "textDocument/didOpen":
            publish(params["textDocument"]["uri"], params["textDocument"]["text"])
        elif method == "textDocument/didChange":
            publish(params["textDocument"]["uri"], params["contentChanges"][-1]["text"])
        elif method == "exit":
            return
        elif method == "shutdown":
            write({"id": message["id"], "result": None})
        elif method and "id" in message:
            write({"id": message["id"], "error": {"code": -32601, "message": "not known here"}})


if __name__ == "__main__":
    main()
