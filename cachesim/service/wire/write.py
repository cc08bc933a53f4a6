"""The answer of a desk, or its refusal, in the bytes of the protocol that the request had."""

import base64
import json
from datetime import UTC
from functools import cache
from typing import Any, NamedTuple
from xml.sax.saxutils import escape

from cachesim.service.faults import ServiceFault
from cachesim.service.wire.parse import FORMS, ServiceCall

FORBIDDEN = ("AccessDenied", "InvalidClientTokenId", "ExpiredToken")  # no shapes: of every service
XML = {"Content-Type": "text/xml"}
COMMON = {  # codes that have no shape in RDS's model
    ("rds", f"{code}Exception"): code
    for code in ("InvalidParameterValue", "InvalidParameterCombination")
}
XSI = ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
ANSWERS = {  # protocol -> what stands around an answer
    "query": '<{name}Response xmlns="{space}">{inner}<ResponseMetadata><RequestId>{id}</RequestId>'
    "</ResponseMetadata></{name}Response>",
    "ec2": '<{name}Response xmlns="{space}"><requestId>{id}</requestId>{inner}</{name}Response>',
}
ERRORS = {  # protocol -> a fault
    "query": "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{text}</Message>"
    "</Error><RequestId>{id}</RequestId></ErrorResponse>",
    "ec2": "<Response><Errors><Error><Code>{code}</Code><Message>{text}</Message></Error></Errors>"
    "<RequestID>{id}</RequestID></Response>",
}


class Reply(NamedTuple):
    """An HTTP response."""

    status: int
    headers: dict[str, str]
    body: bytes


def reply(call: ServiceCall, answer: dict[str, Any], request_id: str) -> Reply:
    """Write an answer."""
    shape: Any = call.operation.output_shape
    if call.protocol not in FORMS:
        data = {} if shape is None else _plain(shape, answer, call.protocol)
        return Reply(200, _headers(call), _dumped(call, data))
    name = call.operation.name
    inner = "" if shape is None else _members(shape, answer)
    if shape is not None and call.protocol == "query":
        wrapper = shape.serialization.get("resultWrapper", f"{name}Result")
        inner = f"<{wrapper}>{inner}</{wrapper}>"
    space = call.operation.service_model.metadata.get("xmlNamespace", "")
    text = ANSWERS[call.protocol].format(name=name, space=space, inner=inner, id=request_id)
    return Reply(200, XML, text.encode())


def refusal(call: ServiceCall, fault: ServiceFault, request_id: str) -> Reply:
    """Write a fault: its code and its status stand in the model of its shape."""
    model = call.operation.service_model
    known = fault.shape in model.shape_names
    error = model.shape_for(fault.shape).metadata.get("error", {}) if known else {}
    code = error.get("code", COMMON.get((model.service_name, fault.shape), fault.shape))
    status = error.get("httpStatusCode", 403 if fault.shape in FORBIDDEN else 400)
    if call.protocol in FORMS:
        return _error(call.protocol, code, status, fault, request_id)
    more = _plain(model.shape_for(fault.shape), fault.members, call.protocol) if known else {}
    data = {"__type": fault.shape, "message": str(fault), **more}
    headers = {"x-amzn-errortype": fault.shape, "x-amzn-query-error": f"{code};Sender"}
    return Reply(status, {**_headers(call), **headers}, _dumped(call, data))


def unreadable(fault: ServiceFault, request_id: str) -> Reply:
    """Refuse a request of which not even the operation is known."""
    return _error("query", fault.shape, 400, fault, request_id)


def _error(protocol: str, code: str, status: int, fault: ServiceFault, request_id: str) -> Reply:
    code = code.removesuffix("Exception") if protocol == "ec2" else code
    body = ERRORS[protocol].format(code=code, text=escape(str(fault)), id=request_id)
    return Reply(status, XML, body.encode())


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
    """Write a value as an element of this name."""
    kind = shape.type_name
    if kind == "structure":
        return f"<{name}{_attributes(shape, value)}>{_members(shape, value)}</{name}>"
    if kind == "list":
        return _xml_list(shape, value, name)
    if kind == "map":
        key, own = (part.serialization.get("name") for part in (shape.key, shape.value))
        entries = (
            xml(shape.key, each, key or "key") + xml(shape.value, held, own or "value")
            for each, held in value.items()
        )
        return f"<{name}>{''.join(f'<entry>{each}</entry>' for each in entries)}</{name}>"
    return f"<{name}>{escape(_text(kind, value))}</{name}>"


def _attributes(shape: Any, value: dict[str, Any]) -> str:
    """Write the members that stand in the tag: S3 has the type of a grantee there."""
    named = [(key, name) for key, name, _ in _plan(shape, in_tag=True) if key in value]
    return "".join(f'{XSI} {name}="{value[key]}"' for key, name in named)


def _members(shape: Any, value: dict[str, Any]) -> str:
    """Write the members that stand between the tags, as far as there are any."""
    return "".join(
        xml(member, value[key], name)
        for key, name, member in _plan(shape, in_tag=False)
        if value.get(key) is not None
    )


@cache
def _plan(shape: Any, in_tag: bool) -> list[tuple[str, str, Any]]:
    """Return (key, name in XML, shape) of the members of a structure."""
    return [
        (key, member.serialization.get("name", key), member)
        for key, member in shape.members.items()
        if bool(member.serialization.get("xmlAttribute")) == in_tag
    ]


def _xml_list(shape: Any, value: list[Any], name: str) -> str:
    item = shape.member.serialization.get("name", "member")
    if not shape.serialization.get("flattened"):
        return f"<{name}>{''.join(xml(shape.member, each, item) for each in value)}</{name}>"
    own = name if item == "member" else item
    return "".join(xml(shape.member, each, own) for each in value)


def _text(kind: str, value: Any) -> str:
    if kind == "timestamp":
        text: str = value.astimezone(UTC).isoformat(timespec="milliseconds")
        return text.replace("+00:00", "Z")
    if kind == "boolean":
        return "true" if value else "false"
    return base64.b64encode(value).decode() if kind == "blob" else str(value)


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
