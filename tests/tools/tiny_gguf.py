#!/usr/bin/env python3
"""tiny_gguf.py OUT.gguf [ANSWER]: writes a model of about 2 MB that llama.cpp really runs and that always says ANSWER.

It is a llama net that was computed, not trained. Every token has an embedding of its own (a one in its own place), the
single layer adds nothing (all its weights are zero), and the output matrix says which token follows which: a piece of
the answer is followed by the next piece, the last piece by the end of text, everything else by the first piece. The
vocabulary spells any prompt byte by byte and has fill-in-the-middle tokens, so that /infill works too.

Needs nothing but Python: the file is put together here, as the GGUF specification (version 3) lays it out.
"""

import re
import struct
import sys

WIDTH = 320  # of an embedding: one place for each token of the vocabulary
FEED_FORWARD = 32
HEADS = 4
ALIGNMENT = 32
BOS, EOS, UNKNOWN = 1, 2, 0
FILL_TOKENS = ["<PRE>", "<SUF>", "<MID>", "<EOT>"]
CHAT_TEMPLATE = "{% for m in messages %}{{ m['role'] }}: {{ m['content'] }}\n{% endfor %}assistant:"


def pieces_of(answer: str) -> list[str]:
    """Cuts the answer into tokens, by words, each different from all before it."""
    words = re.findall(r"\s?\S+|\s", answer)
    pieces: list[str] = []
    current = ""
    for word in words:
        current += word
        if current not in pieces:
            pieces.append(current)
            current = ""
    while current and pieces:  # a repeated end joins what stands before it
        current = pieces.pop() + current
        if current not in pieces:
            pieces.append(current)
            current = ""
    return pieces


def vocabulary(answer: str) -> tuple[list[bytes], list[float], list[int]]:
    """Texts, scores and kinds of all tokens; the answer's pieces come last, in order."""
    normal, unknown, control, byte = 1, 2, 3, 6
    rows = [(b"<unk>", 0.0, unknown), (b"<s>", 0.0, control), (b"</s>", 0.0, control)]
    rows += [(b"<0x%02X>" % value, 0.0, byte) for value in range(256)]
    rows += [(name.encode(), 0.0, control) for name in FILL_TOKENS]
    # So unlikely that no prompt is ever read as a piece of the answer.
    rows += [(piece.replace(" ", "\u2581").encode(), -1e6, normal) for piece in pieces_of(answer)]
    if len(rows) > WIDTH:
        sys.exit(f"the answer has {len(rows) - WIDTH} words too many")
    texts, scores, kinds = zip(*rows)
    return list(texts), list(scores), list(kinds)


def matrix(rows: int, ones: list[tuple[int, int]]) -> bytes:
    """A matrix of 32-bit floats, WIDTH columns wide: ones at the given (row, column) places, zeros elsewhere."""
    data = bytearray(rows * WIDTH * 4)
    for row, column in ones:
        struct.pack_into("<f", data, (row * WIDTH + column) * 4, 1.0)
    return bytes(data)


def tensors(count: int, first: int) -> list[tuple[str, list[int], bytes]]:
    """Name, dimensions (fastest first) and data of every tensor; `first` is the token that the answer starts with."""

    def following(token: int) -> int:
        return first if token < first else token + 1 if token + 1 < count else EOS

    ones = struct.pack(f"<{WIDTH}f", *[1.0] * WIDTH)

    def zeros(columns: int, rows: int) -> tuple[list[int], bytes]:
        return [columns, rows], bytes(columns * rows * 4)

    layer = {
        "attn_norm": ([WIDTH], ones), "ffn_norm": ([WIDTH], ones),
        "attn_q": zeros(WIDTH, WIDTH), "attn_k": zeros(WIDTH, WIDTH), "attn_v": zeros(WIDTH, WIDTH),
        "attn_output": zeros(WIDTH, WIDTH), "ffn_gate": zeros(WIDTH, FEED_FORWARD),
        "ffn_up": zeros(WIDTH, FEED_FORWARD), "ffn_down": zeros(FEED_FORWARD, WIDTH),
    }
    return [
        ("token_embd.weight", [WIDTH, count], matrix(count, [(token, token) for token in range(count)])),
        ("output_norm.weight", [WIDTH], ones),
        ("output.weight", [WIDTH, count], matrix(count, [(following(token), token) for token in range(count)])),
        *((f"blk.0.{name}.weight", dimensions, data) for name, (dimensions, data) in layer.items()),
    ]


