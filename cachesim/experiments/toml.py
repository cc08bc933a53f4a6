"""Scenarios as TOML files, complete and readable: such a file runs a comparison again.

A part of a scenario is a table; its `kind` is the name of its class in kebab case. Sizes and times may be texts
such as "4mb" and "5ms". A table `compare` holds the alternatives and the number of replications.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple, get_args, get_origin

from cachesim.engines import policies
from cachesim.engines.memcached.engine import Memcached
from cachesim.engines.redis.engine import Redis
from cachesim.engines.redis.protected import ProtectedRedis
from cachesim.engines.simple import Simple
from cachesim.errors import BadInput
from cachesim.experiments.stopping import stopping_rule
from cachesim.live.memcached_server import MemcachedServer
from cachesim.live.redis_server import RedisServer
from cachesim.model import faults, fleet, routes, strategies
from cachesim.model.database import Database
from cachesim.model.distributions import Between, Constant, Exponential, Lognormal
from cachesim.model.dynamo import DynamoDB
from cachesim.model.network import Network
from cachesim.model.node import Node
from cachesim.model.popularity import Drift, Scan, Uniform, Zipf
from cachesim.model.resilience import Resilience
from cachesim.model.strategies.base import Strategy
from cachesim.model.trace_workload import TraceReplay
from cachesim.model.workload import ClosedLoop, OpenLoop
from cachesim.scenario import Scenario
from cachesim.spec import Rule, Spec, field_types, fields_of, unfold
from cachesim.traces import FORMATS, Format
from cachesim.units import parse_size, parse_time

STRATEGIES: list[type[Strategy]] = [
    getattr(strategies, name) for name in strategies.__all__ if name != "Strategy"
]
FAULTS: list[type[Spec]] = [  # and what clients do about them
    getattr(faults, name) for name in faults.__all__ if name != "Fault"
]
CLASSES: tuple[type[Spec], ...] = (
    Simple, Redis, ProtectedRedis, Memcached, RedisServer, MemcachedServer, *STRATEGIES,
    OpenLoop, ClosedLoop, TraceReplay, Uniform, Zipf, Drift, Scan, Constant, Between, Exponential,
    Lognormal, Database, DynamoDB, Network, Node, *FAULTS, Resilience, *fleet.ALL, *routes.ALL, Scenario,
)  # fmt: skip


class Experiment(NamedTuple):
    """The content of a file: a scenario, the alternatives to compare, and how often to run each."""

    scenario: Scenario
    varied: dict[str, dict[str, Any]]  # field -> label -> value
    replications: int  # with a precision, the limit
    until_precision: float | None = None
    precision_of: str = "hit_ratio"


def kebab(name: str) -> str:
    """Return the name of a class on the command line.

    >>> kebab("WriteThrough"), kebab("LRU")
    ('write-through', 'lru')
    """
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "-", name).lower()


KINDS = {kebab(cls.__name__): cls for cls in CLASSES}


def to_toml(experiment: Experiment) -> str:
    """Return the text of a file from which `from_toml` makes an equal experiment.

    Raises
    ------
    BadInput
        A strategy, policy or workload of the user has no name outside its program.
    """
    import tomli_w

    table = scenario_table(experiment.scenario)
    table["compare"] = {
        "replications": experiment.replications,
        **_precision(experiment),
        **{
            field: {label: _plain(value) for label, value in values.items()}
            for field, values in experiment.varied.items()
        },
    }
    return tomli_w.dumps(table)


def _precision(experiment: Experiment) -> dict[str, Any]:
    if experiment.until_precision is None:
        return {}
    return {"until_precision": experiment.until_precision, "precision_of": experiment.precision_of}


def scenario_table(scenario: Scenario) -> dict[str, Any]:
    """Return a scenario as plain nested dicts."""
    table = _table(scenario)
    del table["kind"]
    return table


def read_toml(path: str | Path) -> Experiment:
    """Read a scenario file.

    Raises
    ------
    BadInput
        The file cannot be read, is not TOML, or breaks a rule of the specs.
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise BadInput(
            f'the scenario "{path}" cannot be read ({error.strerror}); check the path'
        ) from None
    except UnicodeDecodeError:
        raise BadInput(f'the scenario "{path}" is not text in UTF-8; give a TOML file') from None
    try:
        return from_toml(text)
    except BadInput as error:
        raise BadInput(f'the scenario "{path}": {error}') from None


