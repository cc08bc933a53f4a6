"""Random commands, for comparing the embedded engine with a real server.

`random_command(random)` draws over every supported command and option, with few keys so that they
meet, with wrong types, wrong numbers of arguments, and numbers at their bounds. For a comparer:

- `UNORDERED` names the commands whose reply has no order: sort it (HSCAN and SCAN: only the reply
  of a whole walk can be compared; these here have a COUNT that takes all in one call).
- `RANDOM` names those that draw at random (RANDOMKEY, HRANDFIELD): compare types and lengths only.
- `VARYING` names those whose reply depends on the process (MEMORY, INFO, CONFIG GET): skip or pick.
- OBJECT FREQ is drawn at random under an LFU policy. OBJECT IDLETIME is of the shared object when
  the value is an integer below 10,000 and the policy neither LRU nor LFU: skip these two then.
- Time that passes is not drawn here: the comparer turns both clocks.
"""

from collections.abc import Callable
from random import Random
from typing import Any

from tests.engines.redis import (
    random_dumps,
    random_geo,
    random_hlls,
    random_lists,
    random_sets,
    random_sort,
    random_streams,
    random_zsets,
)
from tests.engines.redis.random_arguments import (
    bit_offset,
    byte_range,
    field,
    integer,
    key,
    keys,
    number,
    pairs,
    small,
    some,
    time,
    value,
)

Command = tuple[Any, ...]
PATTERNS = ["*", "k*", "k?", "k[1-3]", "[^k]*", "f*", "k\\1", "", "**", "k[3-1]", "[", "k[^12]"]

UNORDERED = {
    "KEYS", "SCAN", "HSCAN", "HGETALL", "HKEYS", "HVALS", "CONFIG",
    *random_sets.UNORDERED, *random_zsets.UNORDERED,
}  # fmt: skip
RANDOM = {"RANDOMKEY", "HRANDFIELD", *random_sets.RANDOM, *random_zsets.RANDOM}
VARYING = {"MEMORY", "INFO", "TIME"}


def random_command(random: Random) -> Command:
    """Return a command with its arguments; one in forty is mutilated."""
    name = random.choice(NAMES)
    command = (name, *MAKERS[name](random))
    command = (mutilated if random.random() < 1 / 40 else spelled)(command, random)
    return ("PING",) if asks_for_billions(command) else command


def asks_for_billions(command: Command) -> bool:
    """Whether a command draws so many members that a server would be busy for minutes."""
    numbers = [part for part in command if isinstance(part, int)]
    return str(command[0]).upper() in RANDOM and min(numbers, default=0) < -1000


def mutilated(command: Command, random: Random) -> Command:
    """Return the command with one argument less, one more, or two that changed places."""
    arguments = list(command[1:])
    way = random.randrange(3)
    if way == 0 and arguments:
        del arguments[random.randrange(len(arguments))]
    elif way == 1:
        arguments.insert(random.randint(0, len(arguments)), value(random))
    else:
        random.shuffle(arguments)
    return (command[0], *arguments)


def spelled(command: Command, random: Random) -> Command:
    """Return the command with its name in small letters, now and then."""
    return (command[0].lower(), *command[1:]) if random.random() < 0.1 else command


def expiry(random: Random) -> list:
    """Return an option of SET or GETEX that sets the TTL."""
    name = random.choice(["EX", "PX", "EXAT", "PXAT"])
    return [name, time(random, name)]


# A maker of arguments for each command


def only(*makers: Callable) -> Callable[[Random], list]:
    """Return a maker of one argument by each of the makers."""
    return lambda random: [make(random) for make in makers]


def set_(r: Random) -> list:
    """Return arguments of SET."""
    options = some(r, ["NX"], ["XX"], ["GET"], ["KEEPTTL"], expiry(r), expiry(r))
    return [key(r), value(r), *(options if r.random() < 0.7 else [])]


def getex(r: Random) -> list:
    """Return arguments of GETEX."""
    return [key(r), *some(r, ["PERSIST"], expiry(r))]


def expire(name: str) -> Callable[[Random], list]:
    """Return a maker of arguments of EXPIRE and its kin."""
    unit = ("P" if name.startswith("P") else "E") + ("XAT" if name.endswith("AT") else "X")
    flags = (["NX"], ["XX"], ["GT"], ["LT"], ["foo"])
    return lambda r: [key(r), time(r, unit), *(some(r, *flags) if r.random() < 0.5 else [])]


