"""S3's own wire, rest-xml: a method and an address say the operation, headers and the body its parameters.

Addresses have the bucket in the path (/bucket/key) or in the name of the host (bucket.s3...).
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import cache
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, unquote, urlsplit
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from botocore.model import OperationModel

from cachesim.service.account import Account
from cachesim.service.faults import ServiceFault, refusal, refuse_if
from cachesim.service.iam.gate import ask
from cachesim.service.wire.models import service
from cachesim.service.wire.parse import scalar
from cachesim.service.wire.write import FORBIDDEN, Reply, xml

CREDENTIAL = re.compile(r"Credential=(\w+)")
HOST = re.compile(r"(?P<bucket>.+?)\.(s3[.-].*|localhost(:\d+)?)")
STATUS = {  # code -> status of HTTP, where it is neither 404 for NoSuch... nor 400
    "BucketAlreadyOwnedByYou": 409, "BucketNotEmpty": 409,
    "PreconditionFailed": 412, "InvalidRange": 416,
}  # fmt: skip


class HttpRequest(NamedTuple):
    """A request of HTTP."""

    method: str
    url: str  # with the query; the host may be missing
    headers: Mapping[str, str]  # names in Title-Case
    body: bytes


def key_of(request: HttpRequest) -> str:
    """Return the access key that has signed a request, also one whose address is signed; empty: none."""
    signed = CREDENTIAL.search(request.headers.get("Authorization", "") + request.url)
    return signed[1] if signed else ""


def is_for_s3(request: HttpRequest) -> bool:
    """Whether a request is for S3: all other services get a POST with another scope in its signature."""
    signed = request.headers.get("Authorization", "")
    return request.method != "POST" or "/s3/aws4_request" in signed


def answer(account: Account, request: HttpRequest, request_id: str) -> Reply:
    """Let the desk of S3 answer."""
    headers = {"x-amz-request-id": request_id}
    try:
        operation, parameters = parse(request)
        found = ask(account, key_of(request), "s3", operation.name, parameters)
    except ServiceFault as fault:
        return refused(request, fault, headers)
    return reply(request, operation, found, headers)


# A request


def parse(request: HttpRequest) -> tuple[OperationModel, dict[str, Any]]:
    """Return the operation that a request asks for, and its parameters. Raises ServiceFault."""
    bucket, key = place_of(request)
    query = dict(parse_qsl(urlsplit(request.url).query, keep_blank_values=True))
    operation = chosen(request, bool(bucket), bool(key), query)
    found: dict[str, Any] = {"Bucket": bucket, "Key": key}
    shape: Any = operation.input_shape
    for name, member in shape.members.items():
        where, label = _at(name, member)
        given = query.get(label) if where == "querystring" else request.headers.get(label.title())
        if where in ("querystring", "header") and given is not None:
            found[name] = scalar(member.type_name, given)
        elif where == "headers":
            pairs = ((key.partition(label.title()), each) for key, each in request.headers.items())
            found[name] = {key.lower(): each for (_, mark, key), each in pairs if mark}
        elif name == shape.serialization.get("payload") and request.body:
            found[name] = _payload(member, content_of(request))
    return operation, {name: found[name] for name in shape.members if name in found}


def _at(name: str, member: Any) -> tuple[str, str]:
    """Return where a member stands: in the query, in a header ..., and how it is called there."""
    return member.serialization.get("location", ""), member.serialization.get("name", name)


def place_of(request: HttpRequest) -> tuple[str, str]:
    """Return the bucket and the key; empty if there is none.

    >>> place_of(HttpRequest("GET", "https://seeds.s3.amazonaws.com/a%20b/c", {}, b""))
    ('seeds', 'a b/c')
    >>> place_of(HttpRequest("GET", "/seeds/a", {"Host": "127.0.0.1:4566"}, b""))
    ('seeds', 'a')
    """
    address = urlsplit(request.url)
    path = unquote(address.path).lstrip("/")
    match = HOST.fullmatch(address.netloc or request.headers.get("Host", ""))
    if match:
        return match["bucket"], path
    bucket, _, key = path.partition("/")
    return bucket, key


def chosen(
    request: HttpRequest, bucket: bool, key: bool, query: Mapping[str, str]
) -> OperationModel:
    """Return the operation with most marks, of those that fit the method, the address and the headers."""
    here = (request.method, bucket, key)
    given = {*query, *(f"{name}={value}" for name, value in query.items())}
    given |= {f"header {name}" for name in request.headers}
    fitting = [
        (len(marks), name)
        for name, (place, marks) in operations().items()
        if place == here and marks <= given
    ]
    refuse_if(not fitting, "no method")
    return service("s3").operation_model(max(fitting, key=lambda each: each[0])[1])


@cache
def operations() -> dict[str, tuple[tuple[str, bool, bool], set[str]]]:
    """Return of each operation its method, whether it has a bucket and a key; and its marks.

    A mark is a part of the query, or a header, that it always has.
    """
    found = {}
    for name in service("s3").operation_names:
        model = service("s3").operation_model(name)
        shape: Any = model.input_shape
        address, _, query = model.http["requestUri"].partition("?")
        marks = {each.removesuffix("=") for each in query.split("&") if each}
        for member in shape.required_members if shape else ():
            where, label = _at(member, shape.members[member])
            if where in ("querystring", "header"):
                marks.add(label if where == "querystring" else f"header {label.title()}")
        place = (model.http["method"], "{Bucket}" in address, "{Key+}" in address)
        found[name] = (place, marks)
    return found


def content_of(request: HttpRequest) -> bytes:
    r"""Return the body, without the frames of aws-chunked: sizes, signatures, checksums behind it.

    >>> framed = b"3\r\nabc\r\n0\r\nx-amz-checksum-crc32:NSRBwg==\r\n\r\n"
    >>> content_of(HttpRequest("PUT", "/a/b", {"Content-Encoding": "aws-chunked"}, framed))
    b'abc'
    """
    if "aws-chunked" not in request.headers.get("Content-Encoding", ""):
        return request.body
    parts, rest, size = [], request.body, 1
    while rest and size:
        head, _, rest = rest.partition(b"\r\n")
        size = int(head.split(b";")[0], 16)
        parts.append(rest[:size])
        rest = rest[size + 2 :]
    return b"".join(parts)


def _payload(shape: Any, body: bytes) -> Any:
    if shape.type_name == "blob":
        return body
    if shape.type_name == "string":
        return body.decode(errors="replace")
    try:
        return _read(shape, ElementTree.fromstring(body))
    except ElementTree.ParseError:
        raise refusal("no XML") from None


def _read(shape: Any, node: ElementTree.Element) -> Any:
    """Return the value of a shape from XML; names of other spaces count like plain ones."""
    if shape.type_name == "list":
        return [_read(shape.member, each) for each in node]
    if shape.type_name != "structure":
        return scalar(shape.type_name, node.text or "")
    found: dict[str, Any] = {}
    for name, member in shape.members.items():
        label = member.serialization.get("name", name)
        inner = [each for each in node if each.tag.rpartition("}")[2] == label]
        if inner and member.serialization.get("flattened"):
            found[name] = [_read(member.member, each) for each in inner]
        elif inner:
            found[name] = _read(member, inner[0])
    return found


# An answer


def reply(
    request: HttpRequest, operation: OperationModel, found: dict[str, Any], headers: dict[str, str]
) -> Reply:
    """Write the answer of the desk: some members are headers, one may be the body as it is."""
    shape: Any = operation.output_shape
    members = shape.members if shape else {}
    status = 204 if request.method == "DELETE" else 206 if "ContentRange" in found else 200
    for name, member in members.items():
        (where, label), value = _at(name, member), found.get(name)
        if where == "header" and value is not None:
            headers[label] = _told(value)
        elif where == "headers":
            headers |= {f"{label}{key}": each for key, each in (value or {}).items()}
    payload = shape.serialization.get("payload") if shape else None
    body = found.get(payload or "", b"")
    if payload is None and any("location" not in each.serialization for each in members.values()):
        body = xml(shape, found, shape.serialization.get("name", operation.name))
        headers["Content-Type"] = "application/xml"
    return Reply(status, headers, body if isinstance(body, bytes) else body.encode())


def _told(value: Any) -> str:
    if isinstance(value, datetime):
        return format_datetime(value.astimezone(UTC), usegmt=True)
    return str(value)


def refused(request: HttpRequest, fault: ServiceFault, headers: dict[str, str]) -> Reply:
    """Write a fault. A HEAD has no body: its client sees only the status."""
    status = STATUS.get(fault.shape, 404 if fault.shape.startswith("NoSuch") else 400)
    status = 403 if fault.shape in FORBIDDEN else status
    body = (
        f"<Error><Code>{fault.shape}</Code><Message>{escape(str(fault))}</Message>"
        f"<RequestId>{headers['x-amz-request-id']}</RequestId></Error>"
    ).encode()
    headers["Content-Type"] = "application/xml"
    return Reply(status, headers, b"" if request.method == "HEAD" else body)
