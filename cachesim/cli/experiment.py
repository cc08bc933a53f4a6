"""From options to an experiment: the scenario, its alternatives, the number of replications."""

import sys
from typing import Any

from cachesim.cli.choices import engine, strategies
from cachesim.cli.fleet import fleet
from cachesim.cli.kinds import about
from cachesim.cli.options import USUAL
from cachesim.engines import policies
from cachesim.engines.base import EngineSpec
from cachesim.engines.simple import Simple
from cachesim.errors import BadInput
from cachesim.experiments.presets import cluster
from cachesim.experiments.toml import Experiment
from cachesim.model.database import Database
from cachesim.model.distributions import Constant, Distribution, Exponential
from cachesim.model.popularity import Zipf
from cachesim.model.trace_workload import TraceReplay
from cachesim.model.workload import ClosedLoop, OpenLoop, Workload, size_from_text
from cachesim.records import STAMP_SIZE
from cachesim.scenario import Scenario
from cachesim.traces import Stream, Trace

TTL = USUAL.strategy.ttl
TRACE_REQUESTS = 100_000  # of a trace, unless --duration asks for more
Options = dict[str, Any]


def experiment(options: Options) -> Experiment:
    """Make the experiment that `compare` runs.

    Raises
    ------
    BadInput
        An option breaks a rule, or two of them contradict each other.
    """
    workload, ttl = _workload(options)
    ttl = options["ttl"] or ttl
    base: Scenario = USUAL.replace(
        workload=workload,
        database=_database(options),
        seed=options["seed"],
        **_times(options, workload),
    )
    varied: dict[str, dict[str, Any]] = {
        "strategy": strategies(options["strategies"], ttl),
        "cache": _engines(options),
    }
    first = {field: next(iter(values.values())) for field, values in varied.items()}
    base = base.replace(**first, fleet=fleet(options))
    return Experiment(base, varied, options["replications"])


def replay_engine(
    trace: Trace | Stream,
    *,
    engine_name: str,
    policy: str | None,
    items: int | None,
    memory: int | None,
    clock: str | None,
    **_: Any,
) -> EngineSpec:
    """Make the engine of a replay.

    Raises
    ------
    BadInput
        No limit is given, or one that the engine does not have.
    """
    if items is None and memory is None:
        raise BadInput(
            "replay needs a limit: --items N (engine simple) or --memory 64mb; give one of them"
        )
    if engine_name != "simple" and items is not None:
        raise BadInput(
            f"--items limits the engine simple; {engine_name} is limited by memory: give --memory 64mb"
        )
    if engine_name == "simple" and policy == "belady" and isinstance(trace, Trace):
        spec: EngineSpec = Simple(policy=policies.Belady(trace.used))
    else:
        spec = engine(engine_name, memory, policy, clock)
    if items is None:
        return spec
    return spec.replace(items=items, memory=memory or sys.maxsize)


def _engines(options: Options) -> dict[str, EngineSpec]:
    memory = options["memory"] or USUAL.cache.memory
    asked = options["policy"], options["clock"]
    return {name: engine(name, memory, *asked) for name in options["engine"]}


def _database(options: Options) -> Database:
    fields = {"standby": options["standby"], "replicas": options["db_replicas"] or 0}
    if options["db_lag"] is None:
        return Database(**fields)
    if not fields["replicas"]:
        raise BadInput("--db-lag is about read replicas; give --db-replicas 1 or more with it")
    return Database(lag=Exponential(mean=options["db_lag"]), **fields)


def _workload(options: Options) -> tuple[Workload, float]:
    """Make the workload; return it with the TTL that suits it."""
    if options["rate"] is not None and options["clients"] is not None:
        raise BadInput(
            "--rate (open loop) and --clients (closed loop) exclude each other; give one of them"
        )
    if options["trace"] is not None:
        return _replay(options), TTL
    for name in (
        "writes",
        "format_name",
        "columns",
        "time_unit",
        "delimiter",
        "no_header",
        "block",
    ):
        if options[name] not in (None, False):
            flag = name.removesuffix("_name").replace("_", "-")
            raise BadInput(f"--{flag} describes a trace; give --trace FILE with it")
    return _synthetic(options)


def _synthetic(options: Options) -> tuple[Workload, float]:
    fields, ttl = _preset(options["preset"])
    usual = USUAL.workload
    popularity = Zipf(
        keys=options["keys"] or usual.popularity.keys,
        skew=_first(options["skew"], fields.pop("skew", usual.popularity.skew)),
    )
    if options["reads"] is not None:
        fields["reads"] = options["reads"]
    if options["value_size"] is not None:
        fields["size"] = _value_size(options["value_size"])
    if options["clients"] is not None:
        return ClosedLoop(clients=options["clients"], popularity=popularity, **fields), ttl
    return OpenLoop(rate=options["rate"] or usual.rate, popularity=popularity, **fields), ttl


def _value_size(text: str) -> Distribution:
    with about("--value-size"):
        size = size_from_text(text)
    if size.mean < STAMP_SIZE:
        raise BadInput(
            f'--value-size must be >= {STAMP_SIZE} bytes, the stamp that every value carries, got "{text}"'
        )
    return size


def _preset(name: str | None) -> tuple[Options, float]:
    if name is None:
        return {}, TTL
    with about("--preset"):
        figures = cluster(name)
    size = Constant(value=max(STAMP_SIZE, figures.value_size))
    fields = {
        "reads": figures.reads,
        "skew": figures.skew,
        "size": size,
        "key_size": figures.key_size,
    }
    return fields, figures.ttl


def _replay(options: Options) -> Workload:
    for name in ("preset", "reads", "skew", "keys"):
        if options[name] is not None:
            raise BadInput(
                f"--{name} describes a drawn workload and does not apply to --trace; leave it out"
            )
    fields = {
        "rate": options["rate"],
        "clients": options["clients"],
        "writes": options["writes"] or 0.0,
    }
    if options["value_size"] is not None:
        fields["size"] = _value_size(options["value_size"])
    for name in ("columns", "time_unit", "delimiter", "block"):
        if options[name] is not None:
            fields[name] = options[name]
    return TraceReplay(
        path=options["trace"],
        format=options["format_name"] or "",
        header=not options["no_header"],
        **fields,
    )


def _times(options: Options, workload: Workload) -> Options:
    """Return duration and warm-up: the options, or what suits the trace."""
    times = {name: options[name] for name in ("duration", "warmup") if options[name] is not None}
    if isinstance(workload, TraceReplay) and workload.clients is None:
        rate = len(workload.trace()) / max(workload.length, 1e-9)
        times.setdefault("duration", min(workload.length, TRACE_REQUESTS / rate))
        times.setdefault("warmup", 0.2 * times["duration"])
    return times


def _first(value: Any, otherwise: Any) -> Any:
    return otherwise if value is None else value
