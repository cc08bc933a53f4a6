"""Workloads shaped like published production caches.

The figures are those of 54 Twitter cache clusters, from github.com/twitter/cache-trace, file
stat/2020Mar.md, CC BY 4.0, by Yang, Yue and Rashmi: "A large scale analysis of hundreds of in-memory
cache clusters at Twitter", OSDI 2020.
"""

import csv
import re
from importlib.resources import files
from typing import NamedTuple

from cachesim.errors import BadInput
from cachesim.units import parse_time

READ_COMMANDS = {"get", "gets"}


class ProductionCluster(NamedTuple):
    """The published figures of one production cluster."""

    name: str
    key_size: int  # bytes
    value_size: int  # bytes
    reads: float  # share of the commands that read
    skew: float  # Zipf exponent; 0 where no popularity was seen
    ttl: float  # seconds, the most frequent TTL
    miss_ratio: float | None  # as measured in production; None: not published


def cluster(name: str) -> ProductionCluster:
    """Return the figures of one cluster.

    >>> cluster("cluster4").value_size, cluster("cluster4").reads
    (2439, 0.93)

    Raises
    ------
    BadInput
        There is no such cluster, or its figures were not published in full.
    """
    rows = _rows()
    if name not in rows:
        raise BadInput(f'unknown preset "{name}"; choose from cluster1 ... cluster{len(rows)}')
    row = rows[name]
    needed = ("key_bytes", "value_bytes", "operations", "zipf_alpha", "common_ttls")
    missing = [field for field in needed if not row[field]]
    if missing:
        raise BadInput(
            f'the preset "{name}" has no published {" or ".join(missing)}; choose another cluster'
        )
    return ProductionCluster(
        name,
        int(row["key_bytes"]),
        int(row["value_bytes"]),
        _read_share(row["operations"]),
        float(row["zipf_alpha"]),
        _commonest_ttl(row["common_ttls"]),
        float(row["production_miss_ratio"]) if row["production_miss_ratio"] else None,
    )


def _rows() -> dict[str, dict[str, str]]:
    text = files("cachesim.data").joinpath("twitter_clusters.csv").read_text(encoding="utf-8")
    return {row["cluster"]: row for row in csv.DictReader(text.splitlines())}


def _read_share(operations: str) -> float:
    """Return the share of gets among the commands listed, such as "get:0.93 set:0.07"."""
    shares = {name: float(share) for name, share in re.findall(r"(\w+):([0-9.]+)", operations)}
    return round(
        sum(shares[name] for name in shares.keys() & READ_COMMANDS) / sum(shares.values()), 4
    )


def _commonest_ttl(ttls: str) -> float:
    """Return the first TTL of a list such as "60s:0.39, 300s:0.24", which is sorted by share."""
    return parse_time(ttls.split(":")[0])
