"""A scenario file that cannot be: exit 2, one sentence.

Every field of every spec is tried with a wrong type, NaN and a value out of range.
"""

import math
import typing
from pathlib import Path

import pytest

from cachesim.experiments.toml import CLASSES, from_toml, kebab
from cachesim.model.database import Database
from cachesim.model.distributions import Distribution
from cachesim.model.faults import Breaker, Calls, Eject, Fault, FullCopy
from cachesim.model.fleet import Fleet
from cachesim.model.network import Network
from cachesim.model.node import Node
from cachesim.model.popularity import Popularity
from cachesim.model.resilience import Resilience
from cachesim.model.routes import Route
from cachesim.model.strategies.base import Strategy
from cachesim.model.workload import OpenLoop, Workload
from cachesim.spec import Spec, field_types
from tests.cli.calls import refused

# --- scenario files

REDIS = "[cache]\nkind = 'redis'\nmemory = '1mb'\n"
KILLED = "[[faults]]\nkind = 'kill-node'\nat = 1\nnode = "
POOL, SHARDS = (f"{REDIS}[fleet]\nkind = '{kind}'\n" for kind in ("pool", "shards"))
BAD_TOML = {
    "fleet = 'pool'": "Scenario.fleet must be a Fleet or None, got 'pool'",
    "[[fleet]]\nkind = 'pool'": "Scenario.fleet",
    "[fleet]\nnodes = 3": "fleet.kind must be one of pool, replicated, shards",
    f"{POOL}nodes = '3'": "Pool.nodes must be a whole number",
    f"{POOL}reads = 'replica'": 'Pool has no field "reads"',
    f"{POOL}route = 'ketama'": "Pool.route must be a Route",
    f"{POOL}route = {{ kind = 'redis' }}": "Pool.route must be a Route",
    f"{POOL}eject = {{ kind = 'kill-node' }}": "Pool.eject must be an Eject or None",
    f"{POOL}gutter = 1": "Pool.gutter stands in for ejected nodes; give eject",
    f"{SHARDS}min_replicas = 1": "Shards.min_replicas must be at most replicas (0)",
    f"{SHARDS}lag = '1ms'": "Shards.lag must be a Distribution",
    f"{POOL}{KILLED}'node-9'": 'no node "node-9"; choose from node-0',
    f"{POOL}{KILLED}'primary'": 'no node "primary"; choose from node-0',
    f"{POOL}{KILLED}' node-1'": 'no node " node-1"; choose from node-0',
    f'{POOL}{KILLED}"node-1\\n"': r'no node "node-1\n"; choose from node-0',
    f"{POOL}{KILLED}1": "KillNode.node must be a text",
    f"{SHARDS}{KILLED}'primary'": 'or a role such as "shard-0 primary"',
    f"{REDIS}{KILLED}'primary'": 'no tier "primary"; choose from cache, database',
    "garbage = = 1": "not TOML",
    "duration = 5\nduration = 6": "not TOML",
    "speed = 5": "speed",
    "[strategy]\nkind = 'lazy-loadin'": "lazy-loadin",
    "[strategy]\nttl = 5": "strategy.kind",
    "[strategy]\nkind = 5": "strategy.kind",
    "[strategy]\nkind = 'lazy-loading'\nttll = 5": "ttll",
    "[strategy]\nkind = 'zipf'": "strategy",
    "[cache]\nkind = 'redis'\nmemory = 0": "memory",
    "[cache]\nkind = 'redis'\nmemory = '64tb'": "64tb",
    "[cache]\nkind = 'redis'\npolicy = 'lur'": "lur",
    "[cache]\nkind = 'simple'\npolicy = 'lur'": "lur",
    "[workload]\nkind = 'open-loop'\nrate = nan": "rate",
    "[workload.popularity]\nkind = 'zipf'": "workload.kind",
    "[workload]\nkind = 'open-loop'\nsql = 'DELETE FROM items'": "app.db.write writes rows",
    "[workload]\nkind = 'open-loop'\nsql = 'SELECT key FROM items'": 'a workload fills exactly one "?"',
    "[strategy]\nkind = 'query-cache'\ninvalidate = 'key'": "QueryCache.invalidate",
    "[workload]\nkind = 'open-loop'\n[workload.popularity]\nkind = 'zipf'\nskew = nan": "skew",
    "[workload]\nkind = 'trace-replay'": "path",
    "[workload]\nkind = 'trace-replay'\npath = 'no/such'": "no/such",
    "[database]\nfile = 'no/such/rows.db'": "no/such/rows.db",
    "[database.lag]\nkind = 'between'\nlow = 2\nhigh = 1": "Between.low",
    "warmup = 70": "warmup",
    "workload = 5": "workload",
    "compare = 5": "compare",
    "[compare]\nreplications = 0": "replications",
    "[compare]\nreplications = 1.5": "replications",
    "[compare]\nreplications = true": "replications",
    "[compare]\nstrategy = ['lazy-loading']": "strategy",
    "[compare.strategy]": "strategy",
    "[compare.speed]\na = 5\nb = 6": "speed",
    "[compare.strategy.a]\nkind = 'lur'": "lur",
    "[compare.seed]\na = -1": "seed",
    "[compare.workload__speed]\na = 5": "speed",
}


