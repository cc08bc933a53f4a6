"""Where a new item gets its memory: a free chunk, a new page, or the chunk of an evicted item."""

from typing import NoReturn

from cachesim.engines.base import EVICTED
from cachesim.engines.memcached.items import ChainedItem, ClassLRU, Item, Segment
from cachesim.engines.memcached.juggle import juggle
from cachesim.engines.memcached.slabs import ALIGNMENT, LARGEST_CHUNK, SlabClass
from cachesim.engines.memcached.table import ItemTable
from cachesim.errors import OutOfMemory

HEADER, CAS_SIZE, FLAGS_SIZE, TERMINATOR, LINE_END = 48, 8, 4, 1, 2  # bytes of an item's parts
PIECE_HEADER = 48  # bytes, of each chunk of a chained item
TRIES = 10  # evictions tried for one chunk
TOO_LARGE = "SERVER_ERROR object too large for cache"
OUT_OF_MEMORY = "SERVER_ERROR out of memory storing object"
OUT_OF_MEMORY_READING = "SERVER_ERROR Out of memory during read"


class Allocator:
    """Makes the items of one table.

    References
    ----------
    memcached 1.6: items.c, do_item_alloc, do_item_alloc_pull, do_item_alloc_chunk.
    """

    def __init__(self, table: ItemTable) -> None:
        self.table = table
        self.overhead = HEADER + TERMINATOR + LINE_END + CAS_SIZE * table.use_cas
        self.spared: Item | None = None  # the item that the running command works on
        self.largest = table.settings.item_size_max  # bytes of an item
        self.simple_most = min(LARGEST_CHUNK, self.largest)  # bytes; above: look closer
        by_number = {lru.slab.number: lru for lru in table.lrus}
        self.by_eighths = [by_number[slab.number] for slab in table.slabs.by_eighths]

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
        """Return a new item, not yet linked.

        Parameters
        ----------
        key, value, flags, expires
            The content; `expires` is in the server's seconds, 0 for never.
        replaces
            Whether the key's old item goes even if there is no room for the new one.
        seam
            The length of the first part, for a value joined from two parts; else 0.
        spared
            An item that must not be evicted to make room.

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
        chunk = free.pop() if free and self.table.settings.segmented else self._pull(lru)
        if chunk is None:
            self._fail(key, lru, replaces=replaces)
        item = Item(key, value, flags, expires, size, chunk)
        item.segment = self._first_segment(lru, expires)
        return item

    def _first_segment(self, lru: ClassLRU, expires: int) -> Segment:
        settings = self.table.settings
        if settings.temp_ttl is not None and 0 <= expires - self.table.now <= settings.temp_ttl:
            return lru.temp
        return lru.hot if settings.segmented else lru.cold

    def _pull(self, lru: ClassLRU) -> int | None:
        """Return a chunk of a class, evicting for it if need be.

        SIMPLIFIED: if nothing can be evicted, the maintainer works on the class at once. On a server
        it runs all the time; here it waits for the clock, which may stand still.
        """
        table = self.table
        chunk = self._try(lru)
        if chunk is None and table.settings.segmented:
            juggle(lru, table.now)
            table.settle_bumps()
            chunk = self._try(lru)
        return chunk

    def _try(self, lru: ClassLRU) -> int | None:
        table, slab = self.table, lru.slab
        for tries in range(TRIES):
            if not table.settings.segmented:
                lru.pull_cold(table.now)
            if slab.free or self._grow(slab):
                lru.direct_reclaims += tries
                return slab.free.pop()
            if not lru.evict(table.now, self.spared):
                if not table.settings.segmented:
                    return None
                lru.pull(lru.hot, table.now, 0, 0)
        lru.direct_reclaims += TRIES
        return None

    def _grow(self, slab: SlabClass) -> bool:
        grown = self.table.slabs.grow(slab)
        self.table.memory = self.table.slabs.memory
        return grown

    def _chained(
        self, key: str, value: bytes, flags: int, expires: int, size: int, replaces: bool, seam: int
    ) -> Item:
        """Return an item with its header in a small chunk and its value in large chunks."""
        lru = self.table.lrus[-1]
        if size > self.largest:
            self.refuse(key, replaces=replaces)
            raise OutOfMemory(TOO_LARGE)
        header_lru = self._lru_of(size - len(value) - LINE_END + PIECE_HEADER)
        header = self._pull(header_lru)
        if header is None:
            self._fail(key, lru, replaces=replaces)
        pieces = [(header_lru.slab, header)]
        rest = len(value) + LINE_END - seam
        # When it copies, the server takes a new chunk as soon as one is full, even at the end.
        for length in (seam, 0, rest, 0) if seam else (rest,):
            if not self._add_pieces(pieces, length):
                self.table.refuse(key)
                raise OutOfMemory(OUT_OF_MEMORY_READING)
        item = ChainedItem(key, value, flags, expires, size, header, pieces=pieces)
        item.segment = self._first_segment(lru, expires)
        return item

    def _add_pieces(self, pieces: list[tuple[SlabClass, int]], length: int) -> bool:
        """Take chunks for `length` bytes: full chunks of the largest class, then one smaller chunk.

        If there are not enough, all pieces are given back and the result is False.
        """
        while True:
            size = min(length + PIECE_HEADER, LARGEST_CHUNK)
            piece = self._piece(self._lru_of(size))
            if piece is None and size < LARGEST_CHUNK:
                size, piece = LARGEST_CHUNK, self._piece(self.table.lrus[-1])
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
        """Note that an item is too large; the old value it would replace is outdated and goes."""
        self.table.counts.too_large += 1
        if replaces:
            self._drop_outdated(key)
        self.table.refuse(key)

    def _fail(self, key: str, lru: ClassLRU, *, replaces: bool) -> NoReturn:
        lru.out_of_memory += 1
        self.table.counts.no_memory += 1
        if replaces:
            self._drop_outdated(key)
        self.table.refuse(key)
        raise OutOfMemory(OUT_OF_MEMORY)

    def _drop_outdated(self, key: str) -> None:
        old = self.table.peek(key)
        if old is not None:
            self.table.drop(old, EVICTED, counted=False)
