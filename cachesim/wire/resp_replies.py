"""The replies of Redis in bytes: RESP2, and RESP3."""

from fractions import Fraction
from typing import Any

from cachesim.engines.redis.longdouble import shown as in_digits
from cachesim.engines.redis.reply import (
    NULL_ARRAY,
    BigNumber,
    ByKey,
    Digits,
    Members,
    Pairs,
    Pushed,
    SeveralReplies,
    Verbatim,
)

LONGEST_LINE = 64 * 1024  # bytes (redis 7: server.h, PROTO_INLINE_MAX_SIZE)
LONGEST_BULK = 512 * 1024 * 1024  # bytes (redis 7: proto-max-bulk-len)
MOST_ARGUMENTS = 2**31 - 1
MOST_UNTRUSTED, LONGEST_UNTRUSTED = 10, 16 * 1024  # arguments and bytes, before AUTH
ESCAPES = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"a": b"\a"}
HEX = b"0123456789abcdefABCDEF"


def encode(reply: Any, resp: int = 2) -> bytes:
    r"""Return the bytes of a reply in RESP2 or RESP3.

    >>> encode({b"a": None}), encode({b"a": None}, resp=3)
    (b'*2\r\n$1\r\na\r\n$-1\r\n', b'%1\r\n$1\r\na\r\n_\r\n')
    """
    kind = type(reply)
    if kind is str:
        return b"+%b\r\n" % reply.encode("utf-8", "surrogateescape")
    if kind is int:
        return b":%d\r\n" % reply
    if reply is None:
        return b"$-1\r\n" if resp == 2 else b"_\r\n"
    if kind is Verbatim and resp == 3:
        return b"=%d\r\n%b:%b\r\n" % (len(reply) + 4, reply.format, reply)
    if kind is BigNumber and resp == 3:
        return b"(%b\r\n" % reply
    if isinstance(reply, bytes):
        return b"$%d\r\n%b\r\n" % (len(reply), reply)
    return _encode_rare(reply, resp)


def _encode_rare(reply: Any, resp: int) -> bytes:
    if isinstance(reply, bool):
        return b":%d\r\n" % reply if resp == 2 else b"#%b\r\n" % (b"t" if reply else b"f")
    if isinstance(reply, float):
        shown = in_digits(Fraction(reply)) if type(reply) is Digits else b"%.17g" % reply
        return b"$%d\r\n%b\r\n" % (len(shown), shown) if resp == 2 else b",%b\r\n" % shown
    if isinstance(reply, Exception):
        return b"-%b\r\n" % str(reply).encode("utf-8", "surrogateescape")
    if isinstance(reply, SeveralReplies):
        return b"".join(encode(each, resp) for each in reply)
    if reply is NULL_ARRAY:
        return b"*-1\r\n" if resp == 2 else b"_\r\n"
    if isinstance(reply, ByKey) and resp == 2:
        return encode(reply.pairs)
    mark, parts = _marked(reply, resp)
    count = len(parts) // 2 if mark == b"%" else len(parts)
    try:
        return b"%b%d\r\n" % (mark, count) + b"".join(encode(part, resp) for part in parts)
    except RecursionError:
        return _encode_deep(reply, resp)


def _marked(reply: Any, resp: int) -> tuple[bytes, list[Any]]:
    """Return the mark of a reply with several parts, and the parts."""
    mark, parts = b"*", list(reply)
    if resp == 3 and isinstance(reply, Pushed | Members):
        mark = b">" if isinstance(reply, Pushed) else b"~"
    elif isinstance(reply, dict):
        pairs = reply.pairs if isinstance(reply, ByKey) else reply.items()
        parts = [part for pair in pairs for part in pair]
        mark = b"*" if resp == 2 else b"%"
    elif isinstance(reply, Pairs) and resp == 2:
        parts = [part for pair in reply for part in pair]
    elif isinstance(reply, set | frozenset):
        parts = sorted(reply)
        mark = b"*" if resp == 2 else b"~"
    return mark, parts


def _encode_deep(reply: Any, resp: int) -> bytes:
    """Write lists in lists in lists: a script's reply may have thousands of them in each other."""
    out, left = [], [reply]
    while left:
        part = left.pop()
        if type(part) is list:
            out.append(b"*%d\r\n" % len(part))
            left += reversed(part)
        else:
            out.append(encode(part, resp))
    return b"".join(out)
