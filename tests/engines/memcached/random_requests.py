"""Random requests of memcached's text protocol, good and bad, to compare two servers.

What goes over the wire is the line, CRLF and, if there is data, the data and CRLF: feed exactly that to a
server and to a `wire.memcached_conversation.MemcachedConversation`. A block of the wrong length makes what is left over the next request.
Left out: what differs by nature (general `stats`, `watch`, the crawler at work) and what is undefined (counting up
a value of blanks, where the server reads on into whatever memory comes behind it).
"""

# ruff: noqa: E501 - a table of lines
import random as _random

KEYS = [f"k{n}" for n in range(12)]
ODD_KEYS = ["", "k" * 250, "k" * 251, "ключ", "a\tb", "noreply", "0"]
NUMBERS = [
    "0", "1", "2", "9", "10", "99", "100", "4294967295", "4294967296", "9223372036854775807",
    "18446744073709551615",
]  # fmt: skip
ODD_NUMBERS = [
    "-1", "+1", "-0", "x", "1x", "1\t", "", "0x10", "1.5", "18446744073709551616", "99999999999999999999",
    "-18446744073709551615", "-9223372036854775809", "4294967297", "2147483648",
]  # fmt: skip
EXPTIMES = [
    "0",
    "0",
    "0",
    "1",
    "2",
    "3",
    "60",
    "2592000",
    "2592001",
    "1577836900",
    "-1",
    "2147483647",
]
STORES = ["set", "set", "set", "add", "replace", "append", "prepend", "cas"]
SIZES = [
    0,
    1,
    2,
    5,
    30,
    100,
    300,
    1000,
    5000,
    40_000,
    300_000,
    524_200,
    600_000,
    1_048_000,
    1_048_577,
]
SIZE_WEIGHTS = [8, 8, 8, 8, 8, 8, 4, 2, 1, 0.3, 0.05, 0.05, 0.05, 0.03, 0.05]
ADMIN = [
    "version", "version x", "verbosity", "verbosity 1", "verbosity x", "verbosity 0 noreply", "mn", "mx",
    "refresh_certs", "refresh_certs noreply", "refresh_certs x",
    "flush_all", "flush_all 0", "flush_all 2", "flush_all -1", "flush_all x", "flush_all noreply", "flush_all 1 noreply",
    "flush_all 5 6 7", "cache_memlimit", "cache_memlimit 1", "cache_memlimit 64", "cache_memlimit x", "cache_memlimit 9 noreply",
    "cache_memlimit 1000000001",
    "lru", "lru tune 20 40 0.2 2.0", "lru tune 50 40 0.2 2.0", "lru tune 20 40 0 2", "lru tune x 1 1 1", "lru mode",
    "lru mode segmented", "lru mode x", "lru temp_ttl -1", "lru temp_ttl x", "lru x",
    "lru_crawler", "lru_crawler enable", "lru_crawler x", "lru_crawler tocrawl 0", "lru_crawler tocrawl x",
    "lru_crawler sleep 100", "lru_crawler sleep 1000001", "lru_crawler sleep x", "lru_crawler crawl 0", "lru_crawler crawl 64",
    "lru_crawler crawl ,", "lru_crawler crawl hash", "lru_crawler crawl 1,x",
    "slabs", "slabs reassign", "slabs reassign 1 1", "slabs reassign x 1", "slabs reassign 60 61", "slabs reassign 1 99",
    "slabs reassign 30 31", "slabs automove", "slabs automove 1", "slabs automove 3", "slabs automove x", "slabs automove ratio",
    "slabs automove ratio 0.8", "slabs automove ratio x", "slabs automove 1 noreply", "slabs x",
    "extstore", "extstore x 1", "extstore item_size 1", "extstore free_memchunks 1 1", "extstore max_frag x",
    "stats x", "stats cachedump", "stats cachedump 1", "stats cachedump x 1", "stats cachedump 64 1",
    "stats cachedump 63 3", "stats sizes", "stats sizes_disable", "", " ", "a", "ge", "GET k1", "foo", "foo bar HTTP", "gets", "get", "gat", "gats", "gat 0", "set", "set k1", "incr k1", "decr",
    "touch k1", "delete", "cas", "x" * 2000, "get " + " ".join(["k1", "k2", "zz"] * 20), "set " + "k " * 30,
]  # fmt: skip


