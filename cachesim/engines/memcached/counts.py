"""What a server counts about all of its items together; each slab class counts for itself (items.py)."""


class ServerCounts:
    """Figures of the whole server, since its start or the last `stats reset`."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Set every figure to 0 (memcached.c, stats_reset)."""
        self.total_items = 0  # items ever linked
        self.get_misses = self.get_expired = self.get_flushed = 0
        self.cmd_touch = self.touch_misses = self.cmd_flush = self.cmd_meta = 0
        self.delete_misses = self.incr_misses = self.decr_misses = self.cas_misses = 0
        self.too_large = self.no_memory = 0