def lcs(r: Random) -> list:
    """Return arguments of LCS."""
    least = ["MINMATCHLEN", r.choice([0, 1, 2, 4, "x", -1])]
    return [key(r), key(r), *some(r, ["LEN"], ["IDX"], ["IDX"], least, ["WITHMATCHLEN"])]


def bitop(r: Random) -> list:
    """Return arguments of BITOP."""
    return [r.choice(["AND", "OR", "XOR", "NOT", "and", "NAND"]), key(r), *keys(r)]


def bitfield(r: Random, names: str = "GET SET INCRBY OVERFLOW") -> list:
    """Return arguments of BITFIELD."""
    parts = [key(r)]
    for _ in range(r.randint(0, 4)):
        name = r.choice(names.split())
        if name == "OVERFLOW":
            parts += [name, r.choice(["WRAP", "SAT", "FAIL", "sat", "x"])]
            continue
        kind = r.choice(["u8", "i8", "u1", "i5", "u63", "i64", "u64", "i65", "i0", "x", "u12"])
        parts += [name, kind, bit_offset(r)] + ([integer(r)] if name != "GET" else [])
    return parts


def copy(r: Random) -> list:
    """Return arguments of COPY."""
    return [
        key(r),
        key(r),
        *some(r, ["REPLACE"], ["DB", r.choice([0, 1, 2, 16, -1, "x"])], ["foo"]),
    ]


def scan(r: Random) -> list:
    """Return arguments of a SCAN that takes all in one call."""
    match = ["MATCH", r.choice(PATTERNS)]
    kind = ["TYPE", r.choice(["string", "hash", "HASH", "zset", "foo"])]
    return [
        r.choice([0, 0, 0, "x", ""]),
        "COUNT",
        r.choice([1000] * 9 + [0]),
        *some(r, match, kind),
    ]


def hscan(r: Random) -> list:
    """Return arguments of an HSCAN that takes all in one call."""
    match = ["MATCH", r.choice(PATTERNS)]
    begin, count = r.choice([0, 0, 0, 0, "-x"]), r.choice([1000] * 9 + [0])
    return [key(r), begin, "COUNT", count, *some(r, match)]


def hrandfield(r: Random) -> list:
    """Return arguments of HRANDFIELD."""
    count = r.choice([0, 1, 2, 10, -1, -3, -10, 2**63 - 1, -(2**63), 2**62, "x"])
    return [key(r), count, *some(r, ["WITHVALUES"], ["x"])][: r.choice([1, 2, 3, 4])]


def object_(r: Random) -> list:
    """Return arguments of OBJECT."""
    return [r.choice(["ENCODING", "REFCOUNT", "IDLETIME", "FREQ", "encoding", "foo"]), key(r)]


def config(r: Random) -> list:
    """Return arguments of CONFIG: reading, and settings that change no other reply."""
    good = ["lfu-decay-time", "lfu-log-factor", "active-expire-effort", "maxmemory-samples"]
    numbers = [1, 2, 5, 10, -1, 0, 2**31, 2**63, "x", ""]
    settings = pairs(
        r, lambda r: r.choice([*good, "databases", "nope"]), lambda r: r.choice(numbers)
    )
    return r.choice([["GET", *r.choices(good, k=2)], ["SET", *settings], ["RESETSTAT"], ["foo"]])


def flush(r: Random) -> list:
    """Return arguments of FLUSHDB or FLUSHALL."""
    return r.choice([[], ["ASYNC"], ["sync"], ["foo"], ["ASYNC", "SYNC"]])


def database(r: Random) -> Any:
    """Return the number of a database."""
    return r.choice([0, 0, 1, 1, 2, 15, 16, -1, "x", 2**31, 2**63])


