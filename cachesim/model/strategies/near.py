"""A near cache: copies in every client's own memory, in front of the shared cache."""

import math
from typing import Any

from cachesim.model.app import App
from cachesim.model.distributions import Distribution, Exponential
from cachesim.model.events import Steps
from cachesim.model.strategies.base import LazyFill, Load
from cachesim.model.strategies.lazy import LazyLoading
from cachesim.model.strategies.wrap import Wrapper
from cachesim.records import Value
from cachesim.spec import Count, Seconds
from cachesim.units import MS

# key -> copy and its expiry in seconds; no copy: it is being fetched
Near = dict[str, tuple[Value | None, float]]


class NearCache(Wrapper):
    """A read looks into its client's own memory first. After a write, a message tells the others to drop the key.

    The message takes `delay` seconds; until then a client may read an outdated copy. A client that is
    fetching the key when the message arrives would keep the old copy afterwards. So it leaves a
    placeholder, which the message removes, and keeps the copy only if the placeholder is still there. A
    near hit asks no cache, so the hit ratio counts the shared cache only.

    >>> NearCache(inner=LazyLoading(ttl=60, invalidate=True), items=100)
    NearCache(inner=LazyLoading(ttl=60.0, invalidate=True), items=100)

    References
    ----------
    Redis documentation, "Client-side caching in Redis": tracking, "Avoiding race conditions".
    """

    inner: LazyFill = LazyLoading(ttl=10, invalidate=True)
    near_ttl: Seconds = math.inf  # seconds, of a copy in a client's memory
    items: Count = 1000  # copies that a client keeps; it drops the least recently used
    delay: Distribution = Exponential(mean=1 * MS)  # seconds that a message needs to each client
    placeholder: bool = True

    def read(self, app: App, key: str, load: Load | None = None) -> Steps:
        """Look into the client's memory; else read as the strategy inside, and keep a copy."""
        near = self._near(app)
        copy, until = near.pop(key, (None, 0.0))
        if copy is not None and app.now < until:
            near[key] = copy, until  # now the most recently used
            return copy
        mark = near[key] = None, 0.0
        value = yield from super().read(app, key, load)
        if value is not None and (near.get(key) is mark or not self.placeholder):
            near[key] = value, app.now + self.near_ttl
            if len(near) > self.items:
                del near[next(iter(near))]
        return value

    def write(self, app: App, key: str, value: Value) -> Steps:
        """Write as the strategy inside; drop the own copy, and send a message to each client with a copy."""
        yield from super().write(app, key, value)
        self._near(app).pop(key, None)
        for near in self._all(app).values():
            if key in near:
                app.spawn(self._tell(app, near, key))

    def _tell(self, app: App, near: Near, key: str) -> Steps:
        yield app.timeout(self.delay.quantile(app.random() or 0.5))
        near.pop(key, None)

    def _near(self, app: App) -> Near:
        near: Near = self._all(app).setdefault(app.client, {})
        return near

    def _all(self, app: App) -> dict[int, Any]:
        memories: dict[int, Any] = app.shared.setdefault("near", {})  # client -> its memory
        return memories
