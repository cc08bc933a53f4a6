"""The commands on places, as redis 7 has them in geo.c: a sorted set whose scores are geohashes."""

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

from cachesim.engines.base import Command
from cachesim.engines.redis.arguments import SYNTAX, Arguments, text
from cachesim.engines.redis.command import RedisCommand, table
from cachesim.engines.redis.db import Keyspace
from cachesim.engines.redis.geo_query import (
    BOTH,
    RADIUS,
    SEARCH,
    SEARCH_STORE,
    GeoQuery,
    Options,
    point_in,
    read_point,
    unit_of,
)
from cachesim.engines.redis.geo_search import FoundPlace
from cachesim.engines.redis.geohash import Point, as_signed, box_at, distance, point_of, text_of
from cachesim.engines.redis.key_places import Positions, StoredKeys
from cachesim.engines.redis.longdouble import shown
from cachesim.engines.redis.reply import NULL_ARRAY, Digits, Nested, Reply
from cachesim.engines.redis.structure import replaced
from cachesim.engines.redis.t_zset import add, found_in
from cachesim.engines.redis.t_zset_sets import combined
from cachesim.errors import CommandError

LOWEST = -(1 << 63)  # what the server's rounding makes of a distance that is no number
CONDITIONS = {"NX", "XX", "CH"}

# Adding


def geoadd(db: Keyspace, key: str, *parts: bytes) -> Reply:
    """GEOADD key [NX | XX] [CH] longitude latitude member [longitude latitude member ...]."""
    options, scores = read_places(parts)
    if not scores:
        raise CommandError(SYNTAX)
    return add(db, key, [(member, float(score)) for score, member in scores], options)


def read_places(parts: tuple[bytes, ...]) -> tuple[set[str], list[tuple[int, bytes]]]:
    """Return the options of GEOADD, and the members with their scores. Raises CommandError."""
    words = [text(part).upper() for part in parts]
    begin = next((at for at, word in enumerate(words) if word not in CONDITIONS), len(words))
    options, rest = set(words[:begin]), parts[begin:]
    if len(rest) % 3 or {"NX", "XX"} <= options:
        raise CommandError(SYNTAX)
    places = zip(rest[::3], rest[1::3], rest[2::3], strict=True)
    return options, [(box_at(read_point(x, y)).bits, member) for x, y, member in places]


def added(db: Keyspace, argv: Arguments, reply: Any) -> Command:
    """GEOADD: ZADD with the scores."""
    _, scores = read_places(tuple(argv[2:]))
    end = len(argv) - 3 * len(scores)
    return ("zadd", *argv[1:end], *(part for pair in scores for part in pair))


# Looking up


def geodist(db: Keyspace, key: str, one: bytes, other: bytes, *units: bytes) -> Reply:
    """GEODIST key member member [M | KM | FT | MI]."""
    unit = unit_of(units[0]) if len(units) == 1 else 1.0
    if len(units) > 1:
        raise CommandError(SYNTAX)
    found = found_in(db, key)
    if found is None or one not in found.scores or other not in found.scores:
        return None
    return fixed(distance(point_in(found, one), point_in(found, other)) / unit)


def fixed(number: float) -> bytes:
    """Write a distance with four digits after the point.

    >>> fixed(166274.15156960033), fixed(0.00004)
    (b'166274.1516', b'0.0000')
    """
    # redis 7: util.c, fixedpoint_d2string
    scaled = round(number * 10_000) if math.isfinite(number) else LOWEST
    whole, part = divmod(abs(scaled if abs(scaled) < -LOWEST else LOWEST), 10_000)
    return b"%s%d.%04d" % (b"" if abs(scaled) < -LOWEST else b"-", whole, part)


def geohash(db: Keyspace, key: str, *members: bytes) -> Reply:
    """GEOHASH key [member ...]: eleven letters for each."""
    return looked_up(db, key, members, text_of, None)


def geopos(db: Keyspace, key: str, *members: bytes) -> Reply:
    """GEOPOS key [member ...]: longitude and latitude of each."""
    return looked_up(db, key, members, written, NULL_ARRAY)


def looked_up(
    db: Keyspace, key: str, members: tuple[bytes, ...], form: Callable[[Point], Reply], none: Reply
) -> Reply:
    """Return the places of some members in a form; `none` for a member that is not there."""
    found = found_in(db, key)
    scores = [None if found is None else found.scores.get(member) for member in members]
    return Nested([none if score is None else form(point_of(score)) for score in scores])


def written(point: Point) -> list[Reply]:
    """Return a place as it is written: what is beyond 17 digits behind the point is lost."""
    return [Digits(shown(Fraction(number)).decode()) for number in point]


# Searching


def asked_by_radius(
    db: Keyspace, key: str, place: tuple[bytes, ...], parts: tuple[bytes, ...], options: Options
) -> GeoQuery:
    """Read GEORADIUS and its kin: around a place, or around a member. Raises CommandError."""
    query = GeoQuery(found_in(db, key))
    if len(place) == 2:
        query.center = read_point(*place)
    elif query.found is not None:
        query.center = point_in(query.found, place[0])
    if query.center is not None:
        query.use_radius("BYRADIUS", *parts[:2])
    query.read(parts[2:], options)
    query.check("STORE option in GEORADIUS")
    query.check_count()
    return query


