"""Policies that learn from the keys they evicted too early: ARC and LIRS."""

from collections import OrderedDict

from cachesim.engines.base import Entry
from cachesim.engines.policies.parts import Ghosts, Sized


class ARC(Sized):
    """Adaptive replacement: one part for keys used once, one for keys used again, and ghosts of both.

    A ghost that returns shows which part was too small. That part may then hold more keys.

    References
    ----------
    Megiddo and Modha, "ARC: a self-tuning, low overhead replacement cache", FAST 2003: figure 4. Its
    names are in the comments.

    >>> from cachesim.engines.simple import hits_of
    >>> hits_of(ARC, items=3, keys="aabbcdefaabb")
    6
    """

    def __init__(self) -> None:
        self.once: OrderedDict[str, None] = OrderedDict()  # T1, least recently used first
        self.again: OrderedDict[str, None] = OrderedDict()  # T2
        self.once_ghosts, self.again_ghosts = Ghosts(), Ghosts()  # B1, B2
        self.target = 0.0  # p: the wanted number of keys used once
        self.returned: Ghosts | None = None  # the ghosts that had the new key; None: no ghosts

    def before_add(self, entry: Entry) -> bool:
        """Move the border if the key was a ghost, else make room among the ghosts."""
        here, there = self.once_ghosts, self.again_ghosts
        self.returned = here if entry.key in here else there if entry.key in there else None
        if self.returned is here:
            self.target = min(self.full, self.target + max(1, len(there) / len(here)))
        elif self.returned is there:
            self.target = max(0, self.target - max(1, len(here) / len(there)))
        else:
            self._trim_ghosts()
        return True

    def on_add(self, entry: Entry) -> None:
        """Put the key among those used once, or those used again if it has returned."""
        if self.returned is None:
            self.once[entry.key] = None
        else:
            self.returned.forget(entry.key)
            self.again[entry.key] = None
        self.returned = None

    def on_use(self, entry: Entry) -> None:
        """Make the key the newest of those used again."""
        self.once.pop(entry.key, None)
        self.again[entry.key] = None
        self.again.move_to_end(entry.key)

    def on_evict(self, entry: Entry) -> None:
        """Remember the key, unless the cache is full of keys used once."""
        if entry.key in self.again:
            self.again_ghosts.remember(entry.key, most=2 * self.full)
        elif len(self.once) < self.full or self.returned is not None:
            self.once_ghosts.remember(entry.key, most=self.full)

    def on_remove(self, entry: Entry) -> None:
        """Take the key out of its part."""
        del (self.once if entry.key in self.once else self.again)[entry.key]

    def victim(self) -> str:
        """Choose a key used once if there are more of them than wanted (REPLACE)."""
        self.learn(len(self.once) + len(self.again))
        used_once = len(self.once)
        is_due = used_once > self.target or (
            used_once == self.target and self.returned is self.again_ghosts
        )
        return next(iter(self.once if used_once and (is_due or not self.again) else self.again))

    def _trim_ghosts(self) -> None:
        """Keep the keys used once and their ghosts within one cache, and all within two (case IV)."""
        once = len(self.once) + len(self.once_ghosts)
        both = once + len(self.again) + len(self.again_ghosts)
        if once >= self.full and self.once_ghosts:
            self.once_ghosts.forget_oldest()
        elif both >= 2 * self.full and self.again_ghosts:
            self.again_ghosts.forget_oldest()


class LIRS(Sized):
    """Low inter-reference recency: a key that is used again soon stays; one use gives a short stay.

    The stack holds keys in the order of their last use. Its lowest key is always one of the keys that
    stay ("low"). If a key is used again while it is on the stack, it becomes a low key. Then the lowest
    low key moves to the queue. Victims come from the queue.

    References
    ----------
    Jiang and Zhang, "LIRS: an efficient low inter-reference recency set replacement policy", SIGMETRICS 2002.

    >>> from cachesim.engines.simple import hits_of
    >>> hits_of(LIRS, items=3, keys="aabbcdefaabb")
    6
    """

    queue_share = 0.01  # of the cache, at least one key: HIR
    most_ghosts = 2  # times the cache: keys on the stack that are not in the cache

    def __init__(self) -> None:
        self.stack: OrderedDict[str, None] = OrderedDict()  # S: the least recently used key first
        self.low: set[str] = set()  # LIR: the keys that stay; all are on the stack
        # Q: the other keys in the cache, the oldest first
        self.queue: OrderedDict[str, None] = OrderedDict()
        self.ghosts = Ghosts()  # on the stack, but no longer in the cache

    def on_add(self, entry: Entry) -> None:
        """Let the key stay if it is still on the stack or there is room; else put it into the queue."""
        has_room = len(self.low) < self._most_low and not self.queue
        self.ghosts.forget(entry.key)
        if has_room or entry.key in self.stack:
            self._stay(entry.key)
        else:
            self._top(entry.key)
            self.queue[entry.key] = None

    def on_use(self, entry: Entry) -> None:
        """Move the key to the top; a key of the queue stays from now on if it was on the stack."""
        if entry.key in self.low:
            self._top(entry.key)
            self._prune()
        elif entry.key in self.stack:
            del self.queue[entry.key]
            self._stay(entry.key)
        else:
            self._top(entry.key)
            self.queue.move_to_end(entry.key)

    def on_evict(self, entry: Entry) -> None:
        """Remember the key if it is on the stack."""
        if entry.key in self.queue and entry.key in self.stack:
            self.ghosts.keys[entry.key] = None
            while len(self.ghosts) > self.most_ghosts * self.full:
                oldest, _ = self.ghosts.keys.popitem(last=False)
                del self.stack[oldest]

    def on_remove(self, entry: Entry) -> None:
        """Take the key out; a ghost keeps its place on the stack."""
        self.queue.pop(entry.key, None)
        self.low.discard(entry.key)
        if entry.key not in self.ghosts:
            self.stack.pop(entry.key, None)
        self._prune()

    def victim(self) -> str:
        """Choose the oldest key of the queue."""
        self.learn(len(self.low) + len(self.queue))
        while len(self.low) > self._most_low or (self.low and not self.queue):
            self._lower()
        return next(iter(self.queue))

    @property
    def _most_low(self) -> float:
        return self.full - max(1, self.queue_share * self.full)

    def _stay(self, key: str) -> None:
        self._top(key)
        self.low.add(key)
        if len(self.low) > self._most_low:
            self._lower()

    def _top(self, key: str) -> None:
        self.stack[key] = None
        self.stack.move_to_end(key)

    def _lower(self) -> None:
        """Move the lowest of the low keys to the queue."""
        self._prune()
        lowest, _ = self.stack.popitem(last=False)
        self.low.remove(lowest)
        self.queue[lowest] = None
        self._prune()

    def _prune(self) -> None:
        """Remove keys from the end of the stack until the lowest is a low key."""
        while self.stack and (lowest := next(iter(self.stack))) not in self.low:
            del self.stack[lowest]
            self.ghosts.forget(lowest)