def from_toml(text: str) -> Experiment:
    r"""Return the experiment that a text describes; missing fields have their defaults.

    >>> from_toml('[strategy]\nkind = "lazy-loading"\nttl = "5s"').scenario.strategy
    LazyLoading(ttl=5.0)
    """
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadInput(f"this is not TOML: {error}; correct that line") from None
    compare = table.pop("compare", {})
    if not isinstance(compare, dict):
        raise BadInput(f"compare must be a table of alternatives, got {compare!r}")
    replications = compare.pop("replications", 5 if compare else 1)
    if type(replications) is not int or replications < 1:
        raise BadInput(f"compare.replications must be a whole number >= 1, got {replications!r}")
    precision, metric = (
        compare.pop("until_precision", None),
        compare.pop("precision_of", "hit_ratio"),
    )
    stopping_rule(replications, precision, metric)
    scenario = _spec(Scenario, table, "")
    varied = {name: _alternatives(scenario, name, values) for name, values in compare.items()}
    return Experiment(scenario, varied, replications, precision, metric)


def _alternatives(scenario: Scenario, field: str, values: Any) -> dict[str, Any]:
    if not isinstance(values, Mapping):
        raise BadInput(f'compare.{field} must be a table of named alternatives, got "{values}"')
    *parts, last = field.split("__")
    part: Any = scenario
    for name in parts:
        part = getattr(part, name, None)
    known = field_types(type(part)).get(last) if isinstance(part, Spec) else None
    return {
        label: _value(value, known, f"compare.{field}.{label}") for label, value in values.items()
    }


def _table(spec: Spec) -> dict[str, Any]:
    name = kebab(type(spec).__name__)
    if KINDS.get(name) is not type(spec):
        raise BadInput(
            f"{type(spec).__name__} is a class of your own, which a scenario file cannot name; "
            "keep the scenario in Python"
        )
    fields = {key: _plain(value) for key, value in fields_of(spec).items() if value is not None}
    return {"kind": name, **fields}


def _plain(value: Any) -> Any:
    if isinstance(value, Spec):
        return _table(value)
    if isinstance(value, Format):
        return _name_of_format(value)
    if callable(value):
        name = next((name for name, kind in policies.ALL.items() if kind is value), None)
        if name is None:
            raise BadInput(
                f"the policy {value!r} is not one of {', '.join(policies.ALL)}; keep the scenario in Python"
            )
        return name
    return [_plain(part) for part in value] if isinstance(value, tuple) else value


def _name_of_format(value: Format) -> str:
    name = next((name for name, known in FORMATS.items() if known is value), None)
    if name is None:
        raise BadInput(
            f"the trace format {value} is one of your own, which a scenario file cannot name; "
            "put it into cs.traces.FORMATS under a name, or keep the scenario in Python"
        )
    return name


def _spec(cls: type[Spec], table: Mapping[str, Any], path: str) -> Any:
    types = field_types(cls)
    fields = {}
    for name, value in table.items():
        if name == "kind":
            continue
        known = types.get(name)
        fields[name] = _value(value, known, f"{path}.{name}".lstrip("."))
    return cls(**fields)


def _value(value: Any, known: Any, path: str) -> Any:
    """Return a TOML value in the form that a spec's field takes."""
    if isinstance(value, Mapping):
        return _spec(_class(value, known, path), value, path)
    if isinstance(value, list):
        part_of = unfold(get_args(known[0][0])[0]) if known and get_args(known[0][0]) else None
        return tuple(_value(part, part_of, f"{path}[{n}]") for n, part in enumerate(value))
    if isinstance(value, str) and known is not None:
        return from_text(value, known[0], known[1], path)
    return value


def from_text(text: str, kinds: tuple[Any, ...], rules: list[Rule], path: str) -> Any:
    """Return the policy, size or time that a text names, by the kind of its field."""
    if any(get_origin(kind) is Callable for kind in kinds):
        _refuse_module(text, path)
        if text not in policies.ALL:
            raise BadInput(f'{path} "{text}" is unknown; choose from {", ".join(policies.ALL)}')
        return policies.ALL[text]
    try:
        if any("byte" in rule.text for rule in rules):
            return parse_size(text)
        return parse_time(text) if any("seconds" in rule.text for rule in rules) else text
    except BadInput as error:
        raise BadInput(f"{path}: {error}") from None


def _class(table: Mapping[str, Any], known: Any, path: str) -> type[Spec]:
    """Return the class of a table's `kind`; without one, the field's own class if it has one."""
    kind = table.get("kind")
    if kind is None and known is not None:
        own = [k for k in known[0] if isinstance(k, type) and k in CLASSES]
        if own:
            return own[0]
    if not isinstance(kind, str) or kind not in KINDS:
        _refuse_module(kind, path)
        wanted = tuple(k for k in (known[0] if known else ()) if isinstance(k, type))
        names = [name for name, cls in KINDS.items() if issubclass(cls, wanted)] or list(KINDS)
        raise BadInput(f"{path}.kind must be one of {', '.join(names)}; got {kind!r}")
    return KINDS[kind]


def _refuse_module(name: Any, path: str) -> None:
    """Refuse MODULE:NAME: a scenario file from somebody else must not run code here."""
    if isinstance(name, str) and ":" in name:
        raise BadInput(
            f'{path} "{name}" names a module, and a scenario file cannot bring code of its own; '
            f"run cachesim sweep FILE --vary {path}={name}"
        )
