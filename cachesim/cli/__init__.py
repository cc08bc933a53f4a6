"""The command line; `cachesim --help` lists the commands."""

from cachesim.startup import interruptible

with interruptible():
    from cachesim.cli.main import main

__all__ = ["main"]
