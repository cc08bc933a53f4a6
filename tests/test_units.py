"""Sizes and times as texts, at the edges."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cachesim.errors import BadInput
from cachesim.units import GIB, KIB, MIB, MS, US, parse_size, parse_time, show_size, show_time


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("0", 0), ("7", 7), ("7b", 7), ("1k", KIB), ("1KB", KIB), ("1 KiB", KIB), ("64mb", 64 * MIB), ("2G", 2 * GIB),
        (" 1.5 m ", 1.5 * MIB), (".5k", 512), ("1e3", 1000), ("-1kb", -KIB), ("+2", 2), ("0.4", 0),
    ],
)  # fmt: skip
def test_sizes(text, size):
    """Powers of 1024, as in redis.conf; upper or lower case; rounded to whole bytes."""
    assert size == parse_size(text)
    assert isinstance(parse_size(text), int)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0.0), ("5", 5.0), ("5s", 5.0), ("5ms", 0.005), ("250us", 0.00025), ("2m", 120.0), ("2min", 120.0),
        ("1.5h", 5400.0), ("1D", 86400.0), ("inf", math.inf), (" Inf ", math.inf), ("-3", -3.0),
    ],
)  # fmt: skip
def test_times(text, seconds):
    """Seconds, and inf for no limit; whether a negative one will do is for the field to say."""
    assert seconds == pytest.approx(parse_time(text))


def test_nan_is_read_and_left_to_the_rule():
    """The field's rule refuses it with its own sentence."""
    assert math.isnan(parse_time("nan"))


@pytest.mark.parametrize(
    "text", ["", "mb", "sixty", "1,5s", "1 2", "--1", "0x10", "1.2.3", "5 ms later"]
)
@pytest.mark.parametrize(("parse", "thing"), [(parse_size, "size"), (parse_time, "time")])
def test_texts_that_are_no_quantity(parse, thing, text):
    """The sentence repeats the text and gives an example."""
    with pytest.raises(BadInput) as caught:
        parse(text)

    assert str(caught.value).startswith(f"{thing} ")
    assert f'"{text}"' in str(caught.value)


@pytest.mark.parametrize(
    ("parse", "text", "sentence"),
    [
        (parse_size, "5ms", 'size "5ms" has the unit "ms"; choose from b, kb, mb, gb'),
        (parse_time, "5mb", 'time "5mb" has the unit "mb"; choose from us, ms, s, m, h, d'),
    ],
)
def test_another_unit(parse, text, sentence):
    """The units there are."""
    with pytest.raises(BadInput) as caught:
        parse(text)

    assert sentence == str(caught.value)


@pytest.mark.parametrize("text", ["inf", "nan"])
def test_a_size_is_finite(text):
    """There is no endless memory."""
    with pytest.raises(BadInput):
        parse_size(text)


def test_sizes_shown():
    """The largest unit that keeps the number at 1 or more."""
    shown = [show_size(size) for size in (0, 7, KIB - 1, KIB, 1.5 * MIB, 64 * MIB, 3 * GIB)]

    assert ["0 B", "7 B", "1023 B", "1 KiB", "1.5 MiB", "64 MiB", "3 GiB"] == shown


def test_times_shown():
    """Microseconds, milliseconds or seconds."""
    shown = [show_time(t) for t in (0, 12 * US, MS, 0.25, 1.0, 90.0, math.inf, -0.5)]

    assert ["0 s", "12 µs", "1 ms", "250 ms", "1 s", "90 s", "inf s", "-500 ms"] == shown


@given(st.integers(0, 2**40))
def test_a_size_in_bytes_is_read_back(size):
    """Bytes without a unit are exact."""
    assert size == parse_size(str(size)) == parse_size(f"{size} b")
