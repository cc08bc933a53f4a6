"""Expressions, sizes and units of DynamoDB: what is refused, and arithmetic by hand."""

from decimal import Decimal

import pytest

from cachesim.errors import BadInput
from cachesim.storage.dynamo.capacity import Capacity, partitions, read_units, write_units
from cachesim.storage.dynamo.conditions import meets, projected
from cachesim.storage.dynamo.grammar import ExpressionReader, Names
from cachesim.storage.dynamo.items import KeyPart, TableItems
from cachesim.storage.dynamo.order import from_ordered, ordered_bytes
from cachesim.storage.dynamo.updates import updated
from cachesim.storage.dynamo.values import clean, item_size

ITEM = {
    "a": {"N": "5"},
    "l": {"L": [{"S": "x"}, {"S": "y"}, {"S": "z"}]},
    "m": {"M": {"k": {"S": "v"}}},
}
VALUES = {":n": {"N": "5"}, ":s": {"S": "x"}, ":set": {"NS": ["1", "2"]}}


def read(kind, text, **names):
    reader = ExpressionReader(f"{kind.title()}Expression", text, Names(names, VALUES))
    return getattr(reader, kind)()


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("a = :n OR a = :s AND a = :s", True),  # AND binds first
        ("(a = :n OR a = :n) AND a = :s", False),
        ("NOT a = :s AND a = :n", True),
        ("a < :s", False),  # of another type: no order
        ("b <> :n", False),  # absent: neither equal nor different
        ("size(l) < :n AND contains(l, :s)", True),
        ("m.k BETWEEN :s AND :s", False),
        ("l[2] IN (:n, :s)", False),
    ],
)
def test_conditions(text, holds):
    assert holds == meets(read("condition", text), ITEM)


@pytest.mark.parametrize(
    ("kind", "text", "why"),
    [
        ("condition", "a = ", 'Syntax error; token: "<EOF>"'),
        ("condition", "a = :n :n", 'token: ":n"'),
        ("condition", "a = :missing", "attribute value: :missing"),
        ("condition", "#a = :n", "attribute name: #a"),
        ("condition", "status = :n", "reserved keyword: status"),
        ("condition", "larger(a, :n)", "Invalid function name; function: larger"),
        ("condition", "begins_with(a)", "number of operands: 1"),
        ("condition", "a = if_not_exists(a, :n)", "not allowed to be used this way"),
        ("condition", "a ! :n", 'token: "!"'),
        ("condition", " ", "can not be empty"),
        ("update", "SET a = :n SET m = :n", "can only be used once"),
        ("update", "a = :n", 'token: "a"'),
        ("projection", "l[x]", 'token: "x"'),
        ("projection", "a,", 'token: "<EOF>"'),
    ],
)
def test_what_is_no_expression_is_refused(kind, text, why):
    with pytest.raises(BadInput) as refused:
        read(kind, text)

    assert why in str(refused.value)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("SET b = b + :n", "does not exist in the item"),
        ("SET b = m + :n", "incorrect data type"),
        ("SET x.y = :n", "invalid for update"),
        ("ADD a :s", "Incorrect operand type"),
        ("ADD l :set", "incorrect data type"),
        ("SET m = :n REMOVE m.k", "overlap"),
    ],
)
def test_updates_that_cannot_be_done(text, why):
    with pytest.raises(BadInput, match=why):
        updated(read("update", text), ITEM)


def test_all_operands_are_of_the_item_before():
    """Two changes swap; elements of a list are counted before any is removed."""
    after = updated(read("update", "SET a = l[0], b = a REMOVE l[0], l[1]"), ITEM)

    assert after["a"], after["b"] == ({"S": "x"}, {"N": "5"})
    assert {"L": [{"S": "z"}]} == after["l"]
    assert {"N": "5"} == ITEM["a"], "the item before stays as it was"


def test_a_projection_keeps_the_order_of_a_list():
    assert {"l": {"L": [{"S": "x"}, {"S": "z"}]}} == projected(
        ITEM, read("projection", "l[2], l[0]")
    )


