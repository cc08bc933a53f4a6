"""`Result`: one run, its whole history, and what the history says after the warm-up."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from cachesim.experiments.notes import note_on_fleet, notes_of_run
from cachesim.measure.history import since
from cachesim.measure.metrics import MetricFunction, measure, miss_kinds
from cachesim.measure.series import series
from cachesim.measure.tables import html_table, show, text_table
from cachesim.node_types import NodeType, kind_of
from cachesim.planner.cost import cost_per_hour
from cachesim.predict.prediction import Prediction, predict
from cachesim.scenario import Scenario

if TYPE_CHECKING:
    import pandas as pd

HEADER = ["metric", "value", "theory"]


class Result:
    """One run: its scenario, its whole history, and what the history says after the warm-up."""

    def __init__(
        self,
        scenario: Scenario,
        history: pd.DataFrame,
        engine: str,
        nodes: pd.DataFrame | None = None,
        lost_writes: pd.DataFrame | None = None,
        slot_moves: pd.DataFrame | None = None,
        snapshots: pd.DataFrame | None = None,
        refused: pd.DataFrame | None = None,
        consumed: pd.DataFrame | None = None,
    ) -> None:
        self.scenario = scenario
        self.history = history  # one row per record, the warm-up included
        self.engine = engine  # "embedded, as redis 7.0", or the name and version of a server
        # One row per node and sample, the warm-up included: columns records.NODE_SAMPLE; empty without a fleet.
        self.nodes = nodes
        self.lost_writes = lost_writes  # one row per write that a failover lost: records.LostWrite
        self.slot_moves = slot_moves  # one row per slot that moved: records.SlotMove
        self.snapshots = snapshots  # one row per snapshot that a node began: records.SnapshotTaken
        self.refused = refused  # one row per minute, node and reason: records.RefusedCommands
        self.consumed = consumed  # one row per second and kind: records.ConsumedUnits, of DynamoDB

    @classmethod
    def of(cls, scenario: Scenario, engine: str, frames: tuple[Any, ...]) -> Result:
        """Make the result of a run in another process, from its `frames`."""
        history, *others = frames
        return cls(scenario, history, engine, *others)

    @property
    def frames(self) -> tuple[Any, ...]:
        """The history, the samples of the nodes, the lost writes, the moves, the snapshots, what was refused, units."""
        lost, taken = (self.lost_writes, self.slot_moves), (self.snapshots, self.refused)
        return self.history, self.nodes, *lost, *taken, self.consumed

    @cached_property
    def measured(self) -> pd.DataFrame:
        """The part of the history after the warm-up."""
        return since(self.history, self.scenario.warmup)

    @cached_property
    def metrics(self) -> dict[str, float]:
        """Every metric by name; NaN where undefined."""
        return measure(self.measured)

    @property
    def notes(self) -> list[str]:
        """What a reader must know before believing a comparison made with this run."""
        notes = notes_of_run(self.scenario, self.metrics, self.measured)
        return [*notes, *self.notes_on_fleet]

    @property
    def notes_on_fleet(self) -> list[str]:
        """What the nodes of a fleet did: shares of the reads, redirects, lost writes; one node has nothing to say."""
        if self.scenario.fleet is None:
            return []
        return list(note_on_fleet(self.measured, self.lost_writes, self.crossing))

    @property
    def crossing(self) -> float:
        """The bytes per second that left their zone after the warm-up, between clients and nodes."""
        if self.nodes is None or self.nodes.empty:
            return 0.0
        start, end = self.scenario.warmup, self.scenario.duration
        samples = self.nodes[self.nodes["begin"].between(start, end)]
        each = samples.groupby("node")["crossed"].agg(["first", "last"])
        return float((each["last"] - each["first"]).sum() / (end - start))

    def cost_per_hour(self, node_type: NodeType | str) -> float:
        """Return US dollars per hour: for the nodes, if they are of this type, and for bytes between zones.

        A plan of `cs.plan` counts in the same way.

        Parameters
        ----------
        node_type : NodeType or str
            A type of your own, or the name of a published one, such as "r6g.large".

        Raises
        ------
        BadInput
            There is no such type.
        """
        nodes = 1 if self.nodes is None or self.nodes.empty else self.nodes["node"].nunique()
        return cost_per_hour(nodes, kind_of(node_type), self.crossing)

    def series(self, metric: MetricFunction, every: float = 1.0) -> list[float]:
        """Return the metric of every `every` seconds, the warm-up included; NaN where undefined."""
        return series(self.history, metric, every)

    def explain(self, number: int) -> str:
        """Tell request `number` (its place in the history, from 0) step by step, by running it again."""
        from cachesim.experiments.explain import explain

        return explain(self.scenario, number)

    @cached_property
    def predicted(self) -> Prediction:
        """What theory says about the scenario, or why it says nothing."""
        return predict(self.scenario)

    @property
    def _rows(self) -> list[list[str]]:
        """One row per metric: its name, its value, what theory says."""
        return [
            [name, show(name, value), self.predicted.shown(name)]
            for name, value in self.metrics.items()
        ]

    @property
    def _below(self) -> list[str]:
        return [*self.notes, *(f"theory on {reason}" for reason in self.predicted.reasons)]

    def __str__(self) -> str:
        kinds = ", ".join(
            f"{kind} {share:.1%}" for kind, share in miss_kinds(self.measured).items()
        )
        rows = [*self._rows, ["misses by kind", kinds or "none", ""], ["engine", self.engine, ""]]
        return "\n".join([repr(self.scenario), text_table(HEADER, rows), *self._below])

    def _repr_html_(self) -> str:
        return html_table(repr(self.scenario), HEADER, self._rows, self._below)
