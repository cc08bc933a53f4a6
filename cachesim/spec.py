"""A spec is a frozen description: fields by name only, each with a default, checked when it is made.

Subclass `Spec`, annotate the fields, and it is a frozen dataclass without a decorator. An annotation
carries its rule: `ttl: Seconds = math.inf`. A spec has no state; a run *builds* live parts from it.
The first field may be one that needs no name, as in `Pool(4)`: `dataclasses.field(default=4, kw_only=False)`.
"""

import dataclasses
import math
import types
import typing
from collections.abc import Callable
from types import FunctionType
from typing import Annotated, Any, NamedTuple, Self, dataclass_transform

from cachesim.errors import BadInput


class Rule(NamedTuple):
    """What a field's value must be: in words, and as a test."""

    text: str
    holds: Callable[[Any], bool]


Seconds = Annotated[float, Rule("> 0 seconds (inf for no limit)", lambda x: x > 0)]
Delay = Annotated[float, Rule(">= 0 and finite seconds", lambda x: 0 <= x < math.inf)]
Span = Annotated[float, Rule("> 0 and finite seconds", lambda x: 0 < x < math.inf)]
Rate = Annotated[float, Rule("> 0 and finite per second", lambda x: 0 < x < math.inf)]
Share = Annotated[float, Rule("between 0 and 1", lambda x: 0 <= x <= 1)]
Exponent = Annotated[
    float,
    Rule(">= 0 and finite", lambda x: 0 <= x < math.inf),
    Rule("at most 100", lambda x: x <= 100),
]
MOST = 10_000_000  # of anything that is counted: a laptop holds no more keys, users or threads
Count = Annotated[int, Rule(f"from 1 to {MOST:,}", lambda x: 1 <= x <= MOST)]
Bytes = Annotated[
    int,
    Rule(">= 1 byte", lambda x: x >= 1),
    Rule("below 8 EiB (2 ** 63 bytes)", lambda x: x < 2**63),
]
Seed = Annotated[int, Rule(">= 0", lambda x: x >= 0)]


@dataclass_transform(
    kw_only_default=True, frozen_default=True, field_specifiers=(dataclasses.field,)
)
class Spec:
    """A frozen, validated description; two specs with equal fields are equal.

    >>> class Tank(Spec):
    ...     volume: Bytes = 10
    >>> Tank(volume=12), Tank()
    (Tank(volume=12), Tank())
    >>> Tank(volume=0)
    Traceback (most recent call last):
    cachesim.errors.BadInput: Tank.volume must be >= 1 byte, got 0
    """

    def __init_subclass__(cls, **options: Any) -> None:
        """Make every subclass a frozen dataclass, so that students need no decorator."""
        super().__init_subclass__(**options)
        # Its __hash__ would call whatever the class's module names "hash"; see also __eq__.
        dataclasses.dataclass(frozen=True, kw_only=True, repr=False, eq=False)(cls)

    def __new__(cls, *args: Any, **fields: Any) -> Self:
        """Refuse unknown fields with a sentence instead of a TypeError."""
        places = [f.name for f in dataclasses.fields(cls) if not f.kw_only] if args else []  # type: ignore[arg-type]
        if len(args) > len(places):
            raise BadInput(
                f"{cls.__name__} takes fields by name only, got {args[len(places)]!r}; {_known(cls)}"
            )
        if twice := fields.keys() & set(places[: len(args)]):
            raise BadInput(f"{cls.__name__}.{min(twice)} is given twice; give it once")
        for name in fields:
            if name not in cls.__dataclass_fields__:  # type: ignore[attr-defined]
                raise BadInput(f'{cls.__name__} has no field "{name}"; {_known(cls)}')
        return super().__new__(cls)

    def __post_init__(self) -> None:
        for name, (kinds, rules) in field_types(type(self)).items():
            value = _coerced(getattr(self, name), kinds)
            object.__setattr__(self, name, value)
            check(f"{type(self).__name__}.{name}", value, kinds, rules)

    def __eq__(self, other: object) -> bool:
        """Specs of one class with equal fields are equal; a field that is the same object is equal to itself."""
        if type(other) is not type(
            self
        ):  # as dataclass has it up to Python 3.12; 3.13 compares an array
            return NotImplemented
        # Tuples, for a part is then equal to itself, even an array. Python 3.13's dataclass compares the parts.
        return tuple(fields_of(self).values()) == tuple(fields_of(other).values())

    def __hash__(self) -> int:
        """Equal specs have equal hashes; a value that has none (a list, a dict, an array) leaves it as it is."""
        return (type(self).__qualname__, *map(_hashable, fields_of(self).values())).__hash__()

    def __repr__(self) -> str:
        changed = (f"{name}={_shown(value)}" for name, value in differences(self).items())
        return f"{type(self).__name__}({', '.join(changed)})"

    def replace(self, **changes: Any) -> Self:
        """Return a copy with fields changed; a nested field is named `part__field`.

        >>> class Box(Spec):
        ...     side: Count = 1
        >>> class Shelf(Spec):
        ...     box: Box = Box()
        >>> Shelf().replace(box__side=3)
        Shelf(box=Box(side=3))
        """
        flat: dict[str, Any] = {}
        for path, value in changes.items():
            name, _, rest = path.partition("__")
            if not rest:
                flat[name] = value
                continue
            part = flat.get(name, getattr(self, name, None))
            if not isinstance(part, Spec):
                raise BadInput(
                    f'{type(self).__name__} has no part "{name}" to replace "{path}" in; {_known(type(self))}'
                )
            flat[name] = part.replace(**{rest: value})
        return type(self)(**{**fields_of(self), **flat})


