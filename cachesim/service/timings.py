"""How long the service takes for each step; data/timings.csv has the figures and their sources."""

import numpy as np

from cachesim.errors import BadInput
from cachesim.service.tables import figures

SIGMA = 0.15  # of the logarithm of a time: an assumption
MODES = ("typical", "instant")


class Timings:
    """The seconds of each step: drawn around the typical ones, or none at all.

    >>> Timings("instant", np.random.default_rng(1)).draw("reboot")
    0.0
    """

    def __init__(self, mode: str, random: np.random.Generator) -> None:
        if mode not in MODES:
            raise BadInput(f'timings must be one of {", ".join(MODES)}, got "{mode}"')
        self.mode, self._random = mode, random

    def draw(self, step: str) -> float:
        """Return the seconds that a step takes this time."""
        if self.mode == "instant":
            return 0.0
        return float(figures("timings")[step] * np.exp(SIGMA * self._random.standard_normal()))
