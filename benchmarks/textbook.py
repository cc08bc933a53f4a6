"""The twin that ours is measured against lives in the package, so that `cachesim bench` has it too."""

from cachesim.cli.peers.textbook import *  # noqa: F403
