"""Places by hand: the examples of Redis's manual, edges of the map, and errors."""

import math
from random import Random

import pytest

from cachesim.engines.redis.geo_search import NOTHING, GeoShape, boxes_for, search
from cachesim.engines.redis.geohash import (
    LATITUDES,
    LONGITUDES,
    Point,
    area_of,
    box_at,
    distance,
    point_of,
)
from cachesim.engines.redis.pqsort import sort_part
from cachesim.engines.redis.zset_value import SortedSet
from tests.engines.redis.by_hand import WRONG, build, run

SICILY = "GEOADD s 13.361389 38.115556 Palermo 15.087269 37.502669 Catania"
SCRIPTS = [
    [
        (SICILY, 2), ("GEODIST s Palermo Catania", b"166274.1516"),
        ("GEODIST s Palermo Catania km", b"166.2742"), ("GEODIST s Palermo Catania mi", b"103.3182"),
        ("GEODIST s Palermo none", None),
        ("GEOHASH s Palermo none Catania", [b"sqc8b49rny0", None, b"sqdtr74hyu0"]),
        ("GEOPOS s Palermo none", [[13.361389338970184, 38.1155563954963], None]),
        ("ZSCORE s Palermo", 3479099956230698.0), ("TYPE s", "zset"),
    ],
    [
        (SICILY, 2), ("GEORADIUS s 15 37 200 km ASC", [b"Catania", b"Palermo"]),
        ("GEORADIUS s 15 37 100 km WITHDIST", [[b"Catania", b"56.4413"]]),
        ("GEORADIUS_RO s 15 37 200 km COUNT 1 WITHHASH", [[b"Catania", 3479447370796909]]),
        ("GEORADIUS_RO s 15 37 200 km STORE t", "-ERR syntax error"),
        ("GEORADIUSBYMEMBER s Palermo 200 km DESC", [b"Catania", b"Palermo"]),
        ("GEORADIUS s 15 37 200 km STOREDIST t", 2),
        ("ZRANGE t 0 -1 WITHSCORES", [[b"Catania", 56.441257870158204], [b"Palermo", 190.44242984775784]]),
        ("GEORADIUS s 0 0 1 m STORE t", 0), ("EXISTS t", 0),
    ],
    [
        (SICILY, 2), ("GEOADD s 12.758489 38.788135 edge1 17.241510 38.788135 edge2", 2),
        ("GEOSEARCH s FROMLONLAT 15 37 BYBOX 400 400 km ASC", [b"Catania", b"Palermo", b"edge2", b"edge1"]),
        ("GEOSEARCH s FROMMEMBER Palermo BYRADIUS 100 km", [b"Palermo", b"edge1"]),
        ("GEOSEARCHSTORE t s FROMLONLAT 15 37 BYBOX 400 400 km COUNT 3 ANY", 3),
        ("GEOSEARCHSTORE t s FROMLONLAT 15 37 BYRADIUS 1 m STOREDIST", 0), ("EXISTS t", 0),
    ],
    [
        ("GEOADD s NX XX 1 1 a", "-ERR syntax error"), ("GEOADD s 1 1 a 2", "-ERR syntax error"),
        ("GEOADD s 181 1 a", "-ERR invalid longitude,latitude pair 181.000000,1.000000"),
        ("GEOADD s x 1 a", "-ERR value is not a valid float"), ("GEOADD s XX 1 1 a", 0), ("EXISTS s", 0),
        (SICILY, 2), ("GEOADD s CH 1 1 Palermo 2 2 new", 2), ("GEOADD s NX 3 3 Palermo", 0),
    ],
    [
        (SICILY, 2), ("GEODIST s Palermo Catania parsec", "-ERR unsupported unit provided. please use M, KM, FT, MI"),
        ("GEORADIUS s 1 1 x km", "-ERR need numeric radius"),
        ("GEORADIUS s 1 1 -1 km", "-ERR radius cannot be negative"),
        ("GEORADIUSBYMEMBER s none 1 km", "-ERR could not decode requested zset member"),
        ("GEORADIUS s 1 1 1 km COUNT 0", "-ERR COUNT must be > 0"),
        ("GEORADIUS s 1 1 1 km ANY", "-ERR the ANY argument requires COUNT argument"),
        ("GEORADIUS s 1 1 1 km WITHDIST STORE t",
         "-ERR STORE option in GEORADIUS is not compatible with WITHDIST, WITHHASH and WITHCOORD options"),
        ("geoSearch s FROMLONLAT 1 1 ASC ASC ASC",
         "-ERR exactly one of BYRADIUS and BYBOX can be specified for geoSearch"),
        ("GEOSEARCH s BYRADIUS 1 m ASC ASC ASC",
         "-ERR exactly one of FROMMEMBER or FROMLONLAT can be specified for GEOSEARCH"),
        ("GEOSEARCH s FROMLONLAT 1 1 BYBOX 1 -1 km", "-ERR height or width cannot be negative"),
        ("GEOSEARCH s FROMLONLAT 1 1 FROMMEMBER Palermo BYRADIUS 1 m", "-ERR syntax error"),
    ],
    [
        ("SET a x", "OK"), ("GEOADD a 1 1 b", WRONG), ("GEORADIUS a 1 1 1 km", WRONG), ("GEOPOS none a", [None]),
        ("GEOSEARCH none FROMMEMBER x BYRADIUS 1 m", []), ("GEODIST none a b", None), ("GEOHASH none", []),
    ],
]  # fmt: skip


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script[-1][0])
def test_by_hand_on_a_few_commands(script):
    """Places, distances, circles, boxes, stores and errors."""
    engine = build()
    for line, reply in script:
        assert reply == run(engine, line), line


