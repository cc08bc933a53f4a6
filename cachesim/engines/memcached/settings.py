"""What commands change while the server runs, flush_all included."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cachesim.engines.memcached.items import Item


class Settings:
    """What commands change while the server runs; one for all classes."""

    def __init__(self, *, segmented: bool) -> None:
        self.segmented = segmented
        self.hot_percent, self.warm_percent = 20, 40  # of the class's bytes
        self.hot_factor, self.warm_factor = 0.2, 2.0  # times the age of COLD's tail
        self.temp_ttl: int | None = None  # seconds: shorter lives go to TEMP; None: no such list
        self.oldest_live = self.oldest_cas = 0  # flush_all: items not newer than these are dead

    def is_dead(self, item: "Item", now: int) -> bool:
        """Return whether an item expired before this second began, or was flushed."""
        return 0 < item.expires < now or self.is_flushed(item, now)

    def is_flushed(self, item: "Item", now: int) -> bool:
        """Return whether flush_all has made an item invalid (items.c, item_is_flushed)."""
        if not 0 < self.oldest_live <= now:
            return False
        return item.time <= self.oldest_live or 0 < item.cas < self.oldest_cas
