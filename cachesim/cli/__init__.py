"""The command line: `cachesim compare | run | replay | trace | report | assumptions`."""

from cachesim.cli.main import main

__all__ = ["main"]
