"""One anomaly: the scenario that shows it, the one that cures it, the prediction, and how to measure it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from cachesim.experiments.parallel import in_parallel
from cachesim.experiments.run import run
from cachesim.measure.checks.verdict import Verdict
from cachesim.measure.statistics import Interval, interval
from cachesim.rng import replica_seed
from cachesim.scenario import Scenario

if TYPE_CHECKING:
    import pandas as pd

    from cachesim.experiments.result import Result

CONFIDENCE = 0.99
VAGUE = 0.1  # share of the prediction: most that the measured effect may differ, and half its interval be


def measured(result: Result) -> pd.DataFrame:
    """Give the part of the history after the warm-up."""
    return result.measured


class Anomaly(NamedTuple):
    """A failure with a name; its effect is a number that is measured in a history, in `unit`."""

    id: str
    name: str
    story: str  # the interleaving, in one line
    shows: Scenario
    cure: Scenario
    cured_by: str  # in words
    effect: Callable[[pd.DataFrame], float]
    unit: str  # of the effect
    formula: str  # in words and signs, with its number in the docs
    predicted: float
    cured_to: float  # the effect under the cure is at most this
    check: Callable[[pd.DataFrame], Verdict]  # finds it in any history
    replications: int = 10
    cure_effect: Callable[[pd.DataFrame], float] | None = None  # if the cure needs another measure
    sees: Callable[[Result], pd.DataFrame] = measured  # what the effect and the check look at


class Finding(NamedTuple):
    """What the runs of an anomaly and of its cure showed."""

    anomaly: Anomaly
    measured: Interval  # 99 %
    cured: Interval
    verdict: Verdict  # of the check, on the first run that shows it

    @property
    def problems(self) -> list[str]:
        """Everything that is not as it should be, in words; [] if all is well."""
        anomaly, seen = self.anomaly, self.measured
        size = VAGUE * abs(anomaly.predicted)
        broken = {
            "the prediction lies outside the interval": not seen.low
            <= anomaly.predicted
            <= seen.high,
            "measured and predicted differ by more than 10 %": abs(seen.mean - anomaly.predicted)
            > size,
            "the interval is too wide": not seen.half_width <= size,
            "the cure does not cure": not self.cured.mean <= anomaly.cured_to,
            "the check does not find it": self.verdict.ok is not False,
        }
        return [problem for problem, holds in broken.items() if holds]

    @property
    def ok(self) -> bool:
        """True if prediction, measurement, cure and check agree."""
        return not self.problems


def find(anomaly: Anomaly, seed: int = 1, n_jobs: int = -1) -> Finding:
    """Run an anomaly and its cure, `replications` times each; the same seed gives the same finding."""
    seeds = [replica_seed(seed, number) for number in range(anomaly.replications)]
    pairs = (
        (anomaly.shows, anomaly.effect),
        (anomaly.cure, anomaly.cure_effect or anomaly.effect),
    )
    jobs = [
        (scenario.replace(seed=one), anomaly.sees, effect)
        for scenario, effect in pairs
        for one in seeds
    ]
    effects = list(in_parallel(_effect, jobs, n_jobs))
    first = run(anomaly.shows.replace(seed=seeds[0]))
    return Finding(
        anomaly,
        interval(effects[: len(seeds)], CONFIDENCE),
        interval(effects[len(seeds) :], CONFIDENCE),
        anomaly.check(anomaly.sees(first)),
    )


def _effect(
    job: tuple[Scenario, Callable[[Result], pd.DataFrame], Callable[[pd.DataFrame], float]],
) -> float:
    scenario, sees, effect = job
    return effect(sees(run(scenario)))
