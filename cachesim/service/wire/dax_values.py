"""Values and keys on the wire of DAX: CBOR into AWS's shapes, and back."""

import io
from typing import Any

import cbor2

from cachesim.storage.dynamo.items import KeyPart
from cachesim.storage.dynamo.order import from_ordered, ordered_bytes
from cachesim.storage.dynamo.values import Item, Typed, number, written

SETS = {3321: "SS", 3322: "NS", 3323: "BS"}  # tags


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
