"""Pages, chunks and classes: how memcached cuts its memory, and what that wastes.

Memory is taken in pages of 1 MiB. A page belongs to one slab class, which cuts it into chunks of one size;
an item occupies the smallest chunk it fits in, and the rest of the chunk is wasted.
"""

from cachesim.units import MIB

PAGE = MIB  # bytes
FIRST_CHUNK = 96  # bytes: the item header of 48 and the setting chunk_size, 48
LARGEST_CHUNK = PAGE // 2  # bytes: slab_chunk_max; larger items are chained of several chunks
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
    sizes, size = [], float(FIRST_CHUNK)
    while size <= LARGEST_CHUNK / growth_factor:
        aligned = -(-int(size) // ALIGNMENT) * ALIGNMENT
        sizes.append(aligned)
        size = aligned * growth_factor
    return [*sizes, LARGEST_CHUNK]


class SlabClass:
    """One class: its chunk size, its pages, and how many chunks are free."""

    def __init__(self, number: int, chunk: int) -> None:
        self.number = number  # from 1, as in `stats slabs`
        self.chunk = chunk  # bytes
        self.per_page = PAGE // chunk
        self.pages = 0
        self.free = 0  # chunks


class Slabs:
    """All classes, and the pages left to hand out."""

    def __init__(self, memory: int, growth_factor: float) -> None:
        self.classes = [SlabClass(n, size) for n, size in enumerate(chunk_sizes(growth_factor), 1)]
        self.page_limit = memory // PAGE
        self.pages = 0
        # Item size -> class, by the eighth of a byte that all chunk sizes are multiples of.
        self._by_eighths = self._table()

    def _table(self) -> list[SlabClass]:
        table: list[SlabClass] = []
        for slab in self.classes:
            table += [slab] * (slab.chunk // ALIGNMENT - len(table) + 1)
        return table

    def class_of(self, size: int) -> SlabClass:
        """Return the smallest class whose chunk holds `size` bytes; the largest for what is chained."""
        eighths = -(-size // ALIGNMENT)
        return self._by_eighths[eighths] if eighths < len(self._by_eighths) else self.classes[-1]

    def chunks_of(self, size: int) -> int:
        """Return how many chunks an item of `size` bytes takes.

        SIMPLIFIED: a chained item takes whole chunks of the largest class; memcached puts its head and its
        last piece into smaller ones.
        """
        return 1 if size <= LARGEST_CHUNK else -(-size // LARGEST_CHUNK)

    def take(self, slab: SlabClass, chunks: int) -> bool:
        """Take free chunks, from a new page if there is one to be had; return whether that worked."""
        while slab.free < chunks:
            # A class without a page gets one even past the limit, or it could never store anything.
            if self.pages >= self.page_limit and slab.pages > 0:
                return False
            slab.pages += 1
            self.pages += 1
            slab.free += slab.per_page
        slab.free -= chunks
        return True

    def give_back(self, slab: SlabClass, chunks: int) -> None:
        """Return chunks to their class; a page never leaves it (automove is not modelled yet)."""
        slab.free += chunks
