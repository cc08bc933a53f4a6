"""What each alternative of a comparison gives, and what it costs: hits, staleness, latency, units, dollars."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

from cachesim.errors import BadInput
from cachesim.experiments.result import Result
from cachesim.experiments.results import Results
from cachesim.model.dynamo import DynamoDB
from cachesim.service.bill import price

if TYPE_CHECKING:
    import pandas as pd

HOUR = 3600.0  # seconds
FIGURES = ("hit_ratio", "stale_ratio", "read_p50", "read_p99", "write_p50", "errors")


def units_per_s(result: Result) -> dict[str, float]:
    """Return the units of capacity that a run used each second after its warm-up, and what was throttled.

    >>> from cachesim.scenario import Scenario
    >>> from cachesim.experiments.run import run
    >>> short = Scenario(duration=3, warmup=1, database=DynamoDB())
    >>> units_per_s(run(short))["throttled"]
    0.0
    """
    scenario, used = result.scenario, result.consumed
    if used is None or used.empty:
        return {"read": 0.0, "write": 0.0, "throttled": 0.0}
    first, end = math.ceil(scenario.warmup), math.floor(scenario.duration)  # whole seconds
    used, span = used[used["begin"].between(first, end, inclusive="left")], max(1, end - first)
    units = {
        kind: float(used.loc[used["kind"] == kind, "units"].sum() / span)
        for kind in ("read", "write")
    }
    return {**units, "throttled": float(used["throttled"].sum() / span)}


def table_dollars(result: Result) -> float:
    """Return US dollars per hour for the table of a run: what it has each second, or what it used on demand."""
    table = result.scenario.database
    if not isinstance(table, DynamoDB):
        return 0.0
    if table.read_units:
        return table.read_units * price("RCU hour") + table.write_units * price("WCU hour")
    used = units_per_s(result)
    return HOUR * sum(used[kind] * price(f"{kind} unit") for kind in ("read", "write"))


def trade_offs(results: Results, nodes: Mapping[str, float]) -> pd.DataFrame:
    """Make one row for each alternative of a comparison, from its first run.

    Parameters
    ----------
    results : Results
        Of `cs.compare`.
    nodes : mapping of str to float
        Name of an alternative -> US dollars per hour of its nodes (cache, DAX, database). Alternatives
        without a name here are left out. `cachesim.service.bill.price` has some prices.

    Raises
    ------
    BadInput
        A name is none of the alternatives.
    """
    import pandas as pd

    runs = {case.name: run for case, run in zip(results.cases, results.first_runs, strict=True)}
    for name in nodes:
        if name not in runs:
            raise BadInput(f'"{name}" is no alternative; choose from {", ".join(runs)}')
    rows = {
        name: {
            **{figure: runs[name].metrics[figure] for figure in FIGURES},
            **{f"{kind}_per_s": value for kind, value in units_per_s(runs[name]).items()},
            "usd_per_hour": fixed + table_dollars(runs[name]),
        }
        for name, fixed in nodes.items()
    }
    return pd.DataFrame.from_dict(rows, orient="index")
