"""Random arguments for the commands on places."""

from random import Random

from tests.engines.redis.random_arguments import integer, key, some

MEMBERS = ["a", "b", "c", "d", "e", "Palermo", "1", "x" * 70]
NEAR = [
    ("13.361389", "38.115556"),
    ("15.087269", "37.502669"),
    ("13.5", "37.9"),
    ("13.361389", "38.115556"),
]
FAR = [
    ("-122.27", "37.8"),
    ("180", "85.05112878"),
    ("-180", "-85.05112878"),
    ("0", "0"),
    ("179.9", "-66.1"),
    ("2.35", "81"),
]
WRONG = [
    ("181", "0"),
    ("0", "86"),
    ("x", "1"),
    ("1", "nan"),
    ("inf", "0"),
    ("", "0"),
    ("1e-400", "1"),
]


def place(r: Random) -> list:
    """Return longitude and latitude: mostly in Sicily, seldom none at all."""
    draw = r.random()
    if draw < 0.5:
        return list(r.choice(NEAR))
    if draw < 0.8:
        return [f"{r.uniform(12, 16):.{r.randint(0, 9)}f}", f"{r.uniform(36, 39):.5f}"]
    if draw < 0.9:
        return list(r.choice(FAR))
    if draw < 0.97:
        return [str(r.uniform(-180, 180)), str(r.uniform(-85, 85))]
    return list(r.choice(WRONG))


def places(r: Random) -> list:
    """Return one to eight places with their members."""
    return [part for _ in range(r.choice([1, 2, 4, 8])) for part in (*place(r), member(r))]


def member(r: Random) -> str:
    """Return a member: one of a few, or one of a hundred."""
    return r.choice(MEMBERS) if r.random() < 0.3 else f"m{r.randrange(100)}"


def unit(r: Random) -> str:
    """Return a unit, seldom an unknown one."""
    return r.choice(["m", "km", "KM", "ft", "mi", "km", "km", "parsec"])


def length(r: Random) -> object:
    """Return a length that finds few, some or all places."""
    return r.choice([0, 1, "0.5", 50, 100, 200, 500, 3000, 20_000, "1e9", "inf", -1, "x"])


def shape(r: Random) -> list:
    """Return a circle or a box."""
    if r.random() < 0.5:
        return ["BYRADIUS", length(r), unit(r)]
    return ["BYBOX", length(r), length(r), unit(r)]


def center(r: Random) -> list:
    """Return the center of GEOSEARCH."""
    return ["FROMMEMBER", member(r)] if r.random() < 0.5 else ["FROMLONLAT", *place(r)]


def count(r: Random) -> list:
    """Return a COUNT, as often as not with ANY."""
    return ["COUNT", r.choice([1, 2, 3, 7, 50, 0, -1, "x"]), *(["ANY"] if r.random() < 0.5 else [])]


def options(r: Random, *more: list) -> list:
    """Return options that say what is replied, and how much."""
    chosen = some(r, ["ASC"], ["DESC"], count(r), ["WITHDIST"], ["WITHHASH"], ["WITHCOORD"], *more)
    return chosen if r.random() < 0.95 else [*chosen, integer(r)]


def geoadd(r: Random) -> list:
    """Return arguments of GEOADD."""
    return [key(r), *some(r, *(["NX"], ["xx"], ["CH"]) if r.random() < 0.4 else ()), *places(r)]


def by_radius(*more: str, around_member: bool = False):
    """Return a maker of arguments of GEORADIUS and its kin."""

    def make(r: Random) -> list:
        where = [member(r)] if around_member else place(r)
        given = options(r, *([word, key(r)] for word in more if r.random() < 0.5))
        return [key(r), *where, length(r), unit(r), *given]

    return make


def search(r: Random) -> list:
    """Return arguments of GEOSEARCH behind the keys."""
    parts = [center(r), shape(r), *([option] for option in options(r))]
    if r.random() < 0.1:
        parts += r.choice([[center(r)], [shape(r)], []])
    return [part for each in parts for part in each]


def geosearchstore(r: Random) -> list:
    """Return arguments of GEOSEARCHSTORE."""
    plain = some(
        r, ["ASC"], ["DESC"], count(r), ["STOREDIST"], *([["WITHDIST"]] * (r.random() < 0.1))
    )
    return [key(r), key(r), *center(r), *shape(r), *plain]


STORES = "STORE", "STOREDIST"
MAKERS = {
    "GEOADD": geoadd,
    "GEODIST": lambda r: [key(r), member(r), member(r), *([unit(r)] * (r.random() < 0.6))],
    "GEOHASH": lambda r: [key(r), *(member(r) for _ in range(r.randint(0, 3)))],
    "GEOPOS": lambda r: [key(r), *(member(r) for _ in range(r.randint(0, 3)))],
    "GEORADIUS": by_radius(*STORES),
    "GEORADIUSBYMEMBER": by_radius(*STORES, around_member=True),
    "GEORADIUSBYMEMBER_RO": by_radius(around_member=True),
    "GEORADIUS_RO": by_radius(),
    "GEOSEARCH": lambda r: [key(r), *search(r)],
    "GEOSEARCHSTORE": geosearchstore,
}
OFTEN = ["GEOADD"]  # so that keys are there
