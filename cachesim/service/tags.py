"""Tags of resources: what a request may give, and how it is shown."""

from typing import Any

from cachesim.service.faults import ServiceFault, bad_value

MOST = 50  # of a resource
LONGEST_KEY, LONGEST_VALUE = 128, 256  # signs: those of AWS's other services, an assumption


def tags_of(request: dict[str, Any]) -> dict[str, str]:
    """Return the tags that a request gives, checked.

    >>> tags_of({"Tags": [{"Key": "team", "Value": "web"}]})
    {'team': 'web'}
    """
    found = {each.get("Key", ""): each.get("Value", "") for each in request.get("Tags", [])}
    for key, value in found.items():
        if not 1 <= len(key) <= LONGEST_KEY or len(value) > LONGEST_VALUE:
            raise bad_value(
                f"A tag's key has 1 to {LONGEST_KEY} signs, and its value at most {LONGEST_VALUE}."
            )
        if key.lower().startswith("aws:"):
            raise bad_value(
                f"The tag {key} is not allowed: keys that begin with aws: are AWS's own."
            )
    return check_number(found)


def check_number(tags: dict[str, str]) -> dict[str, str]:
    """Refuse one tag too many."""
    if len(tags) > MOST:
        raise ServiceFault(
            "TagQuotaPerResourceExceeded", f"A resource can have at most {MOST} tags."
        )
    return tags


def shown(tags: dict[str, str]) -> list[dict[str, str]]:
    """Return tags in AWS's shape."""
    return [{"Key": key, "Value": value} for key, value in tags.items()]
