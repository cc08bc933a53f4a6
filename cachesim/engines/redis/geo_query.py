"""What GEORADIUS and GEOSEARCH ask for: a shape, an order, a count, and where the answer goes."""

from collections.abc import Callable

from cachesim.engines.redis.arguments import SYNTAX, integer, text
from cachesim.engines.redis.geo_search import FoundPlace, GeoShape, search
from cachesim.engines.redis.geohash import LATITUDES, LONGITUDES, Point, point_of
from cachesim.engines.redis.pqsort import sort_part
from cachesim.engines.redis.zset_ranges import score_of
from cachesim.engines.redis.zset_value import SortedSet
from cachesim.errors import CommandError

UNITS = {"M": 1.0, "KM": 1000.0, "FT": 0.3048, "MI": 1609.34}  # meters
FLAGS = ("WITHDIST", "WITHHASH", "WITHCOORD")
NOT_COMPATIBLE = "is not compatible with WITHDIST, WITHHASH and WITHCOORD options"
UNKNOWN_MEMBER = "ERR could not decode requested zset member"


def read_point(longitude: bytes, latitude: bytes) -> Point:
    """Read a place. Raises CommandError."""
    point = Point(score_of(longitude), score_of(latitude))
    if not (
        LONGITUDES[0] <= point.longitude <= LONGITUDES[1]
        and LATITUDES[0] <= point.latitude <= LATITUDES[1]
    ):
        raise CommandError(
            f"ERR invalid longitude,latitude pair {point.longitude:f},{point.latitude:f}"
        )
    return point


def unit_of(part: bytes) -> float:
    """Return the meters of a unit. Raises CommandError."""
    unit = UNITS.get(text(part).upper())
    if unit is None:
        raise CommandError("ERR unsupported unit provided. please use M, KM, FT, MI")
    return unit


def point_in(found: SortedSet, member: bytes) -> Point:
    """Return the place of a member. Raises CommandError if there is none."""
    score = found.scores.get(member)
    if score is None:
        raise CommandError(UNKNOWN_MEMBER)
    return point_of(score)