def string(text: bytes) -> bytes:
    return struct.pack("<Q", len(text)) + text


def value(item) -> bytes:
    """Type tag and bytes of a metadata value: bool, int (unsigned), float, str, or a list of one kind."""
    if isinstance(item, bool):
        return struct.pack("<I?", 7, item)
    if isinstance(item, int):
        return struct.pack("<II", 4, item)
    if isinstance(item, float):
        return struct.pack("<If", 6, item)
    if isinstance(item, str):
        return struct.pack("<I", 8) + string(item.encode())
    if isinstance(item[0], bytes):
        return struct.pack("<IIQ", 9, 8, len(item)) + b"".join(map(string, item))
    tag, code = (6, "f") if isinstance(item[0], float) else (5, "i")
    return struct.pack("<IIQ", 9, tag, len(item)) + struct.pack(f"<{len(item)}{code}", *item)


def metadata(texts: list[bytes], scores: list[float], kinds: list[int]) -> dict:
    fill = {name: texts.index(name.encode()) for name in FILL_TOKENS}
    return {
        "general.architecture": "llama", "general.name": "tiny", "general.file_type": 0,
        "llama.context_length": 4096, "llama.embedding_length": WIDTH, "llama.block_count": 1,
        "llama.feed_forward_length": FEED_FORWARD, "llama.attention.head_count": HEADS,
        "llama.attention.head_count_kv": HEADS, "llama.attention.layer_norm_rms_epsilon": 1e-6,
        "llama.rope.dimension_count": WIDTH // HEADS, "llama.vocab_size": len(texts),
        "tokenizer.ggml.model": "llama", "tokenizer.ggml.tokens": texts, "tokenizer.ggml.scores": scores,
        "tokenizer.ggml.token_type": kinds, "tokenizer.ggml.bos_token_id": BOS, "tokenizer.ggml.eos_token_id": EOS,
        "tokenizer.ggml.unknown_token_id": UNKNOWN, "tokenizer.ggml.add_bos_token": True,
        "tokenizer.ggml.add_space_prefix": False, "tokenizer.ggml.fim_pre_token_id": fill["<PRE>"],
        "tokenizer.ggml.fim_suf_token_id": fill["<SUF>"], "tokenizer.ggml.fim_mid_token_id": fill["<MID>"],
        "tokenizer.ggml.eot_token_id": fill["<EOT>"], "tokenizer.chat_template": CHAT_TEMPLATE,
    }


def padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % ALIGNMENT)


def gguf(answer: str) -> bytes:
    """The whole file."""
    texts, scores, kinds = vocabulary(answer)
    entries = metadata(texts, scores, kinds)
    weights = tensors(len(texts), first=texts.index(FILL_TOKENS[-1].encode()) + 1)
    head = b"GGUF" + struct.pack("<IQQ", 3, len(weights), len(entries))
    head += b"".join(string(key.encode()) + value(item) for key, item in entries.items())
    offset = 0
    for name, dimensions, data in weights:
        head += string(name.encode()) + struct.pack("<I", len(dimensions))
        head += struct.pack(f"<{len(dimensions)}Q", *dimensions) + struct.pack("<IQ", 0, offset)
        offset += len(padded(data))
    return padded(head) + b"".join(padded(data) for _, _, data in weights)


def main() -> None:
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    answer = sys.argv[2] if len(sys.argv) == 3 else "return a + b  # from the tiny model"
    with open(sys.argv[1], "wb") as file:
        file.write(gguf(answer))


if __name__ == "__main__":
    main()
