"""The calls of moto_calls.toml, played with any boto3 clients; the keys of each answer."""

import tomllib
from pathlib import Path

CALLS = Path(__file__).with_name("moto_calls.toml")
KEYS = Path(__file__).with_name("moto_keys.json")


def calls():
    """Return the calls in their order."""
    return tomllib.loads(CALLS.read_text())["calls"]


def keys_of(value, path=""):
    """Return the paths of all keys of an answer; every element of a list counts as the same.

    >>> sorted(keys_of({"a": [{"b": 1}, {"c": 2}]}))
    ['a', 'a[].b', 'a[].c']
    """
    if isinstance(value, list):
        return set().union(*(keys_of(each, f"{path}[]") for each in value))
    if not isinstance(value, dict):
        return {path}
    prefix = f"{path}." if path else ""
    own = {f"{prefix}{key}" for key, held in value.items() if held not in ([], {})}
    return own.union(*(keys_of(held, f"{prefix}{key}") for key, held in value.items())) - {""}


def filled(value, kept):
    """Return parameters with the names in braces replaced by what was kept."""
    if isinstance(value, dict):
        return {key: filled(each, kept) for key, each in value.items()}
    if isinstance(value, list):
        return [filled(each, kept) for each in value]
    is_name = isinstance(value, str) and value[:1] + value[-1:] == "{}" and value[1:-1] in kept
    return kept[value[1:-1]] if is_name else value


def part(answer, path):
    """Return a part of an answer by its path, such as Subnets.0.SubnetId."""
    for key in path.split("."):
        answer = answer[int(key)] if key.isdecimal() else answer[key]
    return answer


def played(client_of, between=lambda: None):
    """Play all calls; return for each (service, operation, keys of the answer)."""
    kept, found = {}, []
    for call in calls():
        client = client_of(call["service"])
        answer = getattr(client, call["operation"])(**filled(call.get("with", {}), kept))
        answer.pop("ResponseMetadata", None)
        kept |= {name: part(answer, path) for name, path in call.get("keep", {}).items()}
        found.append((call["service"], call["operation"], sorted(keys_of(answer))))
        between()
    return found
