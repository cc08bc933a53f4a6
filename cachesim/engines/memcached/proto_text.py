"""The text protocol: a request line in, the exact bytes of the server's reply out.

A storage command needs a block of data after its line. So it takes two steps: `begin` reads the line
and returns a block, whose `finish` takes the data. `answer` does both.
"""

from cachesim.engines.memcached.commands import COMMANDS, Outcome
from cachesim.engines.memcached.daemon import Daemon
from cachesim.engines.memcached.proto_items import Block
from cachesim.engines.memcached.proto_meta import MetaBlock
from cachesim.engines.memcached.protocol import END_OF_LINE, ERROR, one_line

MOST_TOKENS = 23  # words of a line that the server looks at


def answer(daemon: Daemon, line: bytes, data: bytes | None = None) -> bytes:
    r"""Return the reply to a request line (without its end) and to its block of data, if it has one.

    >>> from cachesim.engines.memcached.engine import Memcached
    >>> engine = Memcached().build(clock=lambda: 0.0, random=lambda: 0.5)
    >>> answer(engine, b"set a 0 0 2", b"12"), answer(engine, b"incr a 3"), answer(engine, b"get a")
    (b'STORED\r\n', b'15\r\n', b'VALUE a 0 2\r\n15\r\nEND\r\n')
    """
    outcome = begin(daemon, line)
    if isinstance(outcome, Block | MetaBlock):
        if outcome.refusal is not None:
            return outcome.refusal
        return outcome.finish(daemon, ((data or b"") + END_OF_LINE)[: outcome.size + 2])
    return outcome or b""


def begin(daemon: Daemon, line: bytes) -> Outcome:
    """Run a request line, as far as that is possible without its data.

    References
    ----------
    memcached 1.6: proto_text.c, process_command_ascii.
    """
    daemon.tick()
    words = [word for word in line.partition(b"\0")[0].split(b" ") if word]
    if not words or len(words[0]) < 2:
        return one_line(ERROR)
    row = COMMANDS.get(words[0].decode("latin-1"))
    if row is None:
        is_web = words[0][:1] not in b"gsacidt" and words[:MOST_TOKENS][-1].startswith(b"HTTP/")
        return None if is_web else one_line(ERROR)
    tokens = words if row.is_long else words[:MOST_TOKENS]
    least, most = row.words
    return row.answer(daemon, tokens) if least <= len(tokens) <= most else one_line(ERROR)
