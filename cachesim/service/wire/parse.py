"""A request in bytes -> the operation that it asks for, with its parameters as AWS shapes them.

Four protocols: query (a form), EC2's kind of it, JSON and CBOR. The models say which members a request may have.
"""

import base64
import json
import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple
from urllib.parse import parse_qs

from botocore.model import OperationModel, Shape
from botocore.utils import parse_to_aware_datetime
from botocore.validate import ParamValidator

from cachesim.service.faults import ServiceFault
from cachesim.service.wire import ec2
from cachesim.service.wire.models import by_target, by_version, service

CBOR = re.compile(r"/service/(\w+)/operation/(\w+)")


class ServiceCall(NamedTuple):
    """What a request asks for, and how its answer is to be written."""

    protocol: str  # query, ec2, json or cbor
    operation: OperationModel
    parameters: dict[str, Any]


def parse(path: str, headers: Mapping[str, str], body: bytes) -> ServiceCall:
    """Read a request. Raises ServiceFault if no service has such an operation."""
    if "X-Amz-Target" in headers:
        prefix, _, name = headers["X-Amz-Target"].partition(".")
        operation = _operation(by_target().get(prefix), name)
        return ServiceCall("json", operation, _plain(operation.input_shape, _json(body)))
    if match := CBOR.fullmatch(path):
        import cbor2

        operation = _operation(by_target().get(match[1]), match[2])
        return ServiceCall(
            "cbor", operation, _plain(operation.input_shape, cbor2.loads(body or b"\xa0"))
        )
    form = {
        key: each[0]
        for key, each in parse_qs(body.decode(errors="replace"), keep_blank_values=True).items()
    }
    found = by_version(form.get("Version", ""), form.get("Action", ""))
    if found is None:
        raise ServiceFault(
            "InvalidAction", f"The action {form.get('Action')} is not valid for this endpoint."
        )
    if found.service_model.metadata["protocol"] == "ec2":
        return ServiceCall("ec2", found, ec2.read(found.input_shape, form, "", scalar) or {})
    return ServiceCall("query", found, _form(found.input_shape, form, "") or {})


def _operation(name: str | None, operation: str) -> OperationModel:
    if name is None or operation not in service(name).operation_names:
        raise ServiceFault("UnknownOperationException", f"The operation {operation} is not known.")
    return service(name).operation_model(operation)


def _json(body: bytes) -> Any:
    try:
        return json.loads(body or b"{}")
    except ValueError:
        raise ServiceFault("SerializationException", "The body is no JSON.") from None


def check(call: ServiceCall) -> None:
    """Refuse what botocore itself would refuse: types, required members, names of an enum."""
    shape = call.operation.input_shape
    if shape is None:
        return
    report = ParamValidator().validate(call.parameters, shape)
    if report.has_errors():
        raise ServiceFault("InvalidParameterValueException", report.generate_report())
    for name, member in shape.members.items():
        known = getattr(member, "enum", [])
        if known and call.parameters.get(name, known[0]) not in known:
            raise ServiceFault(
                "InvalidParameterValueException",
                f"Invalid value {call.parameters[name]} for {name}; choose one of {', '.join(known)}.",
            )


# Query: a value lies flat in the form, under names such as Tags.member.1.Key


def _form(shape: Shape | None, form: dict[str, str], prefix: str) -> Any:
    """Return the value of a shape under a prefix; None if the form has none."""
    if shape is None:
        return None
    read = {"structure": _structure, "list": _list, "map": _map}.get(shape.type_name)
    if read is not None:
        return read(shape, form, prefix)
    return scalar(shape.type_name, form[prefix]) if prefix in form else None


def _structure(shape: Any, form: dict[str, str], prefix: str) -> dict[str, Any] | None:
    found = {}
    for name, member in shape.members.items():
        key = member.serialization.get("name", name)
        value = _form(member, form, f"{prefix}.{key}" if prefix else key)
        if value is not None:
            found[name] = value
    return found or None


def _list(shape: Any, form: dict[str, str], prefix: str) -> list[Any] | None:
    if form.get(prefix) == "":
        return []
    if not shape.serialization.get("flattened"):
        prefix = f"{prefix}.{shape.member.serialization.get('name', 'member')}"
    return [_form(shape.member, form, each) for each in _numbered(form, prefix)] or None


def _map(shape: Any, form: dict[str, str], prefix: str) -> dict[str, Any] | None:
    base = prefix if shape.serialization.get("flattened") else f"{prefix}.entry"
    key = shape.key.serialization.get("name", "key")
    value = shape.value.serialization.get("name", "value")
    return {
        form[f"{each}.{key}"]: _form(shape.value, form, f"{each}.{value}")
        for each in _numbered(form, base)
    } or None


def _numbered(form: dict[str, str], base: str) -> list[str]:
    """Return the names base.1, base.2 ... that the form has."""
    found: list[str] = []
    while any(key.startswith(f"{base}.{len(found) + 1}.") for key in form) or (
        f"{base}.{len(found) + 1}" in form
    ):
        found.append(f"{base}.{len(found) + 1}")
    return found


def scalar(kind: str, text: str) -> Any:
    """Read a value from its text; one that cannot be read stays a text, for `check` to refuse."""
    try:
        if kind in ("integer", "long"):
            return int(text)
        if kind in ("float", "double"):
            return float(text)
        if kind == "timestamp":
            return _date(text)
    except ValueError:
        return text
    if kind == "boolean":
        return {"true": True, "false": False}.get(text.lower(), text)
    return _plain_blob(None, text) if kind == "blob" else text


# JSON and CBOR: a value is nested already


def _plain(shape: Any, value: Any) -> Any:
    """Return a value with the members that the shape knows, dates and bytes as Python's.

    One of a wrong type stays as it is, for `check` to refuse.
    """
    if value is None or shape is None:
        return {} if shape is None else None
    if type(value) not in OF_TYPE.get(shape.type_name, (type(value),)):
        return value
    return PLAIN.get(shape.type_name, lambda shape, value: value)(shape, value)


def _plain_structure(shape: Any, value: dict[str, Any]) -> dict[str, Any]:
    known = shape.members
    return {name: _plain(known[name], each) for name, each in value.items() if name in known}


def _plain_blob(shape: Any, value: Any) -> Any:
    try:
        return base64.b64decode(value, validate=True) if isinstance(value, str) else value
    except ValueError:
        raise ServiceFault("SerializationException", "Bytes must be written in base64.") from None


def _date(value: Any) -> Any:
    """Read a date as botocore does: seconds since 1970, or a text."""
    try:
        return parse_to_aware_datetime(value)
    except (ValueError, TypeError, OverflowError, OSError, RuntimeError):
        raise ServiceFault("SerializationException", f"{value!r:.60} is no date.") from None


OF_TYPE = {"structure": (dict,), "list": (list,), "map": (dict,)}
PLAIN: dict[str, Callable[[Any, Any], Any]] = {
    "structure": _plain_structure,
    "list": lambda shape, value: [_plain(shape.member, each) for each in value],
    "map": lambda shape, value: {key: _plain(shape.value, each) for key, each in value.items()},
    "blob": _plain_blob,
    "timestamp": lambda shape, value: _date(value),
}
