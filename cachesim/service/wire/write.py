"""The answer of a desk, or its refusal, in the bytes of the protocol that the request had."""

import base64
import json
from collections.abc import Callable
from datetime import UTC
from typing import Any, NamedTuple
from xml.sax.saxutils import escape

from botocore.model import Shape

from cachesim.service.faults import ServiceFault
from cachesim.service.wire import ec2
from cachesim.service.wire.parse import ServiceCall

FORBIDDEN = ("AccessDenied", "InvalidClientTokenId", "ExpiredToken")  # no shapes: of every service
FORMS = ("query", "ec2")  # protocols that answer in XML
XML = {"Content-Type": "text/xml"}
COMMON = {  # codes that have no shape in RDS's model
    ("rds", f"{code}Exception"): code
    for code in ("InvalidParameterValue", "InvalidParameterCombination")
}


class Reply(NamedTuple):
    """An HTTP response."""

    status: int
    headers: dict[str, str]
    body: bytes


def reply(call: ServiceCall, answer: dict[str, Any], request_id: str) -> Reply:
    """Write an answer."""
    shape = call.operation.output_shape
    if call.protocol in FORMS:
        return Reply(200, XML, _envelope(call, answer, request_id))
    data = {} if shape is None else _plain(shape, answer, call.protocol)
    return Reply(200, _headers(call), _dumped(call, data))


def refusal(call: ServiceCall, fault: ServiceFault, request_id: str) -> Reply:
    """Write a fault: its code and its status stand in the model of its shape."""
    model = call.operation.service_model
    known = fault.shape in model.shape_names
    error = model.shape_for(fault.shape).metadata.get("error", {}) if known else {}
    code, status = (
        error.get("code", COMMON.get((model.service_name, fault.shape), fault.shape)),
        error.get("httpStatusCode", status_of(fault.shape)),
    )
    if call.protocol == "ec2":
        return Reply(status, XML, ec2.error(code, str(fault), request_id))
    if call.protocol == "query":
        return _error(code, status, fault, request_id)
    data = {"__type": fault.shape, "message": str(fault)}
    headers = {"x-amzn-errortype": fault.shape, "x-amzn-query-error": f"{code};Sender"}
    return Reply(status, {**_headers(call), **headers}, _dumped(call, data))


def status_of(shape: str) -> int:
    """Return the HTTP status of a fault that the model of a service does not have."""
    return 403 if shape in FORBIDDEN else 400


def unreadable(fault: ServiceFault, request_id: str) -> Reply:
    """Refuse a request of which not even the operation is known."""
    return _error(fault.shape, 400, fault, request_id)


def _error(code: str, status: int, fault: ServiceFault, request_id: str) -> Reply:
    body = (
        f"<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code>"
        f"<Message>{escape(str(fault))}</Message></Error>"
        f"<RequestId>{request_id}</RequestId></ErrorResponse>"
    )
    return Reply(status, XML, body.encode())


def _envelope(call: ServiceCall, answer: dict[str, Any], request_id: str) -> bytes:
    shape, name = call.operation.output_shape, call.operation.name
    space = call.operation.service_model.metadata.get("xmlNamespace", "")
    if call.protocol == "ec2":
        return ec2.envelope(name, space, _members(shape, answer), request_id)
    inner = ""
    if shape is not None:
        inner = xml(shape, answer, shape.serialization.get("resultWrapper", f"{name}Result"))
    return (
        f'<{name}Response xmlns="{space}">{inner}<ResponseMetadata><RequestId>{request_id}'
        f"</RequestId></ResponseMetadata></{name}Response>"
    ).encode()


def _headers(call: ServiceCall) -> dict[str, str]:
    if call.protocol == "cbor":
        return {"Content-Type": "application/cbor", "smithy-protocol": "rpc-v2-cbor"}
    version = call.operation.service_model.metadata["jsonVersion"]
    return {"Content-Type": f"application/x-amz-json-{version}"}


def _dumped(call: ServiceCall, data: Any) -> bytes:
    if call.protocol == "cbor":
        import cbor2

        found: bytes = cbor2.dumps(data, datetime_as_timestamp=True)  # tag 1, as AWS's clients want
        return found
    return json.dumps(data).encode()


def xml(shape: Any, value: Any, name: str) -> str:
    """Write a value as an element of this name; nothing if there is none."""
    if value is None:
        return ""
    write = NESTED.get(shape.type_name)
    if write is not None:
        return write(shape, value, name)
    return f"<{name}>{escape(_text(shape, value))}</{name}>"


def _xml_structure(shape: Any, value: dict[str, Any], name: str) -> str:
    return f"<{name}{_attributes(shape, value)}>{_members(shape, value)}</{name}>"


def _attributes(shape: Any, value: dict[str, Any]) -> str:
    """Write the members that stand in the tag: S3 has the type of a grantee there."""
    return "".join(
        f' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" {member.serialization["name"]}="{value[key]}"'
        for key, member in shape.members.items()
        if member.serialization.get("xmlAttribute") and key in value
    )


def _members(shape: Any, value: dict[str, Any]) -> str:
    """Write the members that stand between the tags."""
    return "".join(
        xml(member, value.get(key), member.serialization.get("name", key))
        for key, member in (shape.members if shape else {}).items()
        if not member.serialization.get("xmlAttribute")
    )


def _xml_list(shape: Any, value: list[Any], name: str) -> str:
    item = shape.member.serialization.get("name", "member")
    if shape.serialization.get("flattened"):
        own = name if item == "member" else item
        return "".join(xml(shape.member, each, own) for each in value)
    return f"<{name}>{''.join(xml(shape.member, each, item) for each in value)}</{name}>"


def _xml_map(shape: Any, value: dict[str, Any], name: str) -> str:
    key, own = (part.serialization.get("name") for part in (shape.key, shape.value))
    entries = (
        f"<entry>{xml(shape.key, each, key or 'key')}{xml(shape.value, held, own or 'value')}</entry>"
        for each, held in value.items()
    )
    return f"<{name}>{''.join(entries)}</{name}>"


NESTED: dict[str, Callable[[Any, Any, str], str]] = {
    "structure": _xml_structure,
    "list": _xml_list,
    "map": _xml_map,
}


def _text(shape: Shape, value: Any) -> str:
    if shape.type_name == "timestamp":
        text: str = value.astimezone(UTC).isoformat(timespec="milliseconds")
        return text.replace("+00:00", "Z")
    if shape.type_name == "boolean":
        return "true" if value else "false"
    return base64.b64encode(value).decode() if shape.type_name == "blob" else str(value)


def _plain(shape: Any, value: Any, protocol: str) -> Any:
    """Return a value that JSON or CBOR can write, with the members that the shape knows."""
    kind = shape.type_name
    if kind == "structure":
        return {
            member.serialization.get("name", name): _plain(member, value[name], protocol)
            for name, member in shape.members.items()
            if value.get(name) is not None
        }
    if kind == "list":
        return [_plain(shape.member, each, protocol) for each in value]
    if kind == "map":
        return {key: _plain(shape.value, each, protocol) for key, each in value.items()}
    if kind == "timestamp":
        return value.astimezone(UTC) if protocol == "cbor" else value.timestamp()
    return base64.b64encode(value).decode() if kind == "blob" and protocol == "json" else value