@pytest.mark.parametrize(("text", "says"), BAD_TOML.items())
def test_a_scenario_file_that_cannot_be(text, says, tmp_path):
    """Refused with the field's name; nothing is left in the folder."""
    path = tmp_path / "bad.toml"
    path.write_text(text)
    refused("run", path, f"--out={tmp_path / 'out'}", says=[says])

    assert [] == list((tmp_path / "out").glob("*"))


def test_a_scenario_file_that_is_not_text(tmp_path):
    """Bytes that are no UTF-8."""
    (tmp_path / "bad.toml").write_bytes(b"\xff\xfe\x00")

    refused("run", tmp_path / "bad.toml", says=["UTF-8"])


# --- every field of every spec, in a scenario file

TABLES = {  # the base of a spec -> the table of a scenario in which it may stand
    Strategy: "strategy", Workload: "workload", Popularity: "workload.popularity", Distribution: "node.service",
    Node: "node", Network: "network", Fault: "[faults]", Calls: "resilience.cache", Breaker: "resilience.cache.breaker",
    Resilience: "resilience", Fleet: "fleet", Route: "fleet.route", Eject: "fleet.eject",
    FullCopy: "fleet.copy",
}  # fmt: skip
WHOLE = {
    "workload": "open-loop",
    "fleet": "pool",
    "fleet.copy": "replicated",
}  # the kind of what a part belongs to
OUT_OF_RANGE = {
    ">= 0 and finite": ["-0.5", "inf", "-inf"],
    ">= 0 and finite seconds": ["-0.5", "inf", "-inf"],
    "> 0 and finite seconds": ["0", "-0.5", "inf"],
    "> 0 and finite per second": ["0", "-0.5", "inf"],
    "> 0 seconds (inf for no limit)": ["0", "-0.5", "-inf"],
    "> 0 per second (inf for no limit)": ["0", "-0.5", "-inf"],
    "from 0 to 15": ["-1", "16"],
    "from 0 to 5": ["-1", "6"],
    "from 1 to 6": ["0", "7"],
    "from 0 to 16,384": ["-1", "16385"],
    "0 (on demand), or from 1 to 40,000 units each second": ["-1", "0.5", "40001", "inf"],
    "from 0 to 10": ["-1", "11"],
    "from 1 to 1,000": ["0", "-1", "1001", "10000000"],
    "between 0 and 1": ["-0.001", "1.001", "inf"],
    'save points such as "3600 1 300 100 60 10000"': ['"60"', '"0 1"', '"one 1"'],
    "from 1 to 10,000,000": ["0", "-1", "10000001"],
    ">= 1 byte": ["0", "-1"],
    "below 8 EiB (2 ** 63 bytes)": ["9223372036854775808"],
    "at most 100": ["100.5", "1e18"],
    ">= 0": ["-1"],
    "from 1 to 500 per second": ["0", "501"],
    "from 1 to 10": ["0", "11"],
    ">= 1 MiB (1048576 bytes), one page": ["0", "1048575"],
    "> 1 and <= 2": ["1.0", "2.001", "-inf"],
    "from 0 to 100": ["-1", "101"],
    "from 0 to 1": ["-0.001", "1.001", "inf"],
    "> 0 retries a call (inf for no limit)": ["0", "-1.0", "-inf"],
    ">= 1 and finite": ["0.99", "inf", "-inf"],
    "numbers > 0, one per node": ["[0]", "[-1.5]", "[1, inf]"],
    "names of nodes": ["[5]", "['node-0', 5]"],
    "numbers of processes, from 0": ["[-1]", "['0']", "[true]"],
    "one of libmemcached, libmemcached-spy, spymemcached": ["'libmemcache'"],
}
WRONG_TYPES = ["true", '"text"', "[1]", "1979-05-27", "{ kind = 'no-such' }"]


