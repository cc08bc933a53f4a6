"""Values of attributes as DynamoDB has them, each with its type: {"S": "Ada"}, {"N": "7"}, {"L": [...]}."""

from collections.abc import Mapping
from decimal import Context, Decimal, InvalidOperation
from typing import Any

from cachesim.errors import BadInput

Typed = dict[str, Any]  # one type, and the value
Item = dict[str, Typed]  # attribute -> value
EMPTY: Item = {}
SCALARS = {"S", "N", "B"}  # types that can be a key, and that have an order
SETS = {"SS", "NS", "BS"}
OVERHEAD = 3  # bytes of a list or a map; each of its elements has one byte more
MOST_DIGITS = 38
EXACT = Context(prec=MOST_DIGITS)
LARGEST, SMALLEST = Decimal("1E+126"), Decimal("1E-130")
LARGEST_ITEM = 400 * 1024  # bytes


def number(text: str) -> Decimal:
    """Read a number of at most 38 digits.

    >>> number("1.50")
    Decimal('1.50')
    """
    try:
        found = Decimal(text)
    except InvalidOperation:
        raise BadInput(f"The parameter cannot be converted to a numeric value: {text}") from None
    if not found.is_finite() or len(found.normalize(Context(prec=500)).as_tuple().digits) > 38:
        raise BadInput(
            "Attempting to store more than 38 significant digits in a Number"
            if found.is_finite()
            else f"The parameter cannot be converted to a numeric value: {text}"
        )
    if abs(found) >= LARGEST or 0 < abs(found) < SMALLEST:
        raise BadInput("Number overflow. Attempting to store a number outside of -1E126 to 1E126")
    return found


def written(value: Decimal) -> str:
    """Write a number as the service does: no zeros that say nothing, no exponent.

    >>> written(Decimal("150.00")), written(Decimal("1E+2"))
    ('150', '100')
    """
    text = f"{value.normalize(EXACT):f}"
    return "0" if text == "-0" else text


def clean(value: Typed) -> Typed:
    """Return a value as it is stored. Raises BadInput if it is none.

    >>> clean({"NS": ["1.0", "2"]})
    {'NS': ['1', '2']}
    """
    if len(value) != 1:
        raise BadInput(
            "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"
            if not value
            else "Supplied AttributeValue has more than one datatypes set, must contain exactly one "
            "of the supported datatypes"
        )
    ((kind, held),) = value.items()
    if kind in SETS:
        return {kind: _clean_set(kind, held)}
    if kind == "N":
        return {"N": written(number(held))}
    if kind == "L":
        return {"L": [clean(each) for each in held]}
    return {"M": clean_item(held)} if kind == "M" else {kind: held}


def _clean_set(kind: str, held: list[Any]) -> list[Any]:
    found = [written(number(each)) for each in held] if kind == "NS" else list(held)
    if not found:
        raise BadInput("One or more parameter values were invalid: An string set  may not be empty")
    if len(set(found)) < len(found):
        raise BadInput(
            f"One or more parameter values were invalid: Input collection {found} contains duplicates."
        )
    return found


def clean_item(item: Mapping[str, Typed]) -> Item:
    """Return an item as it is stored. Raises BadInput."""
    return {name: clean(value) for name, value in item.items()}


def size_of(value: Typed) -> int:
    """Count the bytes of a value: text in UTF-8; a number has a byte for two digits, and one more.

    >>> size_of({"S": "é"}), size_of({"N": "-12345"}), size_of({"L": [{"BOOL": True}]})
    (2, 5, 5)
    """
    ((kind, held),) = value.items()
    if kind in SETS:
        return sum(size_of({kind[0]: each}) for each in held)
    if kind == "L":
        return OVERHEAD + sum(1 + size_of(each) for each in held)
    if kind == "M":
        return OVERHEAD + sum(1 for _ in held) + item_size(held)
    if kind == "N":
        digits = str(held).lstrip("-").replace(".", "").strip("0")
        return (len(digits) + 1) // 2 + 1 + str(held).startswith("-")
    if kind == "S":
        return len(str(held).encode())
    return len(held) if kind == "B" else 1


def item_size(item: Item | None) -> int:
    """Count the bytes of an item: its names and its values.

    >>> item_size({"id": {"S": "a"}, "n": {"N": "100"}})
    6
    """
    return sum(len(name.encode()) + size_of(value) for name, value in (item or EMPTY).items())


def ordered(value: Typed) -> Any:
    """Return the key by which a scalar is ordered among values of its type."""
    ((kind, held),) = value.items()
    if kind == "N":
        return Decimal(held)
    return held.encode() if kind == "S" else bytes(held)


def same(one: Typed | None, other: Typed | None) -> bool:
    """Whether two values are equal; sets have no order."""
    if one is None or other is None or one.keys() != other.keys():
        return False
    ((kind, held),) = one.items()
    if kind in SETS:
        return set(held) == set(other[kind])
    if kind == "L":
        return len(held) == len(other["L"]) and all(map(same, held, other["L"]))
    if kind == "M":
        known = other["M"]
        return held.keys() == known.keys() and all(same(held[key], known[key]) for key in held)
    return bool(held == other[kind])
