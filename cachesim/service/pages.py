"""Long lists in pages, as every Describe operation gives them."""

from typing import Any

from cachesim.service.faults import ServiceFault, bad_value

LEAST, MOST = 20, 100  # records of a page


def page(items: list[Any], request: dict[str, Any], name: str) -> dict[str, Any]:
    """Return one page of a list under its name, with a Marker if there is more.

    >>> found = page([*range(45)], {"MaxRecords": 20, "Marker": "20"}, "Events")
    >>> found["Events"][0], found["Marker"]
    (20, '40')
    """
    size = request.get("MaxRecords", MOST)
    if not LEAST <= size <= MOST:
        raise bad_value(f"MaxRecords must be from {LEAST} to {MOST}, got {size}.")
    marker = request.get("Marker", "0")
    if not marker.isdecimal():
        raise bad_value(f"The Marker {marker} is not one that this service gave.")
    begin = int(marker)
    rest = {"Marker": str(begin + size)} if begin + size < len(items) else {}
    return {name: items[begin : begin + size], **rest}


def next_page(
    items: list[Any], request: dict[str, Any], name: str, size: int, most: int = MOST
) -> dict[str, Any]:
    """Return one page of a list, with a NextToken if there is more, as CloudWatch and SNS give them.

    >>> next_page([1, 2, 3], {"NextToken": "2"}, "Metrics", size=2)
    {'Metrics': [3]}
    """
    if not 1 <= size <= most:
        raise bad_value(f"a page has from 1 to {most} records, got {size}.")
    token = request.get("NextToken") or "0"
    if not token.isdecimal():
        raise ServiceFault("InvalidNextToken", f"The NextToken {token} is not one of this service.")
    begin = int(token)
    rest = {"NextToken": str(begin + size)} if begin + size < len(items) else {}
    return {name: items[begin : begin + size], **rest}
