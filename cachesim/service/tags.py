"""Tags of resources: what a request may give, and how it is shown."""

from typing import Any

from cachesim.service.faults import refuse_if

MOST = 50  # of a resource
LONGEST_KEY, LONGEST_VALUE = 128, 256  # signs: those of AWS's other services, an assumption


def tags_of(request: dict[str, Any]) -> dict[str, str]:
    """Return the tags that a request gives, checked.

    >>> tags_of({"Tags": [{"Key": "team", "Value": "web"}]})
    {'team': 'web'}
    """
    found = {each.get("Key", ""): each.get("Value", "") for each in request.get("Tags", [])}
    for key, value in found.items():
        is_long = not 1 <= len(key) <= LONGEST_KEY or len(value) > LONGEST_VALUE
        refuse_if(is_long, "tag length", LONGEST_KEY, LONGEST_VALUE)
        refuse_if(key.lower().startswith("aws:"), "tag of AWS", key)
    return check_number(found)


def check_number(tags: dict[str, str]) -> dict[str, str]:
    """Refuse one tag too many."""
    refuse_if(len(tags) > MOST, "most tags", MOST)
    return tags


def shown(tags: dict[str, str]) -> list[dict[str, str]]:
    """Return tags in AWS's shape."""
    return [{"Key": key, "Value": value} for key, value in tags.items()]
