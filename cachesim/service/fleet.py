"""What the desks ask of the nodes. The desks never touch an engine."""

from typing import Protocol


class Fleet(Protocol):
    """Whoever runs the nodes of an account."""

    def reboot(self, cluster: str, nodes: list[str]) -> None:
        """Empty those nodes of a cluster."""

    def promote(self, old: str, new: str) -> None:
        """Let a replica lead in the place of a primary."""


class NoFleet:
    """Nothing runs: for a desk that is tried alone."""

    def reboot(self, cluster: str, nodes: list[str]) -> None:
        """Do nothing."""

    def promote(self, old: str, new: str) -> None:
        """Do nothing."""
