"""Traces that are text but not tables: LIRS, ARC, reference strings, and the output of Redis's MONITOR."""

import re
from collections.abc import Iterator
from itertools import pairwise

from cachesim.traces.chunks import DELETE, READ, WRITE, Row
from cachesim.traces.source import LONGEST_LINE, Source
from cachesim.traces.table import check_length


def lirs(source: Source) -> Iterator[Row]:
    """Read one decimal block number per line; a line `*` is a mark, not a request."""
    for line in source.lines():
        text = line.strip()
        if len(text.split()) > 1:
            raise source.wrong(text, "one block number per line", "read it with --format string")
        if text not in ("", "*"):
            yield str(_number(source, text, "a block number")), READ, None, None, None


def arc(source: Source) -> Iterator[Row]:
    """Read lines `start count ignored sequence`; each requests all blocks from start to start + count - 1."""
    for line in source.lines():
        fields = line.split()
        if not fields:
            continue
        if len(fields) != 4:
            raise source.wrong(line.strip(), 'four numbers "start count ignored sequence"')
        start, count, *_ = (_number(source, field, "a number") for field in fields)
        check_length(source, count)
        for block in range(start, start + count):
            yield str(block), READ, None, None, None


def _number(source: Source, text: str, wanted: str) -> int:
    if not (text.isascii() and text.isdecimal()):
        raise source.wrong(text, wanted)
    return source.whole(text, wanted)


def string(source: Source) -> Iterator[Row]:
    """Read a reference string: keys with blanks or commas between them, on one line or more."""
    for text in _pieces(source):
        for key in text.replace(",", " ").split():
            yield key, READ, None, None, None


def _pieces(source: Source) -> Iterator[str]:
    """Cut the text between two keys, for the whole string may be one line without an end."""
    rest = b""
    for block in source.blocks:
        rest += block
        cut = max(rest.rfind(sign) for sign in (b" ", b",", b"\n", b"\t", b"\r")) + 1
        if len(rest) - cut > LONGEST_LINE:
            raise source.too_long()
        yield _text(source, rest[:cut])
        rest = rest[cut:]
    yield _text(source, rest)


def _text(source: Source, piece: bytes) -> str:
    source.line = 1
    try:
        return piece.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise source.wrong(repr(piece[:20]), "a reference string") from None


# SIMPLIFIED: a write is a write. The part of the old value that append or hset keeps is not followed.
READS = (
    "get getrange substr strlen mget hget hgetall hmget hexists hlen hkeys hvals lrange llen lindex scard "
    "sismember smembers zrange zrangebyscore zrevrange zcard zscore zrank zcount getbit bitcount"
)
WRITES = (
    "set setex psetex setnx getset mset msetnx append setrange incr decr incrby decrby incrbyfloat hset hmset hsetnx "
    "hincrby lpush rpush lset sadd zadd zincrby setbit"
)
COMMANDS = {
    **dict.fromkeys(READS.split(), READ),
    **dict.fromkeys(WRITES.split(), WRITE),
    **dict.fromkeys(["del", "unlink"], DELETE),
}
KEYS = {"mget": slice(1, None), "del": slice(1, None), "unlink": slice(1, None),
        "mset": slice(1, None, 2), "msetnx": slice(1, None, 2)}  # fmt: skip
ONE = slice(1, 2)
LINE = re.compile(r'(\d+\.\d+) (?:\[(\d+) .*?\] )?("(?:[^"\\]|\\.)*"(?: "(?:[^"\\]|\\.)*")*)')
WORD = re.compile(r'"((?:[^"\\]|\\.)*)"')
ESCAPE = re.compile(rb"\\(x[0-9a-fA-F]{2}|.)")
SIGNS = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"a": b"\a", b"b": b"\b"}
SPANS = {"ex": 1, "px": 1000}  # options of SET that give a TTL -> their units per second
MOMENTS = {"exat": 1, "pxat": 1000}  # options of SET that give the time of the end -> the same


def monitor(source: Source) -> Iterator[Row]:
    """Read the output of `redis-cli monitor`: `1339518083.107412 [0 127.0.0.1:60866] "get" "user:1"`."""
    for line in source.lines():
        text = line.strip()
        if text in ("", "OK"):
            continue
        found = LINE.fullmatch(text)
        if found is None:
            raise source.wrong(
                text, 'a line such as 1339518083.107412 [0 127.0.0.1:60866] "get" "user:1"'
            )
        yield from _command(
            source, found[1], found[2] or "0", [_unescaped(w) for w in WORD.findall(found[3])]
        )


def _command(source: Source, moment: str, database: str, parts: list[str]) -> Iterator[Row]:
    word = parts[0].lower()
    keys = parts[KEYS.get(word, ONE)]
    if word not in COMMANDS or not keys:
        source.passed[word.upper()] += 1
        return
    time, ttl = source.moment(moment), _ttl(source, word, parts, float(moment))
    source.note("MONITOR tells no sizes; every value has those of --value-size")
    for key in keys:
        yield key if database == "0" else f"{database}/{key}", COMMANDS[word], None, time, ttl


def _ttl(source: Source, word: str, parts: list[str], now: float) -> float | None:
    """Find the TTL in a command, in seconds; None if it has none."""
    if word in ("setex", "psetex") and len(parts) == 4:
        return source.seconds(parts[2], 1000 if word == "psetex" else 1)
    if word != "set":
        return None
    for option, text in pairwise(parts[3:]):
        if option.lower() in SPANS:
            return source.seconds(text, SPANS[option.lower()])
        if option.lower() in MOMENTS:
            return max(source.whole(text, "a time") / MOMENTS[option.lower()] - now, 1e-3)
    return None


def _unescaped(text: str) -> str:
    r"""Undo the escapes of Redis.

    >>> _unescaped(r"a\x41\"\n")
    'aA"\n'
    """
    if "\\" not in text:
        return text
    whole = ESCAPE.sub(_sign, text.encode())
    return whole.decode("utf-8", "surrogateescape")


def _sign(found: "re.Match[bytes]") -> bytes:
    sign = found[1]
    return bytes([int(sign[1:], 16)]) if len(sign) == 3 else SIGNS.get(sign, sign)
