"""Safety rules for histories: each check takes a history and returns a Verdict with its reason.

A history is judged by itself, wherever it comes from: a run, an old CSV file, a student's strategy.
"""

from cachesim.measure.checks.causes import (
    FILL_DURING_WRITE,
    INVERSION,
    OUTLIVED,
    STALE_SET,
    no_stale_copy,
    stale_causes,
    told_causes,
)
from cachesim.measure.checks.loads import (
    absent_keys_are_known,
    cache_is_of_use,
    even_load,
    herds,
    missed,
    no_pulse,
    one_load_a_herd,
)
from cachesim.measure.checks.register import linearizable
from cachesim.measure.checks.service import all_answered, none_evicted, short_reads
from cachesim.measure.checks.sessions import monotonic_reads, read_your_writes
from cachesim.measure.checks.stale import bounded_staleness, k_staleness, t_visibility
from cachesim.measure.checks.verdict import Verdict
from cachesim.measure.checks.writes import lost_writes, values_never_written

ALL = (
    linearizable,
    bounded_staleness,
    read_your_writes,
    monotonic_reads,
    lost_writes,
    values_never_written,
)

__all__ = [
    "ALL",
    "FILL_DURING_WRITE",
    "INVERSION",
    "OUTLIVED",
    "STALE_SET",
    "Verdict",
    "absent_keys_are_known",
    "all_answered",
    "bounded_staleness",
    "cache_is_of_use",
    "even_load",
    "herds",
    "k_staleness",
    "linearizable",
    "lost_writes",
    "missed",
    "monotonic_reads",
    "no_pulse",
    "no_stale_copy",
    "none_evicted",
    "one_load_a_herd",
    "read_your_writes",
    "short_reads",
    "stale_causes",
    "t_visibility",
    "told_causes",
    "values_never_written",
]