@pytest.mark.parametrize(
    "value",
    [
        {},
        {"S": "a", "N": "1"},
        {"N": "1e200"},
        {"N": "x"},
        {"N": "1" * 39},
        {"SS": []},
        {"NS": ["1", "1.0"]},
    ],
)
def test_bad_values_are_refused(value):
    with pytest.raises(BadInput):
        clean(value)


def test_sizes_by_hand():
    """The guide's rules: text as UTF-8; 3 bytes for a list or map, 1 for each element."""
    assert item_size({"id": {"S": "köln"}}) == 2 + 5
    assert item_size({"n": {"N": "1234567"}}) == 1 + 5
    assert item_size({"t": {"BOOL": True}, "z": {"NULL": True}}) == 4
    assert item_size({"m": {"M": {"ab": {"S": "xyz"}}}}) == 1 + 3 + 1 + 2 + 3


@pytest.mark.parametrize(
    ("size", "way", "units"),
    [
        (4096, "strong", 1),
        (4097, "strong", 2),
        (10_000, "eventual", 1.5),
        (3500, "transactional", 2),
    ],
)
def test_units_of_a_read(size, way, units):
    assert units == read_units(size, way)


def test_units_of_a_write():
    assert [write_units(size) for size in (1, 1024, 1025, 400 * 1024)] == [1, 1, 2, 400]


def test_a_table_saves_300_seconds_and_no_more():
    """10 units each second: after an hour 3000 are there; then 10 each second."""
    capacity = Capacity("read", rate=10, places=1)

    assert 3000 == sum(capacity.take(1, 0, now=3600.0) for _ in range(3500))
    assert 20 == sum(capacity.take(1, 0, now=3600.0 + tenth / 10) for tenth in range(1, 21))
    assert 3020 == capacity.used
    assert 3500 + 20 - 3020 == capacity.throttled


def test_a_hot_partition_stops_at_its_own_limit():
    """A table of 12,000 units has 4 partitions: one key gets 3000, four keys get all."""
    places = partitions(12_000, 0)
    hot, spread = (Capacity("read", rate=12_000, places=places) for _ in range(2))

    assert 4 == places
    assert 3000 == sum(hot.take(10, 0, now=5.0) for _ in range(1000)) * 10
    assert 9000 + 3000 == sum(spread.take(10, n % 4, now=5.0) for n in range(2000)) * 10


def test_on_demand_grows_with_the_peaks_of_earlier_half_hours():
    """A peak of 9000 writes sustains 18,000 half an hour later; the partitions are not the limit here."""
    capacity = Capacity("write", rate=None, places=20)
    for place in range(9):
        assert capacity.take(1000, place, now=10.0)
    assert 4000 == capacity.table.rate
    capacity.take(1, 0, now=1900.0)

    assert 18_000 == capacity.table.rate


def test_numbers_order_as_numbers_and_versions_stay_for_a_while():
    items = TableItems([KeyPart("id", "S"), KeyPart("n", "N")], keeps=10.0)
    for when, n in enumerate(("10", "9", "-1")):
        item = {"id": {"S": "p"}, "n": {"N": n}}
        items.put(items.key(item), item, now=float(when))
    key = items.key({"id": {"S": "p"}, "n": {"N": "9"}})
    items.put(key, None, now=5.0)

    assert ["-1", "9", "10"] == [item["n"]["N"] for _, item in items.in_partition("Sp", when=4.0)]
    assert ["-1", "10"] == [item["n"]["N"] for _, item in items.all()]
    assert (2, 2 * (2 + 1 + 1) + 2 + 3) == (items.count, items.size)


def test_numbers_of_a_key_sort_as_bytes():
    numbers = [
        "-1E+70",
        "-1234.5",
        "-12",
        "-1.2",
        "-1E-100",
        "0",
        "1E-100",
        "0.5",
        "7",
        "10",
        "999",
        "1000",
        "1E+70",
    ]
    written = [ordered_bytes(Decimal(each)) for each in numbers]

    assert written == sorted(written)
    assert [Decimal(each) for each in numbers] == [from_ordered(each) for each in written]
