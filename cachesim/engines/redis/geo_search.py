"""Which members of a sorted set lie in a circle or a box: at most nine ranges of scores are looked at."""

import math
from collections.abc import Iterator
from typing import NamedTuple

from cachesim.engines.redis.geohash import (
    EARTH,
    HALF_EQUATOR,
    RADIAN,
    STEPS,
    Area,
    MapBox,
    Point,
    along,
    area_of,
    box_at,
    distance,
    point_of,
)
from cachesim.engines.redis.zset_ranges import ByScore
from cachesim.engines.redis.zset_value import SortedSet

# The box in the middle and its neighbors, in the order in which they are searched: steps east, north.
NINE = ((0, 0), (0, 1), (0, -1), (1, 0), (-1, 0), (1, 1), (-1, 1), (1, -1), (-1, -1))
NOTHING = MapBox(0, 0)


class FoundPlace(NamedTuple):
    """A member inside a shape."""

    member: bytes
    score: float
    point: Point
    meters: float  # from the center of the shape


class GeoShape(NamedTuple):
    """What is searched: a circle, or a box whose sides point north and east; lengths in `unit`."""

    center: Point
    unit: float  # meters
    radius: float | None = None  # None: a box
    width: float = 0.0
    height: float = 0.0

    @property
    def reach(self) -> float:
        """The meters from its center to its farthest point."""
        if self.radius is not None:
            return self.radius * self.unit
        half_width, half_height = self.width / 2, self.height / 2
        return math.sqrt(half_width * half_width + half_height * half_height) * self.unit

    def meters_to(self, point: Point) -> float | None:
        """Return the distance of a place that is inside; None if it is outside."""
        # redis 7: geohash_helper.c, geohashGetDistanceIfInRectangle
        if self.radius is not None:
            meters = distance(self.center, point)
            return None if meters > self.radius * self.unit else meters
        if along(point.latitude, self.center.latitude) > self.height * self.unit / 2:
            return None
        beside = Point(self.center.longitude, point.latitude)
        if distance(point, beside) > self.width * self.unit / 2:
            return None
        return distance(self.center, point)

    def bounds(self) -> Area:
        """Return the sides that it needs at least."""
        # redis 7: geohash_helper.c, geohashBoundingBox
        high = self.unit * (self.height / 2 if self.radius is None else self.radius)
        wide = self.unit * (self.width / 2 if self.radius is None else self.radius)
        (longitude, latitude), up = self.center, high / EARTH / RADIAN
        edge = latitude - up if latitude < 0 else latitude + up
        circle = math.cos(edge * RADIAN) if math.isfinite(edge) else math.nan
        across = wide / EARTH / circle / RADIAN
        return Area(longitude - across, latitude - up, longitude + across, latitude + up)


def search(found: SortedSet, shape: GeoShape, most: int) -> list[FoundPlace]:
    """Return the members inside a shape, box by box; it stops at `most` members (0: it does not)."""
    # redis 7: geo.c, membersOfAllNeighbors
    boxes, inside, last = boxes_for(shape), [], 0
    for at, box in enumerate(boxes):
        if box == NOTHING or (last and box == boxes[last]):
            continue
        for each in members_in(found, box, shape):
            inside.append(each)
            if len(inside) == most:
                return inside
        last = at
    return inside


def members_in(found: SortedSet, box: MapBox, shape: GeoShape) -> Iterator[FoundPlace]:
    """Iterate over the members of a box that are inside the shape, too."""
    low, high = box.scores()
    for score, member in found.order.islice(*ByScore(low, False, high, True).places(found)):
        point = point_of(score)
        meters = shape.meters_to(point)
        if meters is not None:
            yield FoundPlace(member, score, point, meters)


def boxes_for(shape: GeoShape) -> list[MapBox]:
    """Return nine boxes that cover a shape; those that it does not touch are NOTHING."""
    # redis 7: geohash_helper.c, geohashCalculateAreasByShapeWGS84
    bounds = shape.bounds()
    steps = steps_for(shape.reach, shape.center.latitude)
    middle = box_at(shape.center, steps)
    if steps > 1 and is_too_small(middle, bounds):
        steps -= 1
        middle = box_at(shape.center, steps)
    return [
        NOTHING if steps >= 2 and is_useless(step, area_of(middle), bounds) else middle.moved(*step)
        for step in NINE
    ]


def is_too_small(middle: MapBox, bounds: Area) -> bool:
    """Whether the neighbors of a box end before the bounds do."""
    return (
        area_of(middle.moved(0, 1)).north < bounds.north
        or area_of(middle.moved(0, -1)).south > bounds.south
        or area_of(middle.moved(1, 0)).east < bounds.east
        or area_of(middle.moved(-1, 0)).west > bounds.west
    )


def is_useless(step: tuple[int, int], middle: Area, bounds: Area) -> bool:
    """Whether a neighbor lies beyond a side on which the middle box reaches over the bounds already."""
    east, north = step
    return (
        (north < 0 and middle.south < bounds.south)
        or (north > 0 and middle.north > bounds.north)
        or (east < 0 and middle.west < bounds.west)
        or (east > 0 and middle.east > bounds.east)
    )


def steps_for(meters: float, latitude: float) -> int:
    """Return how small the boxes may be for a radius: fewer halvings near a pole, where boxes are narrow.

    >>> steps_for(100_000, 38.1), steps_for(100_000, -70.0), steps_for(0, 0.0)
    (7, 6, 26)
    """
    # redis 7: geohash_helper.c, geohashEstimateStepsByRadius
    if meters == 0:
        return STEPS
    steps = -1
    while meters < HALF_EQUATOR:
        meters *= 2
        steps += 1
    steps -= (abs(latitude) > 66) + (abs(latitude) > 80)
    return min(max(steps, 1), STEPS)