def asked_by_search(
    db: Keyspace, name: str, key: str, parts: tuple[bytes, ...], target: str | None = None
) -> GeoQuery:
    """Read GEOSEARCH or GEOSEARCHSTORE. Raises CommandError."""
    query = GeoQuery(found_in(db, key), target)
    query.read(parts, SEARCH if target is None else SEARCH_STORE)
    query.check("GEOSEARCHSTORE")
    query.check_shape(name)
    query.check_count()
    return query


def told(query: GeoQuery) -> list[Reply]:
    """Return the members that a question finds, with what it wants to know of each."""
    return [row(query, each) for each in query.answer()]


def row(query: GeoQuery, found: FoundPlace) -> Reply:
    """Return a member, or a list of it and what was asked for."""
    facts: list[Reply] = [found.member]
    if "WITHDIST" in query.flags:
        facts.append(fixed(found.meters / query.unit))
    if "WITHHASH" in query.flags:
        facts.append(as_signed(found.score))
    if "WITHCOORD" in query.flags:
        facts.append(written(found.point))
    return facts if query.flags else found.member


def store(db: Keyspace, query: GeoQuery, event: str) -> int:
    """Store the answer under its key: the scores are the places, or the distances."""
    assert query.target is not None
    scores = {
        each.member: each.meters / query.unit if query.stores_distance else each.score
        for each in query.answer()
    }
    return replaced(db, query.target, combined(db, scores), "z", event)


def radius(
    name: str, places: int, options: Options, *, peeks: bool = False
) -> Callable[..., Reply]:
    """Make GEORADIUS or one of its kin; if it peeks, it says what the reply is and stores nothing."""

    def function(db: Keyspace, key: str, *parts: bytes) -> Reply:
        query = asked_by_radius(db, key, parts[:places], parts[places:], options)
        if query.target is None:
            return told(query)
        return 0 if peeks else store(db, query, "georadiusstore")

    place = "longitude latitude" if places == 2 else "member"
    function.__doc__ = (
        f"{name} key {place} radius unit [WITHCOORD] [WITHDIST] [WITHHASH] [COUNT count [ANY]] "
        "[ASC | DESC] [STORE key | STOREDIST key]."
    )
    return function


def geosearch(db: Keyspace, name: str, key: str, *parts: bytes) -> Reply:
    """GEOSEARCH key FROMMEMBER member | FROMLONLAT x y  BYRADIUS radius unit | BYBOX width height unit."""
    return told(asked_by_search(db, name, key, parts))


def geosearchstore(db: Keyspace, name: str, target: str, key: str, *parts: bytes) -> Reply:
    """GEOSEARCHSTORE destination source ... [STOREDIST]: as GEOSEARCH, how many members it stored."""
    return store(db, asked_by_search(db, name, key, parts, target), "geosearchstore")


class SpelledCommand(RedisCommand):
    """A row whose function also takes the name as the client wrote it, for its error texts."""

    def read(self, argv: Arguments) -> list[Any]:
        """Return the arguments, with the name before them (`RedisCommand.read`)."""
        return [text(argv[0]), *super().read(argv)]


MEMBERS = "key [argument ...]"
OPTIONS = (b"STORE", b"STOREDIST")
STORED = StoredKeys(OPTIONS, 5, tuple((option, 1) for option in OPTIONS))
FAMILY = {"GEORADIUS": 2, "GEORADIUSBYMEMBER": 1}  # name -> how many arguments say where
COMMANDS = table(
    RedisCommand("GEOADD", "key argument argument value [argument ...]", "write denyoom", geoadd, propagates=added),
    RedisCommand("GEODIST", "key argument argument [argument ...]", "readonly", geodist, replies=geodist),
    RedisCommand("GEOHASH", MEMBERS, "readonly", geohash, replies=geohash),
    RedisCommand("GEOPOS", MEMBERS, "readonly", geopos, replies=geopos),
    *(
        RedisCommand(
            name, f"key{' argument' * (places + 2)} [option ...]", "write denyoom movablekeys",
            radius(name, places, RADIUS), radius(name, places, RADIUS, peeks=True), keys=STORED,
        )
        for name, places in FAMILY.items()
    ),
    *(
        RedisCommand(
            f"{name}_RO", f"key{' argument' * (places + 2)} [option ...]", "readonly",
            reply := radius(f"{name}_RO", places, BOTH), reply,
        )
        for name, places in FAMILY.items()
    ),
    SpelledCommand(
        "GEOSEARCH", f"key{' argument' * 5} [option ...]", "readonly", geosearch, replies=geosearch
    ),
    SpelledCommand(
        "GEOSEARCHSTORE", f"key key{' argument' * 5} [option ...]", "write denyoom", geosearchstore,
        keys=Positions(1, 2, 1),
    ),
)  # fmt: skip
