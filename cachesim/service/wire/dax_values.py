"""Values on the wire of DAX: CBOR into AWS's shapes and back; keys, numbers that sort as bytes, expressions."""

import io
import struct
from decimal import Decimal
from typing import Any

import cbor2

from cachesim.storage.dynamo.items import KeyPart
from cachesim.storage.dynamo.values import Item, Typed, number, written

SETS = {3321: "SS", 3322: "NS", 3323: "BS"}  # tags
ORDINAL = 3324  # the tag of a place in a list
ZERO = b"\x80"
LIMIT = 62  # exponents from -62 to 61 are in the first byte
SIGNS = ("=", "<>", "<", ">=", ">", "<=", "AND", "OR")  # by their numbers on the wire
FUNCTIONS = {
    11: "attribute_exists", 12: "attribute_not_exists", 13: "attribute_type", 14: "begins_with",
    15: "contains", 16: "size", 23: "if_not_exists", 24: "list_append",
}  # fmt: skip
NOT, BETWEEN, IN, VARIABLE, PLACE, PLUS, MINUS = 8, 9, 10, 17, 18, 25, 26
ACTIONS = {19: "SET", 20: "ADD", 21: "DELETE", 22: "REMOVE"}


def decoder(data: Any) -> Any:
    """Return a decoder that never reads ahead."""
    stream = io.BytesIO(data) if isinstance(data, bytes) else data
    return cbor2.CBORDecoder(stream, read_size=1)


# Values


def typed(value: Any) -> Typed:
    """Return a value with DynamoDB's type.

    >>> typed({"a": [1, None, b"x"]})
    {'M': {'a': {'L': [{'N': '1'}, {'NULL': True}, {'B': b'x'}]}}}
    """
    if value is None:
        return {"NULL": True}
    if isinstance(value, bool):
        return {"BOOL": value}
    if isinstance(value, str):
        return {"S": value}
    if isinstance(value, bytes):
        return {"B": value}
    if isinstance(value, cbor2.CBORTag):
        kind = SETS[value.tag]
        return {kind: [next(iter(typed(each).values())) for each in value.value]}
    if isinstance(value, list | tuple):
        return {"L": [typed(each) for each in value]}
    if isinstance(value, dict):
        return {"M": {key: typed(each) for key, each in value.items()}}
    return {"N": written(number(str(value)))}


def plain(value: Typed) -> Any:
    """Return a value as CBOR writes it."""
    ((kind, held),) = value.items()
    if kind == "N":
        found = number(held)
        return int(found) if found == found.to_integral_value() else found
    if kind in SETS.values():
        tag = next(tag for tag, name in SETS.items() if name == kind)
        return cbor2.CBORTag(tag, [plain({kind[0]: each}) for each in held])
    if kind == "L":
        return [plain(each) for each in held]
    if kind == "M":
        return {key: plain(each) for key, each in held.items()}
    return None if kind == "NULL" else held


# Keys