def drawn(random):
    """Return any place of the map."""
    return Point(random.uniform(*LONGITUDES), random.uniform(*LATITUDES))


def test_a_place_comes_back_within_its_box():
    """A box of 26 halvings is 0.6 m wide at the equator: no place moves further."""
    random = Random(1)
    for _ in range(500):
        point = drawn(random)
        box = box_at(point)
        area = area_of(box)
        assert area.west <= point.longitude <= area.east
        assert area.south <= point.latitude <= area.north
        assert distance(point, point_of(float(box.bits))) < 0.6


def test_the_distance_is_that_on_a_ball():
    """A quarter of a great circle is its radius times half pi; there and back are equal."""
    pole_to_pole = distance(Point(0, 0), Point(90, 0))
    assert pole_to_pole == pytest.approx(6372797.560856 * math.pi / 2)
    assert distance(Point(0, 0), Point(0, 45)) == pytest.approx(pole_to_pole / 2)
    assert 0 == distance(Point(13, 38), Point(13, 38))


@pytest.mark.parametrize("kind", ["circle", "box"])
def test_a_search_finds_what_a_look_at_every_place_finds(kind):
    """Nine boxes cover the shape: nothing inside is missed, not even beyond the date line."""
    random, found = Random(2), SortedSet(build())
    places = [Point(random.uniform(-180, 180), random.uniform(-60, 60)) for _ in range(800)]
    for number, place in enumerate(places):
        found.put(b"%d" % number, float(box_at(place).bits))
    for _ in range(25):
        center, size = random.choice(places), 10 ** random.uniform(3, 6)
        shape = (
            GeoShape(center, 1.0, size)
            if kind == "circle"
            else GeoShape(center, 1.0, None, size, size / 2)
        )
        inside = sorted(each.member for each in search(found, shape, 0))
        wanted = sorted(
            member for score, member in found.order if shape.meters_to(point_of(score)) is not None
        )
        assert wanted == inside


def test_boxes_that_a_shape_does_not_touch_are_left_out():
    """A small circle in a corner of its box needs the box and the neighbors at that corner only."""
    corner = area_of(box_at(Point(10, 10), 12))
    near = Point(corner.east - 1e-9, corner.north - 1e-9)
    boxes = boxes_for(GeoShape(near, 1.0, 1000.0))
    assert 4 == sum(box != NOTHING for box in boxes)


@pytest.mark.parametrize("size", [5, 7, 30, 200])
def test_a_part_is_sorted_as_the_whole_is(size):
    """What stands in the wanted places is what a full sort puts there."""
    random = Random(size)
    for _ in range(30):
        items = [random.randrange(size // 2) for _ in range(size)]
        first = random.randrange(size)
        last = random.randrange(first, size)
        wanted = sorted(items)[first : last + 1]
        sort_part(items, first, last, lambda one, other: one - other)
        assert wanted == items[first : last + 1]
