"""Long lists in pages, as every Describe operation gives them."""

from typing import Any

from cachesim.service.faults import bad_value

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