def ordered_bytes(value: Decimal) -> bytes:
    """Write a number so that bytes sort as numbers do: exponent, then three digits in ten bits each.

    >>> ordered_bytes(Decimal(2)) < ordered_bytes(Decimal(10)) < ordered_bytes(Decimal("10.5"))
    True
    """
    if not value:
        return ZERO
    sign, digits, exponent = value.normalize().as_tuple()
    size = len(digits) + int(exponent)
    text = "".join(map(str, digits)).ljust(-(-len(digits) // 3) * 3, "0")
    groups = [int(text[at : at + 3]) + 12 for at in range(0, len(text), 3)]
    groups.append((len(digits) - 1) % 3)  # how many digits of the last group count, less one
    if sign:
        groups = [1023 - each for each in groups]
    bits = "".join(f"{each:010b}" for each in groups)
    bits = bits.ljust(-(-len(bits) // 8) * 8, "0")
    return _header(size, bool(sign)) + int(bits, 2).to_bytes(len(bits) // 8, "big")


def _header(size: int, negative: bool) -> bytes:
    if -LIMIT <= size < LIMIT:
        return bytes([0x3F - size if negative else 0xC0 + size])
    if negative:
        return bytes([0x7E if size < 0 else 0x01]) + struct.pack(
            ">I", size & 0xFFFFFFFF ^ 0x7FFFFFFF
        )
    return bytes([0x81 if size < 0 else 0xFE]) + struct.pack(">I", size & 0xFFFFFFFF ^ 0x80000000)


def from_ordered(data: bytes) -> Decimal:
    """Read such a number.

    >>> from_ordered(ordered_bytes(Decimal("-1234.5")))
    Decimal('-1234.5')
    """
    if data[:1] in (ZERO, b"\x7f"):
        return Decimal(0)
    first, negative, rest = data[0], data[0] < 0x80, data[1:]
    size = 0x3F - first if negative else first - 0xC0
    if first in (0x01, 0x7E, 0x81, 0xFE):
        (raw,) = struct.unpack(">I", data[1:5])
        raw ^= 0x7FFFFFFF if negative else 0x80000000
        size, rest = raw - (1 << 32) if raw >> 31 else raw, data[5:]
    bits, text = "".join(f"{each:08b}" for each in rest), ""
    for at in range(0, len(bits), 10):
        group = int(bits[at : at + 10], 2)
        group = 1023 - group if negative else group
        if group < 12:
            text = text[: len(text) - 2 + group]
            break
        text += f"{group - 12:03d}"
    return Decimal((int(negative), tuple(map(int, text)), size - len(text)))


def read_key(data: bytes, parts: list[KeyPart]) -> Item:
    """Read the bytes of a key."""
    first, *others = parts
    if not others:
        value = typed(decoder(data).decode()) if first.kind == "N" else _raw(data, first.kind)
        return {first.name: value}
    stream = io.BytesIO(data)
    value = typed(decoder(stream).decode())
    return {first.name: value, others[0].name: _raw(stream.read(), others[0].kind)}


def _raw(data: bytes, kind: str) -> Typed:
    if kind == "N":
        return {"N": written(from_ordered(data))}
    return {kind: data.decode() if kind == "S" else data}


def key_bytes(item: Item, parts: list[KeyPart]) -> bytes:
    """Write a key."""
    first, *others = parts
    held = item[first.name][first.kind]
    if not others:
        return cbor2.dumps(plain(item[first.name])) if first.kind == "N" else _bytes(held)
    last = item[others[0].name][others[0].kind]
    end = ordered_bytes(number(last)) if others[0].kind == "N" else _bytes(last)
    return cbor2.dumps(plain(item[first.name])) + end


def _bytes(value: Any) -> bytes:
    return value.encode() if isinstance(value, str) else bytes(value)


# Expressions: trees of lists, which become the text that our one parser reads


class ExpressionText:
    """The text of a request's expressions, with names and values of its own.

    >>> text = ExpressionText()
    >>> text.condition([2, [18, "n"], [17, 0]], [7]), text.names, text.values
    ('#n0 < :v0', {'#n0': 'n'}, {':v0': {'N': '7'}})
    """

    def __init__(self) -> None:
        self.names: dict[str, str] = {}
        self.values: dict[str, Typed] = {}
        self._given: list[Any] = []

    def condition(self, tree: Any, given: list[Any]) -> str:
        """Write a condition; `given` are the values that it numbers."""
        self._given = given
        return self._written(tree)

    def update(self, trees: list[Any], given: list[Any]) -> str:
        """Write an update."""
        self._given = given
        sections: dict[str, list[str]] = {}
        for action, place, *operand in trees:
            name = ACTIONS[action]
            between = " = " if name == "SET" else " "
            text = between.join(map(self._written, [place, *operand]))
            sections.setdefault(name, []).append(text)
        return " ".join(f"{name} {', '.join(texts)}" for name, texts in sections.items())

    def _written(self, tree: Any) -> str:
        kind, *rest = tree
        if kind == PLACE:
            return self._place(rest)
        if kind == VARIABLE:
            name = f":v{len(self.values)}"
            self.values[name] = typed(self._given[rest[0]])
            return name
        if kind == IN:
            return f"{self._written(rest[0])} IN ({', '.join(map(self._written, rest[1]))})"
        parts = list(map(self._written, rest))
        if kind in FUNCTIONS:
            return f"{FUNCTIONS[kind]}({', '.join(parts)})"
        if kind == NOT:
            return f"(NOT {parts[0]})"
        if kind == BETWEEN:
            return f"{parts[0]} BETWEEN {parts[1]} AND {parts[2]}"
        if kind in (PLUS, MINUS):
            return f"{parts[0]} {'+' if kind == PLUS else '-'} {parts[1]}"
        text = f" {SIGNS[kind]} ".join(parts)
        return f"({text})" if SIGNS[kind] in ("AND", "OR") else text

    def _place(self, steps: list[Any]) -> str:
        text = ""
        for step in steps:
            if isinstance(step, cbor2.CBORTag):
                text += f"[{step.value}]"
                continue
            name = f"#n{len(self.names)}"
            self.names[name] = step
            text += f".{name}" if text else name
        return text
