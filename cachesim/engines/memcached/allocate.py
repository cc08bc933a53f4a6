"""Where a new item gets its memory: a free chunk, a new page, or the place of what is evicted for it."""

from typing import TYPE_CHECKING, NoReturn

from cachesim.engines.base import EVICTED
from cachesim.engines.memcached.items import ChainedItem, ClassLRU, Item, Segment
from cachesim.engines.memcached.slabs import ALIGNMENT, LARGEST_CHUNK, SlabClass
from cachesim.errors import OutOfMemory

if TYPE_CHECKING:
    from cachesim.engines.memcached.engine import MemcachedEngine

HEADER, CAS_SIZE, FLAGS_SIZE, TERMINATOR, LINE_END = 48, 8, 4, 1, 2  # bytes of an item's parts
PIECE_HEADER = 48  # bytes, of each chunk of a chained item
TRIES = 10  # to evict something for one chunk
TOO_LARGE = "SERVER_ERROR object too large for cache"
OUT_OF_MEMORY = "SERVER_ERROR out of memory storing object"
OUT_OF_MEMORY_READING = "SERVER_ERROR Out of memory during read"


class Allocator:
    """Makes the items of one engine.

    References
    ----------
    memcached 1.6: items.c, do_item_alloc, do_item_alloc_pull, do_item_alloc_chunk.
    """

    def __init__(self, engine: "MemcachedEngine") -> None:
        self.engine = engine
        self.overhead = HEADER + TERMINATOR + LINE_END + CAS_SIZE * engine.use_cas
        self.spared: Item | None = None  # what the command in hand works on
        self.simple_most = min(
            LARGEST_CHUNK, engine.spec.item_size_max
        )  # bytes; above: look closer
        by_number = {lru.slab.number: lru for lru in engine.lrus}
        self.by_eighths = [by_number[slab.number] for slab in engine.slabs.by_eighths]

    def size(self, key: str, length: int, flags: int) -> int:
        """Return the bytes of an item whose value has `length` bytes."""
        key_length = len(key) if key.isascii() else len(key.encode("utf-8", "surrogateescape"))
        return self.overhead + key_length + length + (FLAGS_SIZE if flags else 0)

    def item(
        self,
        key: str,
        value: bytes,
        flags: int,
        expires: int,
        *,
        replaces: bool = False,
        seam: int = 0,
        spared: Item | None = None,
    ) -> Item:
        """Return a new item, not yet linked; `replaces`: if there is no room the old one goes all the same.

        `seam` is where a value was put together out of two; 0: it was not. `spared` is not evicted for it.

        Raises
        ------
        OutOfMemory
            The item is too large, or nothing in its class can be evicted.
        """
        length = len(key) if key.isascii() else len(key.encode("utf-8", "surrogateescape"))
        size = self.overhead + length + len(value) + (FLAGS_SIZE if flags else 0)
        self.spared = spared
        if size > self.simple_most:
            return self._chained(key, value, flags, expires, size, replaces, seam)
        lru = self.by_eighths[(size + ALIGNMENT - 1) // ALIGNMENT]
        free = lru.slab.free
        chunk = free.pop() if free and self.engine.settings.segmented else self._pull(lru)
        if chunk is None:
            self._fail(key, lru, replaces=replaces)
        item = Item(key, value, flags, expires, size, chunk)
        item.segment = self._first_segment(lru, expires)
        return item

    def _first_segment(self, lru: ClassLRU, expires: int) -> Segment:
        settings = self.engine.settings
        if settings.temp_ttl is not None and 0 <= expires - self.engine.now <= settings.temp_ttl:
            return lru.temp
        return lru.hot if settings.segmented else lru.cold

    def _pull(self, lru: ClassLRU) -> int | None:
        """Return a chunk of a class, evicting for it if need be.

        SIMPLIFIED: if nothing may go, the maintainer sees to the class at once. In the server it is never
        far; here a clock that stands still would keep it away.
        """
        engine = self.engine
        chunk = self._try(lru)
        if chunk is None and engine.settings.segmented:
            lru.juggle(engine.now)
            engine.settle_bumps()
            chunk = self._try(lru)
        return chunk

    def _try(self, lru: ClassLRU) -> int | None:
        engine, slab = self.engine, lru.slab
        for tries in range(TRIES):
            if not engine.settings.segmented:
                lru.pull_cold(engine.now)
            if slab.free or self._grow(slab):
                lru.direct_reclaims += tries
                return slab.free.pop()
            if not lru.evict(engine.now, self.spared):
                if not engine.settings.segmented:
                    return None
                lru.pull(lru.hot, engine.now, 0, 0)
        lru.direct_reclaims += TRIES
        return None

    def _grow(self, slab: SlabClass) -> bool:
        grown = self.engine.slabs.grow(slab)
        self.engine.memory = self.engine.slabs.memory
        return grown

    def _chained(
        self, key: str, value: bytes, flags: int, expires: int, size: int, replaces: bool, seam: int
    ) -> Item:
        """Return an item of a header in a small chunk and pieces in large ones."""
        lru = self.engine.lrus[-1]
        if size > self.engine.spec.item_size_max:
            self.refuse(key, replaces=replaces)
            raise OutOfMemory(TOO_LARGE)
        header_lru = self._lru_of(size - len(value) - LINE_END + PIECE_HEADER)
        header = self._pull(header_lru)
        if header is None:
            self._fail(key, lru, replaces=replaces)
        pieces = [(header_lru.slab, header)]
        rest = len(value) + LINE_END - seam
        # Copying, the server takes a chunk as soon as one is full, though nothing is to come.
        for length in (seam, 0, rest, 0) if seam else (rest,):
            if not self._add_pieces(pieces, length):
                self.engine.refuse(key)
                raise OutOfMemory(OUT_OF_MEMORY_READING)
        item = ChainedItem(key, value, flags, expires, size, header, pieces=pieces)
        item.segment = self._first_segment(lru, expires)
        return item

    def _add_pieces(self, pieces: list[tuple[SlabClass, int]], length: int) -> bool:
        """Take chunks for `length` bytes: as many of the largest class as are filled, the last one smaller.

        Return whether there were enough; if not, all are given back.
        """
        while True:
            size = min(length + PIECE_HEADER, LARGEST_CHUNK)
            piece = self._piece(self._lru_of(size))
            if piece is None and size < LARGEST_CHUNK:
                size, piece = LARGEST_CHUNK, self._piece(self.engine.lrus[-1])
            if piece is None:
                for slab, chunk in pieces:
                    slab.free.append(chunk)
                return False
            pieces.append(piece)
            length -= size - PIECE_HEADER
            if length <= 0:
                return True

    def _piece(self, lru: ClassLRU) -> tuple[SlabClass, int] | None:
        chunk = self._pull(lru)
        return None if chunk is None else (lru.slab, chunk)

    def _lru_of(self, size: int) -> ClassLRU:
        return self.by_eighths[(size + ALIGNMENT - 1) // ALIGNMENT]

    def refuse(self, key: str, *, replaces: bool) -> None:
        """Note that an item is too large; the value it would have replaced is outdated, so it goes."""
        self.engine.counts.too_large += 1
        if replaces:
            self._drop_outdated(key)
        self.engine.refuse(key)

    def _fail(self, key: str, lru: ClassLRU, *, replaces: bool) -> NoReturn:
        lru.out_of_memory += 1
        self.engine.counts.no_memory += 1
        if replaces:
            self._drop_outdated(key)
        self.engine.refuse(key)
        raise OutOfMemory(OUT_OF_MEMORY)

    def _drop_outdated(self, key: str) -> None:
        old = self.engine.peek(key)
        if old is not None:
            self.engine.drop(old, EVICTED, counted=False)