def wrong_values(kinds, rules):
    """Yield TOML values that a field of these types and rules must not take."""
    if bool in kinds:
        yield from (*WRONG_TYPES[1:], "1", "nan")
    elif str in kinds:
        yield from ("true", "5", "nan", "[1]")
    elif float in kinds or int in kinds:
        yield from (*WRONG_TYPES, "nan")
        yield from (value for rule in rules for value in OUT_OF_RANGE[rule.text])
        yield from ["1.5"] if float not in kinds else []
    elif any(typing.get_origin(kind) is typing.Literal for kind in kinds):
        yield from (*WRONG_TYPES, "nan", "17")
    else:
        good = {"[1]"} if tuple[int, ...] in kinds else set()
        yield from (value for value in (*WRONG_TYPES, "nan", "5") if value not in good)
    if not {bool, float, int} & set(kinds):
        yield from (value for rule in rules for value in OUT_OF_RANGE[rule.text])


def table_of(cls):
    """Return the table in which a class stands in a scenario file; "" for the scenario itself."""
    for base, table in TABLES.items():
        if issubclass(cls, base):
            return table
    if issubclass(cls, Database):
        return "database"
    return {"Scenario": ""}.get(cls.__name__, "cache")


SPEC_CASES = [
    (cls, field, value)
    for cls in CLASSES
    for field, (kinds, rules) in field_types(cls).items()
    for value in wrong_values(kinds, rules)
]


def scenario_text(cls, field, value):
    """Return a scenario file in which one field of one spec has this value."""
    table = table_of(cls)
    if not table:
        return f"{field} = {value}"
    part = table.rpartition(".")[0]
    whole = part and WHOLE.get(table, WHOLE.get(part))
    above = f"[{part}]\nkind = '{whole}'\n" if whole else ""
    return f"{above}[{table}]\nkind = '{kebab(cls.__name__)}'\n{field} = {value}"


def test_the_walk_meets_every_rule():
    """Every rule of the specs has its values out of range, and every class is walked."""
    met = {rule.text for cls in CLASSES for _, rules in field_types(cls).values() for rule in rules}

    assert met <= OUT_OF_RANGE.keys()
    assert {cls for cls in CLASSES if field_types(cls)} == {cls for cls, _, _ in SPEC_CASES}
    assert len(SPEC_CASES) > 300


@pytest.mark.parametrize(
    ("cls", "field", "value"), SPEC_CASES, ids=[f"{c.__name__}.{f}={v}" for c, f, v in SPEC_CASES]
)
def test_a_field_refuses(cls, field, value, tmp_path):
    """Wrong types, NaN and values out of range: one sentence that names the field."""
    path = Path(tmp_path / "bad.toml")
    path.write_text(scenario_text(cls, field, value))

    refused("run", path, f"--out={tmp_path / 'out'}", says=[field])
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_an_unknown_field_is_refused(cls, tmp_path):
    """With the name that was given, and the ones there are."""
    path = tmp_path / "bad.toml"
    path.write_text(scenario_text(cls, "colour", 5))

    refused("run", path, says=["colour", "its fields are"])


def test_the_scenario_text_is_good_where_the_value_is():
    """So that the cases above are refused for their value, not for the file around it."""
    good = from_toml(scenario_text(OpenLoop, "rate", "7")).scenario
    assert 7.0 == good.workload.rate
    for cls in CLASSES:
        if cls.__name__ != "TraceReplay":  # which needs a file
            assert isinstance(from_toml(scenario_text(cls, "", "").rpartition("\n")[0]), tuple)


def test_specs_made_in_python_refuse_the_same():
    """The rule lives in the spec: NaN is refused in every field that holds a number."""
    for cls in CLASSES:
        for field, (kinds, _) in field_types(cls).items():
            if float in kinds:
                with pytest.raises(ValueError, match=field):
                    cls(**{field: math.nan})
    assert issubclass(CLASSES[0], Spec)
