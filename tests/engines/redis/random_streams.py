"""Random arguments for the commands on streams."""

from random import Random

from tests.engines.redis.random_arguments import integer, key, keys, some, value
from tests.engines.redis.random_lists import count

NOW = 1_577_837_800_000  # milliseconds: about when the tests run
WORDS = ["-", "+", "*", "$", ">", "", "x", "1-", "-1", "1--5", "1-x", "+5", " 7", "007", "1-2-3"]
HIGH = [
    "18446744073709551615",
    "18446744073709551615-18446744073709551615",
    "1-18446744073709551615",
]


def id(r: Random) -> object:
    """Return an id: often one that an entry may have, rarely none at all."""
    draw = r.random()
    if draw < 0.6:
        return f"{r.randint(0, 5)}-{r.randint(0, 3)}"
    if draw < 0.85:
        return r.choice([r.randint(0, 6), NOW, f"{NOW + r.randint(0, 10**6)}-0", "0-0", 0])
    return r.choice(WORDS) if draw < 0.97 else r.choice(HIGH)


def new_id(r: Random) -> object:
    """Return the id of a new entry: mostly made by the server, now and then given."""
    draw = r.random()
    if draw < 0.5:
        return "*"
    return r.choice([f"{r.randint(0, 5)}-*", f"{NOW}-*", "x-*"]) if draw < 0.65 else id(r)


def bound(r: Random) -> object:
    """Return the bound of a range of ids."""
    draw = r.random()
    if draw < 0.4:
        return r.choice(["-", "+"])
    return f"({id(r)}" if draw < 0.55 else id(r)


def ids(r: Random) -> list:
    """Return one to four ids."""
    return [id(r) for _ in range(r.randint(1, 4))]


def name(r: Random) -> str:
    """Return the name of a group, or of a consumer; some begin with others."""
    return r.choice(["g", "g", "g", "group", "gr", "groups", ""])


def trim(r: Random) -> list:
    """Return the options that trim."""
    sign = r.choice([[], [], ["="], ["~"], ["~"]])
    kind = r.choice(["MAXLEN", "MAXLEN", "MINID", "maxlen", "x"])
    most = r.choice([0, 1, 2, 3, 5, 10, "x", -1]) if kind != "MINID" else id(r)
    return [kind, *sign, most, *some(r, ["LIMIT", r.choice([0, 1, 3, 10, -1, "x"])])]


def entry(r: Random) -> list:
    """Return fields with their values, often the usual fields."""
    if r.random() < 0.6:
        return ["f", value(r), "g", value(r)]
    return [part for _ in range(r.randint(1, 3)) for part in (r.choice("fgh"), value(r))]


def xadd(r: Random) -> list:
    """Return arguments of XADD."""
    options = some(r, ["NOMKSTREAM"], trim(r)) if r.random() < 0.4 else []
    return [key(r), *options, new_id(r), *entry(r)]


def read_from(r: Random, *words: str) -> list:
    """Return STREAMS with keys and ids; without BLOCK, as nobody may wait here."""
    chosen = keys(r)
    last = [r.choice([*words, *words, id(r)]) for _ in chosen]
    return [*some(r, ["COUNT", count(r)]), "STREAMS", *chosen, *last]


def xreadgroup(r: Random) -> list:
    """Return arguments of XREADGROUP: mostly of one stream, whose group may be there."""
    options = some(r, ["COUNT", count(r)], ["NOACK"])
    chosen = [key(r)] if r.random() < 0.8 else keys(r)
    last = [r.choice([">", ">", ">", 0, id(r)]) for _ in chosen]
    return ["GROUP", name(r), name(r), *options, "STREAMS", *chosen, *last]


def xgroup(r: Random) -> list:
    """Return arguments of XGROUP."""
    read = ["ENTRIESREAD", r.choice([0, 1, 5, -1, -2, "x"])]
    last = r.choice(["$", "0", id(r)])
    create = [key(r), name(r), last, *some(r, ["MKSTREAM"], read)]
    return r.choice(
        [
            ["CREATE", *create],
            ["CREATE", key(r), "g", 0],
            ["create", *create],
            ["SETID", key(r), name(r), last, *some(r, read)],
            ["SETID", key(r), "g", 0],
            ["DESTROY", key(r), name(r)],
            ["CREATECONSUMER", key(r), name(r), name(r)],
            ["DELCONSUMER", key(r), name(r), name(r)],
            ["HELP"],
            ["x"],
        ]
    )


def xpending(r: Random) -> list:
    """Return arguments of XPENDING."""
    idle = ["IDLE", r.choice([0, 1, 1000, 60_000, "x"])]
    size = r.choice([0, 1, 5, 10, -1, "x"])
    whole = [*some(r, idle), bound(r), bound(r), size, *some(r, [name(r)])]
    return [key(r), name(r), *(whole if r.random() < 0.7 else [])]


def idle(r: Random) -> object:
    """Return a time in milliseconds that an entry may have waited."""
    return r.choice([0, 0, 1, 1000, 60_000, -1, "x"])


def xclaim(r: Random) -> list:
    """Return arguments of XCLAIM."""
    options = some(
        r,
        ["IDLE", idle(r)], ["TIME", r.choice([NOW, 0, -1, "x"])], ["RETRYCOUNT", count(r)],
        ["FORCE"], ["FORCE"], ["JUSTID"], ["LASTID", id(r)], ["x"],
    )  # fmt: skip
    return [key(r), name(r), name(r), idle(r), *ids(r), *(options if r.random() < 0.6 else [])]


def xautoclaim(r: Random) -> list:
    """Return arguments of XAUTOCLAIM."""
    options = some(r, ["COUNT", r.choice([1, 2, 5, 0, "x", 2**63 - 1])], ["JUSTID"])
    return [key(r), name(r), name(r), idle(r), r.choice([0, "-", bound(r)]), *options]


def xinfo(r: Random) -> list:
    """Return arguments of XINFO."""
    full = [["FULL"], ["FULL", "COUNT", r.choice([0, 1, 2, -1, "x"])], ["full", "x"], []]
    return r.choice(
        [
            ["STREAM", key(r), *r.choice(full)],
            ["STREAM", key(r), *r.choice(full)],
            ["GROUPS", key(r)],
            ["CONSUMERS", key(r), name(r)],
            ["HELP"],
            ["stream"],
        ]
    )


def xsetid(r: Random) -> list:
    """Return arguments of XSETID."""
    options = ["ENTRIESADDED", integer(r)], ["MAXDELETEDID", id(r)]
    last = r.choice([id(r), f"{NOW + 10**7}-{r.randint(0, 3)}"])
    return [key(r), last, *some(r, *options)]


MAKERS = {
    "XACK": lambda r: [key(r), name(r), *ids(r)],
    "XADD": xadd,
    "XAUTOCLAIM": xautoclaim,
    "XCLAIM": xclaim,
    "XDEL": lambda r: [key(r), *ids(r)],
    "XGROUP": xgroup,
    "XINFO": xinfo,
    "XLEN": lambda r: [key(r)],
    "XPENDING": xpending,
    "XRANGE": lambda r: [key(r), bound(r), bound(r), *some(r, ["COUNT", count(r)])],
    "XREAD": lambda r: read_from(r, "$", "0"),
    "XREADGROUP": xreadgroup,
    "XREVRANGE": lambda r: [key(r), bound(r), bound(r), *some(r, ["COUNT", count(r)])],
    "XSETID": xsetid,
    "XTRIM": lambda r: [key(r), *trim(r)],
}
OFTEN = ["XADD", "XGROUP"]  # so that keys and groups are there