MAKERS: dict[str, Callable[[Random], list]] = {
    "APPEND": only(key, value),
    "BITCOUNT": lambda r: [key(r), *byte_range(r)],
    "BITFIELD": bitfield,
    "BITFIELD_RO": lambda r: bitfield(r, "GET GET GET SET"),
    "BITOP": bitop,
    "BITPOS": lambda r: [key(r), r.choice([0, 1, 0, 1, 2, "x"]), *byte_range(r)],
    "CONFIG": config,
    "COPY": copy,
    "DBSIZE": only(),
    "DECR": only(key),
    "DECRBY": only(key, integer),
    "DEL": keys,
    "ECHO": only(value),
    "EXISTS": keys,
    "EXPIRE": expire("EXPIRE"),
    "EXPIREAT": expire("EXPIREAT"),
    "EXPIRETIME": only(key),
    "FLUSHALL": flush,
    "FLUSHDB": flush,
    "GET": only(key),
    "GETBIT": only(key, bit_offset),
    "GETDEL": only(key),
    "GETEX": getex,
    "GETRANGE": only(key, small, small),
    "GETSET": only(key, value),
    "HDEL": lambda r: [key(r), *(field(r) for _ in range(r.randint(1, 3)))],
    "HEXISTS": only(key, field),
    "HGET": only(key, field),
    "HGETALL": only(key),
    "HINCRBY": only(key, field, integer),
    "HINCRBYFLOAT": only(key, field, number),
    "HKEYS": only(key),
    "HLEN": only(key),
    "HMGET": lambda r: [key(r), *(field(r) for _ in range(r.randint(1, 3)))],
    "HMSET": lambda r: [key(r), *pairs(r, field, value)],
    "HRANDFIELD": hrandfield,
    "HSCAN": hscan,
    "HSET": lambda r: [key(r), *pairs(r, field, value)],
    "HSETNX": only(key, field, value),
    "HSTRLEN": only(key, field),
    "HVALS": only(key),
    "INCR": only(key),
    "INCRBY": only(key, integer),
    "INCRBYFLOAT": only(key, number),
    "KEYS": only(lambda r: r.choice(PATTERNS)),
    "LCS": lcs,
    "MEMORY": lambda r: ["USAGE", key(r), *some(r, ["SAMPLES", r.choice([0, 5, -1, "x"])])],
    "MGET": keys,
    "MOVE": only(key, database),
    "MSET": lambda r: pairs(r, key, value),
    "MSETNX": lambda r: pairs(r, key, value),
    "OBJECT": object_,
    "PERSIST": only(key),
    "PEXPIRE": expire("PEXPIRE"),
    "PEXPIREAT": expire("PEXPIREAT"),
    "PEXPIRETIME": only(key),
    "PING": lambda r: r.choice([[], ["x"]]),
    "PSETEX": lambda r: [key(r), time(r, "PX"), value(r)],
    "PTTL": only(key),
    "RANDOMKEY": only(),
    "RENAME": only(key, key),
    "RENAMENX": only(key, key),
    "SCAN": scan,
    "SELECT": only(database),
    "SET": set_,
    "SETBIT": lambda r: [key(r), bit_offset(r), r.choice([0, 1, 0, 1, 2, "x"])],
    "SETEX": lambda r: [key(r), time(r, "EX"), value(r)],
    "SETNX": only(key, value),
    "SETRANGE": only(key, small, value),
    "STRLEN": only(key),
    "SUBSTR": only(key, small, small),
    "SWAPDB": only(database, database),
    "TIME": only(),
    "TOUCH": keys,
    "TTL": only(key),
    "TYPE": only(key),
    "UNLINK": keys,
    "ROLE": lambda r: [],
    "LATENCY": lambda r: r.choice(
        [["LATEST"], ["HISTORY", "fork"], ["RESET"], ["RESET", "a", "b"], ["x"]]
    ),
    "WAIT": lambda r: [0, r.choice([0, -1, "x"])],  # no waiting: no time passes
}
SELDOM = {
    "FLUSHALL", "FLUSHDB", "SWAPDB", "SELECT", "WAIT", "ROLE", "LATENCY", "PING", "ECHO", "CONFIG",
}  # fmt: skip
TYPES = (
    random_dumps, random_geo, random_hlls, random_lists, random_sets, random_sort, random_streams,
    random_zsets,
)  # fmt: skip
MAKERS |= {name: maker for each in TYPES for name, maker in each.MAKERS.items()}
NAMES = [name for name in MAKERS for _ in range(1 if name in SELDOM else 4)]
OFTEN = ["SET", "HSET", *(name for each in TYPES for name in each.OFTEN)]
NAMES += OFTEN * 12  # so that keys are there