class GeoQuery:
    """A question about the places in a sorted set, which may not be there.

    `read` takes the options one after the other and raises CommandError; `answer` is for later.
    """

    def __init__(self, found: SortedSet | None, target: str | None = None) -> None:
        self.found, self.target = found, target  # the key to store the answer under
        self.stores_distance = False
        self.center: Point | None = None
        self.radius: float | None = None
        self.box: tuple[float, float] | None = None  # width, height
        self.unit = UNITS["M"]
        self.flags: set[str] = set()
        self.count = 0  # 0: all
        self.order = 0  # -1: the farthest first; 0: as they are found; 1: the nearest first
        self.takes_any = False
        self.begins: set[str] = set()  # FROMMEMBER or FROMLONLAT, BYRADIUS or BYBOX

    def read(self, parts: tuple[bytes, ...], options: "Options") -> None:
        """Read options: the table has their names, each with the number of its arguments."""
        at = 0
        while at < len(parts):
            word = text(parts[at]).upper()
            size, apply, other = options.get(word, NO_OPTION)
            arguments = parts[at + 1 : at + 1 + size]
            if apply is None or len(arguments) < size or other in self.begins:
                raise CommandError(SYNTAX)
            apply(self, word, *arguments)
            at += 1 + size

    def check(self, what: str) -> None:
        """Raise CommandError for options that do not go together."""
        if self.target is not None and self.flags:
            raise CommandError(f"ERR {what} {NOT_COMPATIBLE}")

    def check_count(self) -> None:
        """Raise CommandError for an ANY without a COUNT."""
        if self.takes_any and not self.count:
            raise CommandError("ERR the ANY argument requires COUNT argument")

    def check_shape(self, name: str) -> None:
        """Raise CommandError if GEOSEARCH has no center or no shape."""
        for either, joined, other in (
            ("FROMMEMBER", "or", "FROMLONLAT"),
            ("BYRADIUS", "and", "BYBOX"),
        ):
            if not self.begins & {either, other}:
                raise CommandError(
                    f"ERR exactly one of {either} {joined} {other} can be specified for {name}"
                )

    # One option after the other

    def _flag(self, word: str) -> None:
        self.flags.add(word)

    def _any(self, word: str) -> None:
        self.takes_any = True

    def _order(self, word: str) -> None:
        self.order = 1 if word == "ASC" else -1

    def _count(self, word: str, part: bytes) -> None:
        self.count = integer(part)
        if self.count <= 0:
            raise CommandError("ERR COUNT must be > 0")

    def _store(self, word: str, key: bytes) -> None:
        self.target, self.stores_distance = text(key), word == "STOREDIST"

    def _store_distance(self, word: str) -> None:
        self.stores_distance = True

    def _from_member(self, word: str, member: bytes) -> None:
        if self.found is not None:
            self.center = point_in(self.found, member)
        self.begins.add(word)

    def _from_point(self, word: str, longitude: bytes, latitude: bytes) -> None:
        self.center = read_point(longitude, latitude)
        self.begins.add(word)

    def use_radius(self, word: str, radius: bytes, unit: bytes) -> None:
        """Ask for a circle. Raises CommandError."""
        self.radius = score_of(radius, "ERR need numeric radius")
        if self.radius < 0:
            raise CommandError("ERR radius cannot be negative")
        self.unit = unit_of(unit)
        self.begins.add(word)

    def _use_box(self, word: str, width: bytes, height: bytes, unit: bytes) -> None:
        self.box = (
            score_of(width, "ERR need numeric width"),
            score_of(height, "ERR need numeric height"),
        )
        if min(self.box) < 0:
            raise CommandError("ERR height or width cannot be negative")
        self.unit = unit_of(unit)
        self.begins.add(word)

    # The answer

    def answer(self) -> list[FoundPlace]:
        """Return the places inside the shape, in the order in which the server replies them."""
        # redis 7: geo.c, georadiusGeneric
        if self.found is None or self.center is None:
            return []
        shape = GeoShape(self.center, self.unit, self.radius, *(self.box or ()))
        inside = search(self.found, shape, self.count if self.takes_any else 0)
        order = self.order or int(self.count > 0 and not self.takes_any)
        wanted = min(self.count or len(inside), len(inside))
        if order and wanted == len(inside):
            inside.sort(key=lambda each: order * each.meters)
        elif order:
            sort_part(inside, 0, wanted - 1, lambda one, other: order * further(one, other))
        return inside[:wanted]


def further(one: FoundPlace, other: FoundPlace) -> int:
    """Compare two places by their distance."""
    return (one.meters > other.meters) - (one.meters < other.meters)


Option = tuple[
    int, Callable[..., None] | None, str | None
]  # its arguments, what it does, what excludes it
Options = dict[str, Option]
NO_OPTION: Option = (0, None, None)
BOTH: Options = {
    **{word: (0, GeoQuery._flag, None) for word in FLAGS},
    "ANY": (0, GeoQuery._any, None),
    "ASC": (0, GeoQuery._order, None),
    "COUNT": (1, GeoQuery._count, None),
    "DESC": (0, GeoQuery._order, None),
}
RADIUS: Options = {**BOTH, **{word: (1, GeoQuery._store, None) for word in ("STORE", "STOREDIST")}}
SEARCH: Options = BOTH | {
    "BYBOX": (3, GeoQuery._use_box, "BYRADIUS"),
    "BYRADIUS": (2, GeoQuery.use_radius, "BYBOX"),
    "FROMLONLAT": (2, GeoQuery._from_point, "FROMMEMBER"),
    "FROMMEMBER": (1, GeoQuery._from_member, "FROMLONLAT"),
}
SEARCH_STORE: Options = SEARCH | {"STOREDIST": (0, GeoQuery._store_distance, None)}
