"""Pages, chunks and classes: how memcached divides its memory.

Memory is taken in pages of 1 MiB. A page belongs to one slab class, which cuts it into chunks of one
size. An item takes a chunk of the smallest class that it fits into. The rest of the chunk is wasted.
"""

from cachesim.units import MIB

PAGE = MIB  # bytes
FIRST_CHUNK = 96  # bytes: the item header of 48 and the setting chunk_size, 48
LARGEST_CHUNK = PAGE // 2  # bytes: slab_chunk_max; a larger item is a chain of several chunks
ALIGNMENT = 8  # bytes


def chunk_sizes(growth_factor: float) -> list[int]:
    """Return the chunk size of every class, in bytes, ascending.

    >>> sizes = chunk_sizes(1.25)
    >>> len(sizes), sizes[:4], sizes[-1]
    (39, [96, 120, 152, 192], 524288)

    References
    ----------
    memcached 1.6: slabs.c, slabs_init.
    """
    sizes: list[int] = []
    size = FIRST_CHUNK
    while size < LARGEST_CHUNK / growth_factor and len(sizes) < 62:
        size += -size % ALIGNMENT
        sizes.append(size)
        size = int(size * growth_factor)
    return [*sizes, LARGEST_CHUNK]


class SlabClass:
    """One class: its chunk size, its pages, and the addresses of its free chunks."""

    def __init__(self, number: int, chunk: int) -> None:
        self.number = number  # from 1, as in `stats slabs`
        self.chunk = chunk  # bytes
        self.per_page = PAGE // chunk
        self.pages: list[int] = []  # addresses, the oldest page first
        self.free: list[int] = []  # addresses; the last freed chunk is used first

    def add_page(self, page: int) -> None:
        """Cut a page into free chunks."""
        self.pages.append(page)
        self.free += self.chunks_of_page(page)

    def chunks_of_page(self, page: int) -> range:
        """Return the addresses of the chunks of a page, ascending."""
        return range(page, page + self.per_page * self.chunk, self.chunk)


class Slabs:
    """All classes, and the pages that they can still get."""

    def __init__(self, memory: int, growth_factor: float) -> None:
        self.classes = [SlabClass(n, size) for n, size in enumerate(chunk_sizes(growth_factor), 1)]
        self.limit = memory  # bytes; -m
        self.memory = 0  # bytes of all pages taken so far
        self.pool: list[int] = []  # pages that belong to no class now
        self._next_page = 0  # address
        # Item size / 8 -> class: all chunk sizes are multiples of 8 bytes.
        self.by_eighths = self._table()

    def _table(self) -> list[SlabClass]:
        table: list[SlabClass] = []
        for slab in self.classes:
            table += [slab] * (slab.chunk // ALIGNMENT - len(table) + 1)
        return table

    def class_of(self, size: int) -> SlabClass:
        """Return the smallest class with chunks of `size` bytes; the largest for a chained item."""
        return self.by_eighths[(min(size, LARGEST_CHUNK) + ALIGNMENT - 1) // ALIGNMENT]

    def grow(self, slab: SlabClass) -> bool:
        """Give a class one more page; False if there is no page left.

        A class without a page gets one even above the limit, or it could never store anything.

        References
        ----------
        memcached 1.6: slabs.c, do_slabs_newslab.
        """
        if self.pool:
            slab.add_page(self.pool.pop())
            return True
        if self.memory + PAGE > self.limit and slab.pages:
            return False
        slab.add_page(self._next_page)
        self._next_page += PAGE
        self.memory += PAGE
        return True

    def set_limit(self, memory: int) -> None:
        """Change -m, and free pooled pages above it (slabs.c, do_slabs_adjust_mem_limit)."""
        self.limit = memory
        self.release()

    def release(self) -> None:
        """Free pooled pages while more memory than the limit is taken (slabs.c, memory_release)."""
        while self.memory > self.limit and self.pool:
            self.pool.pop()
            self.memory -= PAGE
