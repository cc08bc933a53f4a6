"""Geohash: a place as one number of 52 bits, and the boxes that such numbers name.

A box halves the world again and again, in longitude and in latitude by turns. Its bits say which
half. So places that are near each other have mostly the same first bits, and a sorted set finds
all places of a box as one range of scores.
"""

import math
from typing import NamedTuple

# redis 7: geohash.h, geohash_helper.c. Mercator's map ends before the poles.
LONGITUDES, LATITUDES = (-180.0, 180.0), (-85.05112878, 85.05112878)
WHOLE_LATITUDES = (-90.0, 90.0)  # of the geohash texts of the world
STEPS = 26  # halvings of each axis: 52 bits are exact in a float
EARTH = 6372797.560856  # meters: the mean radius
HALF_EQUATOR = 20037726.37  # meters, on the map
RADIAN = math.pi / 180.0
ALPHABET = "0123456789bcdefghjkmnpqrstuvwxyz"
WORD = (1 << 64) - 1
EVEN, ODD = 0x5555555555555555, 0xAAAAAAAAAAAAAAAA  # bits of the latitude, of the longitude
MASKS: tuple[int, ...] = (
    0x00000000FFFFFFFF,
    0x0000FFFF0000FFFF,
    0x00FF00FF00FF00FF,
    0x0F0F0F0F0F0F0F0F,
)
MASKS += (0x3333333333333333, EVEN)


class Point(NamedTuple):
    """A place, in degrees."""

    longitude: float
    latitude: float


class MapBox(NamedTuple):
    """A box of the map: the bits of its halvings, and how many of each axis. No steps: no box."""

    bits: int
    steps: int

    def scores(self) -> tuple[float, float]:
        """Return the lowest score of its places, and the first one that is too high."""
        shift = 2 * (STEPS - self.steps)
        return float(self.bits << shift), float((self.bits + 1) << shift)

    def moved(self, east: int, north: int) -> "MapBox":
        """Return the box that is so many boxes further east and north: -1, 0 or 1 of each."""
        # redis 7: geohash.c, geohash_move_x: the other axis's bits carry a sum over to the next bit
        odd, even = (mask & WORD >> (64 - 2 * self.steps) for mask in (ODD, EVEN))
        longitude = stepped(self.bits & ODD, odd, even, east)
        return MapBox(longitude | stepped(self.bits & EVEN, even, odd, north), self.steps)


def stepped(bits: int, own: int, others: int, step: int) -> int:
    """Add 1, 0 or -1 to a number whose bits stand where those of `own` do, between `others`."""
    if not step:
        return bits
    return (bits + others + 1 if step > 0 else (bits | others) - (others + 1)) & own


class Area(NamedTuple):
    """The sides of a box, in degrees."""

    west: float
    south: float
    east: float
    north: float

    @property
    def center(self) -> Point:
        """Its middle: the place for which the box stands."""
        return Point(
            between((self.west + self.east) / 2, LONGITUDES),
            between((self.south + self.north) / 2, LATITUDES),
        )


def between(number: float, bounds: tuple[float, float]) -> float:
    """Return the number, or the bound that it is beyond."""
    return max(bounds[0], min(bounds[1], number))


def spread(number: int) -> int:
    """Put a zero between the bits of a number of 32 bits.

    >>> bin(spread(0b1011))
    '0b1000101'
    """
    for shift, mask in zip((16, 8, 4, 2, 1), MASKS[1:], strict=True):
        number = (number | number << shift) & mask
    return number


def gathered(number: int) -> int:
    """Return every second bit of a number of 64 bits: undo `spread`.

    >>> bin(gathered(0b1000101))
    '0b1011'
    """
    number &= EVEN
    for shift, mask in zip((1, 2, 4, 8, 16), reversed(MASKS[:-1]), strict=True):
        number = (number | number >> shift) & mask
    return number


def box_at(point: Point, steps: int = STEPS, latitudes: tuple[float, float] = LATITUDES) -> MapBox:
    """Return the box that a place is in.

    >>> box_at(Point(13.361389, 38.115556))
    MapBox(bits=3479099956230698, steps=26)
    """
    # redis 7: geohash.c, geohashEncode
    cells = 1 << steps
    (west, east), (south, north) = LONGITUDES, latitudes
    column = int((point.longitude - west) / (east - west) * cells)
    row = int((point.latitude - south) / (north - south) * cells)
    return MapBox(spread(row) | spread(column) << 1, steps)


def area_of(box: MapBox) -> Area:
    """Return the sides of a box."""
    # redis 7: geohash.c, geohashDecode: numbers of 32 bits
    row, column = gathered(box.bits), gathered(box.bits >> 1)
    cells = 1 << box.steps
    height, width = LATITUDES[1] - LATITUDES[0], LONGITUDES[1] - LONGITUDES[0]
    south, north = (
        LATITUDES[0] + (each % (1 << 32) * 1.0 / cells) * height for each in (row, row + 1)
    )
    west, east = (
        LONGITUDES[0] + (each % (1 << 32) * 1.0 / cells) * width for each in (column, column + 1)
    )
    return Area(west, south, east, north)


def point_of(score: float) -> Point:
    """Return the place for which a score of a sorted set stands; any score stands for one.

    >>> point_of(3479099956230698.0)
    Point(longitude=13.361389338970184, latitude=38.1155563954963)
    """
    return area_of(MapBox(as_word(score), STEPS)).center


def as_word(score: float) -> int:
    """Convert a float to 64 bits without a sign, as the processor does."""
    if score >= 1 << 63:
        return (as_signed(score - (1 << 63)) ^ 1 << 63) & WORD
    return as_signed(score) & WORD


def as_signed(score: float) -> int:
    """Convert a float to 64 bits with a sign; what does not fit becomes the lowest number.

    >>> as_signed(-2.5), as_signed(1e300) == -(2**63)
    (-2, True)
    """
    return int(score) if -(1 << 63) <= score < 1 << 63 else -(1 << 63)


def text_of(point: Point) -> bytes:
    """Return the geohash of a place as other programs write it; its last letter is always 0.

    >>> text_of(Point(13.361389338970184, 38.1155563954963))
    b'sqc8b49rny0'
    """
    # redis 7: geo.c, geohashCommand
    bits = box_at(point, STEPS, WHOLE_LATITUDES).bits
    letters = "".join(ALPHABET[bits >> shift & 31] for shift in range(47, 1, -5))
    return letters.encode() + b"0"


def distance(one: Point, other: Point) -> float:
    """Return the meters between two places on a ball, by the haversine formula.

    >>> round(distance(Point(13.361389, 38.115556), Point(15.087269, 37.502669)))
    166274
    """
    # redis 7: geohash_helper.c, geohashGetDistance
    across = math.sin((other.longitude * RADIAN - one.longitude * RADIAN) / 2)
    if across == 0.0:
        return along(one.latitude, other.latitude)
    first, second = one.latitude * RADIAN, other.latitude * RADIAN
    up = math.sin((second - first) / 2)
    square = up * up + math.cos(first) * math.cos(second) * across * across
    root = math.sqrt(square)
    return 2.0 * EARTH * math.asin(root) if root <= 1 else math.nan


def along(one: float, other: float) -> float:
    """Return the meters between two latitudes."""
    return EARTH * abs(other * RADIAN - one * RADIAN)