def fields_of(spec: Spec) -> dict[str, Any]:
    """Return the fields of a spec as a dict, not descending into parts."""
    return {name: getattr(spec, name) for name in spec.__dataclass_fields__}  # type: ignore[attr-defined]


def differences(spec: Spec) -> dict[str, Any]:
    """Return the fields whose value is not the default."""
    defaults = {f.name: f.default for f in dataclasses.fields(spec)}  # type: ignore[arg-type]
    return {name: value for name, value in fields_of(spec).items() if value != defaults[name]}


def field_types(cls: type) -> dict[str, tuple[tuple[Any, ...], list[Rule]]]:
    """Return for each field the types it takes and its rules."""
    if "_field_types" not in cls.__dict__:
        hints = typing.get_type_hints(cls, include_extras=True)
        known = {f.name: unfold(hints[f.name]) for f in dataclasses.fields(cls)}
        cls._field_types = known  # type: ignore[attr-defined] # read once a class: hints cost 50 µs
    return cls._field_types  # type: ignore[attr-defined, no-any-return]


def check(name: str, value: Any, kinds: tuple[Any, ...], rules: list[Rule]) -> None:
    """Raise BadInput, naming `name`, unless the value is of one of the kinds and keeps every rule."""
    if not any(_is(value, kind) for kind in kinds):
        raise BadInput(f"{name} must be {' or '.join(map(_kind_name, kinds))}, got {value!r}")
    for rule in rules if value is not None else ():
        if not rule.holds(value):
            raise BadInput(f"{name} must be {rule.text}, got {value!r}")


def unfold(hint: Any) -> tuple[tuple[Any, ...], list[Rule]]:
    """Return the types that an annotation takes, and its rules."""
    if typing.get_origin(hint) is Annotated:
        kind, *rules = typing.get_args(hint)
        return (kind,), rules
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        parts = [unfold(part) for part in typing.get_args(hint)]
        return tuple(k for kinds, _ in parts for k in kinds), [
            r for _, rules in parts for r in rules
        ]
    return (hint,), []


def _coerced(value: Any, kinds: tuple[Any, ...]) -> Any:
    """Take 60 for 60.0 and a numpy integer for an int, so that equal specs look equal."""
    if isinstance(value, bool) or value is None:
        return value
    if (
        float in kinds
        and int not in kinds
        and hasattr(value, "__float__")
        and not isinstance(value, str)
    ):
        return float(value)
    if isinstance(value, list) and any(typing.get_origin(kind) is tuple for kind in kinds):
        return tuple(value)
    return value.__index__() if int in kinds and hasattr(value, "__index__") else value


def _is(value: Any, kind: Any) -> bool:
    origin = typing.get_origin(kind)
    if origin is typing.Literal:
        return value in typing.get_args(kind)
    if origin is Callable:
        return callable(value)
    if kind in (int, float):
        return isinstance(value, kind) and not isinstance(value, bool)
    return kind is Any or isinstance(value, origin or kind)


def _kind_name(kind: Any) -> str:
    if typing.get_origin(kind) is typing.Literal:
        return "one of " + ", ".join(map(str, typing.get_args(kind)))
    names = {float: "a number", int: "a whole number", str: "a text", bool: "true or false"}
    if kind in names or kind is type(None):
        return names.get(kind, "None")
    name = getattr(kind, "__name__", str(kind))
    return f"{'an' if name[0] in 'AEIO' else 'a'} {name}"


def _hashable(value: Any) -> Any:
    try:
        value.__hash__()
    except TypeError:  # None is no function, or a part of the value has no hash
        return None
    return value


def _shown(value: Any) -> str:
    # A function shows its name: an address would differ from run to run.
    return value.__name__ if isinstance(value, type | FunctionType) else repr(value)


def _known(cls: type) -> str:
    names = ", ".join(f.name for f in dataclasses.fields(cls)) or "none"
    return f"its fields are: {names}"