def random_request(random: _random.Random) -> tuple[bytes, bytes | None]:
    """Return the line of a request and its block of data, if it has one, over every command and error."""
    draw = random.random()
    if draw < 0.42:
        return _store(random)
    if draw < 0.62:
        return _fetch(random), None
    if draw < 0.84:
        return _one_key(random), None
    if draw < 0.93:
        return _meta(random)
    return random.choice(ADMIN).encode("utf-8", "surrogateescape"), None


def _key(random: _random.Random) -> str:
    return random.choice(ODD_KEYS if random.random() < 0.03 else KEYS)


def _number(random: _random.Random, usual: list[str]) -> str:
    return random.choice(ODD_NUMBERS if random.random() < 0.04 else usual)


def _line(random: _random.Random, words: list[str]) -> bytes:
    if random.random() < 0.1:
        words = [*words, "noreply"]
    if random.random() < 0.02:
        words = [*words, random.choice(["x", "noreply", "0"])]
    if random.random() < 0.02:
        del words[random.randrange(len(words))]
    gap = "  " if random.random() < 0.02 else " "
    return gap.join(words).encode()


def _store(random: _random.Random) -> tuple[bytes, bytes | None]:
    how = random.choice(STORES)
    size = random.choices(SIZES, SIZE_WEIGHTS)[0]
    if random.random() < 0.4 and size <= 5:
        data = random.choice(
            NUMBERS + ["007", " 5", "5 ", "+3", "-3", "-0", "5x", "12 34"]
        ).encode()
    else:
        data = bytes(random.choices(b"abc\x00\xff", k=1)) * size
    said = str(len(data) + random.choice([-1, 1, 3])) if random.random() < 0.02 else str(len(data))
    words = [
        how,
        _key(random),
        _number(random, ["0", "0", "5", "65536"]),
        _number(random, EXPTIMES),
    ]
    words.append(_number(random, [said]))
    if how == "cas":
        words.append(_number(random, [str(random.randrange(1, 300)), "0"]))
    return _line(random, words), data


def _fetch(random: _random.Random) -> bytes:
    name = random.choice(["get", "get", "gets", "gat", "gats", "bget"])
    words = [name] + ([_number(random, EXPTIMES)] if name.startswith("gat") else [])
    words += [_key(random) for _ in range(random.choice([1, 1, 1, 2, 5]))]
    return " ".join(words).encode()


def _one_key(random: _random.Random) -> bytes:
    name = random.choice(["incr", "decr", "delete", "touch"])
    words = [name, _key(random)]
    if name == "touch":
        words.append(_number(random, EXPTIMES))
    elif name != "delete":
        words.append(_number(random, NUMBERS))
    elif random.random() < 0.1:
        words.append(random.choice(["0", "5", "noreply"]))
    return _line(random, words)


FLAGS = [
    "b",
    "O1",
    "O" + "x" * 40,
    "k",
    "s",
    "t",
    "c",
    "f",
    "v",
    "h",
    "u",
    "q",
    "I",
    "l",
    "x",
    "k",
    "P",
]
ARGUMENTS = {"N": EXPTIMES, "T": EXPTIMES, "R": EXPTIMES, "C": ["1", "0", "50", "100"], "F": ["0", "5"],
             "J": NUMBERS, "D": NUMBERS, "M": ["I", "+", "D", "-", "S", "E", "A", "P", "R", "X"]}  # fmt: skip


def _meta(random: _random.Random) -> tuple[bytes, bytes | None]:
    """Return a meta command; flags that say when an item was used last are few, as threads touch it too."""
    name = random.choice(["mg", "mg", "mg", "ms", "ms", "md", "ma", "ma", "me"])
    words, data = (
        [name, random.choice(["Zm9v", *KEYS]) if random.random() < 0.97 else _key(random)],
        None,
    )
    if name == "ms":
        data = random.choice(NUMBERS + ["abc"]).encode()
        words.append(_number(random, [str(len(data))]))
    for _ in range(random.choice([0, 1, 1, 2, 3, 5])):
        if random.random() < 0.5:
            letter = random.choice(sorted(ARGUMENTS))
            words.append(letter + _number(random, ARGUMENTS[letter]))
        else:
            words.append(random.choice(FLAGS))
    return " ".join(words).encode(), data
