"""EC2's own protocol: a form with other names of members than query has, and other XML around an answer."""

from collections.abc import Callable
from typing import Any
from xml.sax.saxutils import escape

Scalar = Callable[[str, str], Any]  # (type, text) -> value


def read(shape: Any, form: dict[str, str], prefix: str, scalar: Scalar) -> Any:
    """Return the value of a shape under a prefix, such as IpPermissions.1; None if the form has none."""
    if shape is None or not any(f"{key}.".startswith(f"{prefix}.".lstrip(".")) for key in form):
        return None
    if shape.type_name == "structure":
        found = {
            name: read(member, form, f"{prefix}.{key_of(member, name)}".lstrip("."), scalar)
            for name, member in shape.members.items()
        }
        return {name: value for name, value in found.items() if value is not None} or None
    if shape.type_name == "list":
        items: list[Any] = []
        while any(f"{key}.".startswith(f"{prefix}.{len(items) + 1}.") for key in form):
            items.append(read(shape.member, form, f"{prefix}.{len(items) + 1}", scalar))
        return items or None
    return scalar(shape.type_name, form[prefix])


def key_of(member: Any, name: str) -> str:
    """Return the name of a member in a form: it begins with a capital."""
    own: str = member.serialization.get("name", name)
    found: str = member.serialization.get("queryName", own[:1].upper() + own[1:])
    return found


def envelope(name: str, space: str, inner: str, request_id: str) -> bytes:
    """Put an answer into its XML."""
    told = f"<requestId>{request_id}</requestId>"
    return f'<{name}Response xmlns="{space}">{told}{inner}</{name}Response>'.encode()


def error(code: str, text: str, request_id: str) -> bytes:
    """Put a fault into its XML."""
    inner = f"<Code>{code.removesuffix('Exception')}</Code><Message>{escape(text)}</Message>"
    return (
        f"<Response><Errors><Error>{inner}</Error></Errors>"
        f"<RequestID>{request_id}</RequestID></Response>"
    ).encode()
