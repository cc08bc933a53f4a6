"""Parse `--vary FIELD=VALUE,VALUE`: a field of the scenario, with dots as in TOML, and its values.

A part is written as it prints, by its name in kebab case: `lazy-loading(ttl=5s)`, `redis(memory=4mb)`;
several faults at once with + between them, none at all as `none`. A class of the user's own is MODULE:NAME:
`my_module:MyStrategy(ttl=5s)`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, get_args, get_origin

from cachesim.cli.kinds import about
from cachesim.cli.own import is_own, own_class
from cachesim.engines.base import EvictionPolicy
from cachesim.errors import BadInput
from cachesim.experiments.toml import KINDS, from_text
from cachesim.scenario import Scenario
from cachesim.spec import Spec, field_types

Known = tuple[tuple[Any, ...], list[Any]]  # the types that a field takes, and its rules


def varied(scenario: Scenario, options: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Parse the options in their order into field -> text -> value, as `sweep` takes it.

    Raises
    ------
    BadInput
        The scenario has no such field, or a text is not a value of the field.

    Examples
    --------
    >>> varied(Scenario(), ["cache.memory=4mb,8mb"])
    {'cache__memory': {'4mb': 4194304, '8mb': 8388608}}
    >>> varied(Scenario(), ["strategy=write-through,lazy-loading(ttl=5s)"])
    {'strategy': {'write-through': WriteThrough(), 'lazy-loading(ttl=5s)': LazyLoading(ttl=5.0)}}
    """
    found: dict[str, dict[str, Any]] = {}
    for option in options:
        path, equals, text = option.partition("=")
        field = path.strip().replace(".", "__")
        if not equals or not field:
            raise BadInput(
                f'--vary takes FIELD=VALUE,VALUE, such as cache.memory=4mb,8mb, got "{option}"'
            )
        if field in found:
            raise BadInput(f"--vary {path} is given twice; name all of its values in one")
        known = _known(scenario, path.strip().split("."))
        found[field] = _values(text, known, f"--vary {path}")
        first = next(iter(found[field].values()))
        with about(f"--vary {path}"):
            scenario = scenario.replace(**{field: first})  # later fields may be parts of this one
    return found


def _known(spec: Spec, path: list[str]) -> Known:
    name, *rest = path
    types = field_types(type(spec))
    if name not in types:
        raise BadInput(
            f'--vary: {type(spec).__name__} has no field "{name}"; its fields are: {", ".join(types)}'
        )
    if not rest:
        return types[name]
    part = getattr(spec, name)
    if not isinstance(part, Spec):
        raise BadInput(f'--vary: {name} has no parts, so there is no "{".".join(path)}"')
    return _known(part, rest)


def _values(text: str, known: Known, name: str) -> dict[str, Any]:
    texts = _split(text)
    if not all(texts) or len(set(texts)) < len(texts):
        raise BadInput(f'{name} takes different values with commas between them, got "{text}"')
    return {one: _value(one, known, name) for one in texts}


def _value(text: str, known: Known, name: str) -> Any:
    """Parse one value of a field."""
    kinds, rules = known
    family = tuple(kind for kind in kinds if isinstance(kind, type) and issubclass(kind, Spec))
    if family:
        return _spec(text, family, name)
    origins: list[Any] = [get_origin(kind) for kind in kinds]
    if origins[0] is tuple:
        parts = [] if text == "none" else _split(text, "+")
        return tuple(_spec(part, get_args(kinds[0])[:1], name) for part in parts)
    if bool in kinds and text in ("true", "false"):
        return text == "true"
    if Callable in origins and is_own(text):
        return own_class(name, text, EvictionPolicy)
    value = from_text(text, kinds, rules, name)
    if value != text or not (float in kinds or int in kinds):
        return value
    try:
        return int(text) if int in kinds else float(text)
    except ValueError:
        kind = "a whole number" if int in kinds else "a number"
        raise BadInput(f'{name} must be {kind}, got "{text}"') from None


def _spec(text: str, family: tuple[type, ...], name: str) -> Spec:
    """Make the part that a text such as "zipf(keys=1000,skew=0.8)" describes."""
    kind, opening, inside = text.partition("(")
    cls = own_class(name, kind, family[0]) if is_own(kind) else KINDS.get(kind.strip())
    if cls is None or not issubclass(cls, family):
        names = [known for known, cls in KINDS.items() if issubclass(cls, family)]
        raise BadInput(f'{name} "{kind.strip()}" is unknown; choose from {", ".join(names)}')
    if opening and not inside.endswith(")"):
        raise BadInput(f'{name} "{text}" opens a parenthesis that does not close at the end')
    fields = {}
    for part in _split(inside[:-1]) if inside[:-1].strip() else ():
        field, _, value = part.partition("=")
        types = field_types(cls)
        if field not in types:
            raise BadInput(f'{kind} has no field "{field}"; its fields are: {", ".join(types)}')
        fields[field] = _value(value, types[field], f"{kind}.{field}")
    return cls(**fields)


def _split(text: str, between: str = ",") -> list[str]:
    """Split a comma list; a comma inside parentheses does not count.

    >>> _split("a(x=1,y=2), b")
    ['a(x=1,y=2)', 'b']
    """
    parts, depth = [""], 0
    for sign in text:
        depth += (sign == "(") - (sign == ")")
        if sign == between and depth == 0:
            parts.append("")
        else:
            parts[-1] += sign
    return [part.strip() for part in parts]
