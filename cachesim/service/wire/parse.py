"""A request in bytes -> the operation that it asks for, with its parameters as AWS shapes them.

Four protocols: JSON, CBOR, and two kinds of forms, query and EC2's. The models say which members a
request may have.
"""

import base64
import json
import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

from botocore.model import OperationModel
from botocore.utils import parse_to_aware_datetime
from botocore.validate import ParamValidator

from cachesim.service.faults import bad_value, refusal
from cachesim.service.wire.models import by_target, by_version, service

CBOR = re.compile(r"/service/(\w+)/operation/(\w+)")
FORMS = ("query", "ec2")  # protocols whose requests are forms, and whose answers are XML


class ServiceCall(NamedTuple):
    """What a request asks for, and how its answer is to be written."""

    protocol: str  # query, ec2, json or cbor
    operation: OperationModel
    parameters: dict[str, Any]


def parse(path: str, headers: Mapping[str, str], body: bytes) -> ServiceCall:
    """Read a request. Raises ServiceFault if no service has such an operation."""
    if "X-Amz-Target" in headers:
        prefix, _, name = headers["X-Amz-Target"].partition(".")
        return _call(
            "json", _operation(prefix, name), _loaded(json.loads, body or b"{}", ValueError)
        )
    if match := CBOR.fullmatch(path):
        import cbor2

        found = _operation(match[1], match[2])
        return _call("cbor", found, _loaded(cbor2.loads, body or b"\xa0", cbor2.CBORDecodeError))
    form = dict(parse_qsl(body.decode(errors="replace"), keep_blank_values=True))
    asked = by_version(form.get("Version", ""), form.get("Action", ""))
    if asked is None:
        raise refusal("no action", form.get("Action"))
    is_ec2 = asked.service_model.service_name == "ec2"
    return _call("ec2" if is_ec2 else "query", asked, nested(form))


def _operation(prefix: str, name: str) -> OperationModel:
    of = by_target().get(prefix)
    if of is None or name not in service(of).operation_names:
        raise refusal("no operation", name)
    return service(of).operation_model(name)


def _loaded(load: Callable[[bytes], Any], body: bytes, error: type[Exception]) -> Any:
    try:
        return load(body)
    except (error, RecursionError):
        raise refusal("no body") from None


def _call(protocol: str, operation: OperationModel, given: Any) -> ServiceCall:
    shape = operation.input_shape
    return ServiceCall(protocol, operation, {} if shape is None else read(shape, given, protocol))


def check(call: ServiceCall) -> None:
    """Refuse what botocore itself would refuse: types, required members, names of an enum."""
    shape: Any = call.operation.input_shape
    if shape is None:
        return
    report = ParamValidator().validate(call.parameters, shape)
    if report.has_errors():
        raise bad_value(report.generate_report())
    for name, given in call.parameters.items():
        known = getattr(shape.members[name], "enum", None) or [given]
        if given not in known:
            raise refusal("no such name", given, name, ", ".join(known))


def nested(form: Mapping[str, str]) -> dict[str, Any]:
    """Return a form as a tree: each point in a name leads one step down.

    >>> nested({"Action": "CreateUser", "Tags.member.1.Key": "team"})
    {'Action': 'CreateUser', 'Tags': {'member': {'1': {'Key': 'team'}}}}
    """
    tree: dict[str, Any] = {}
    for name, text in form.items():
        *path, last = name.split(".")
        place = tree
        for step in path:
            if not isinstance(place.get(step), dict):
                place[step] = {}
            place = place[step]
        place[last] = text
    return tree


def read(shape: Any, given: Any, protocol: str) -> Any:
    """Return a value with the members that its shape knows, dates and bytes as Python's.

    One of a wrong type stays as it is, for `check` to refuse.
    """
    kind, is_form = shape.type_name, protocol in FORMS
    if kind in ("list", "map") and is_form:
        given = _items(shape, given, protocol)
    if kind == "structure" and isinstance(given, dict):
        named = ((name, each, key_of(each, name, protocol)) for name, each in shape.members.items())
        return {
            name: read(member, given[key], protocol)
            for name, member, key in named
            if given.get(key) is not None
        }
    if kind == "list" and isinstance(given, list):
        return [read(shape.member, each, protocol) for each in given]
    if kind == "map" and isinstance(given, dict):
        return {key: read(shape.value, each, protocol) for key, each in given.items()}
    if is_form:
        return scalar(kind, given)
    return {"timestamp": _date, "blob": _bytes}.get(kind, lambda value: value)(given)


def key_of(member: Any, name: str, protocol: str) -> str:
    """Return the name that a member has in a request."""
    own: str = member.serialization.get("name", name) if protocol in FORMS else name
    if protocol == "ec2":  # its names begin with a capital
        own = member.serialization.get("queryName", own[:1].upper() + own[1:])
    return own


def _items(shape: Any, given: Any, protocol: str) -> Any:
    """Return a list or a map of a form as JSON has it: the form numbers the items from 1."""
    is_list = shape.type_name == "list"
    if given == "":
        return [] if is_list else {}
    inner = shape.member.serialization.get("name", "member") if is_list else "entry"
    if protocol == "query" and not shape.serialization.get("flattened"):
        given = given.get(inner) if isinstance(given, dict) else None
    if not isinstance(given, dict):
        return given
    items = [given[number] for number in sorted(given, key=lambda number: (len(number), number))]
    if is_list:
        return items
    key, value = (
        part.serialization.get("name", usual)
        for part, usual in ((shape.key, "key"), (shape.value, "value"))
    )
    return {each.get(key): each.get(value) for each in items if isinstance(each, dict)}


def scalar(kind: str, text: Any) -> Any:
    """Read a value from its text; one that cannot be read stays a text, for `check` to refuse."""
    if not isinstance(text, str):
        return text
    try:
        return TEXTS.get(kind, str)(text)
    except ValueError:
        return text


def _bytes(value: Any) -> Any:
    try:
        return base64.b64decode(value, validate=True) if isinstance(value, str) else value
    except ValueError:
        raise refusal("no base64") from None


def _date(value: Any) -> Any:
    """Read a date as botocore does: seconds since 1970, or a text."""
    try:
        return parse_to_aware_datetime(value)
    except (ValueError, TypeError, OverflowError, OSError, RuntimeError):
        raise refusal("no date", f"{value!r:.60}") from None


TEXTS: dict[str, Callable[[str], Any]] = {  # type -> what reads it from a text
    **dict.fromkeys(("integer", "long"), int),
    **dict.fromkeys(("float", "double"), float),
    "timestamp": _date,
    "boolean": lambda text: {"true": True, "false": False}.get(text.lower(), text),
    "blob": _bytes,
}
