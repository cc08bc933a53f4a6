"""The settings of one server: how it was started, and what its commands change while it runs."""

from dataclasses import dataclass


@dataclass(kw_only=True)
class Settings:
    """One object per server, shared by all slab classes."""

    # How the server was started.
    memory: int  # bytes, -m; `cache_memlimit` changes the limit that slabs.py keeps
    threads: int  # -t
    growth_factor: float  # -f
    item_size_max: int  # bytes, -I
    maintained: bool  # whether the maintainer thread runs; no: -o no_lru_maintainer
    use_cas: bool  # no: -C

    # What commands change.
    segmented: bool  # HOT, WARM and COLD; no: one flat list
    automove: int  # 0: pages stay, 1: by the ages of the lists, 2: a page for every eviction
    automove_ratio: float = 0.8  # slab_automove_ratio
    verbosity: int = 0  # only shown again
    hot_percent: int = 20  # of the bytes of the class
    warm_percent: int = 40
    hot_factor: float = 0.2  # times the age of COLD's tail
    warm_factor: float = 2.0
    temp_ttl: int | None = None  # seconds: items that live shorter go to TEMP; None: no such list

    # flush_all: items that are not newer are dead.
    oldest_live: int = 0  # seconds on the server's clock; 0: nothing was flushed
    oldest_cas: int = 0  # a unique id
