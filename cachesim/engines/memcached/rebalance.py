"""The page mover: it empties the oldest page of one class and gives the page to another class.

Each item of that page is copied to a free chunk of its class, and then counts as newly stored. If
there is no free chunk, the item is lost.
"""

from cachesim.engines.base import EVICTED, EXPIRED
from cachesim.engines.memcached.automove import POOL
from cachesim.engines.memcached.items import ChainedItem, Item
from cachesim.engines.memcached.slabs import PAGE, SlabClass
from cachesim.engines.memcached.table import ItemTable

OK = "OK"
BAD_CLASS = "BADCLASS invalid src or dst class id"
NO_SPARE = "NOSPARE source class has no spare pages"
SAME = "SAME src and dst class are identical"
ANY = -1  # instead of a class number: any class that has a page to spare


class Mover:
    """Moves pages between the slab classes of one table, and counts the moves.

    SIMPLIFIED: a move takes no time; the server's mover thread does it while commands run.

    References
    ----------
    memcached 1.6: slabs.c, do_slabs_reassign, slab_rebalance_move, slab_rebalance_finish.
    """

    def __init__(self, table: ItemTable) -> None:
        self.table = table
        self.last_picked = 0  # the class that ANY chose last
        self.reset()

    def reset(self) -> None:
        """Set every counter to 0."""
        self.moved = self.rescued = self.pieces_rescued = self.lost = self.reclaimed = 0

    def reassign(self, source: int, target: int) -> str:
        """Move a page between two classes, given by their numbers; return the server's answer.

        The number 0 is the pool.
        """
        classes = self.table.slabs.classes
        if source == target:
            return SAME
        if source == ANY:
            source = self._pick(target)
        if not (POOL <= source <= len(classes) and POOL <= target <= len(classes)):
            return BAD_CLASS
        pages = classes[source - 1].pages if source else self.table.slabs.pool
        if len(pages) < 2:
            return NO_SPARE
        page = pages[0] if source == POOL else self._clear_first_page(classes[source - 1])
        pages.remove(page)
        self._give(page, target)
        self.moved += 1
        return OK

    def _pick(self, target: int) -> int:
        """Return the next class in turn that has two pages (slabs.c, slabs_reassign_pick_any)."""
        classes = self.table.slabs.classes
        for step in range(len(classes)):
            number = (self.last_picked + step) % len(classes) + 1
            if number != target and len(classes[number - 1].pages) > 1:
                self.last_picked = number
                return number
        return ANY

    def _give(self, page: int, target: int) -> None:
        slabs = self.table.slabs
        if target == POOL:
            slabs.pool.append(page)
            slabs.release()
        else:
            slabs.classes[target - 1].add_page(page)
        self.table.memory = slabs.memory

    def _clear_first_page(self, slab: SlabClass) -> int:
        """Empty the oldest page of a class, chunk by chunk; return its address."""
        self.table.settle_bumps()  # an item with a waiting hit would keep its chunk
        page = slab.pages[0]
        inside = range(page, page + PAGE)
        for chunk, item in sorted(self._residents(slab, inside), key=lambda x: x[0]):
            if self.table.items.get(item.key) is item:
                self._carry(item, slab, chunk, inside)
        slab.free[:] = [chunk for chunk in slab.free if chunk not in inside]
        return page

    def _residents(self, slab: SlabClass, inside: range) -> list[tuple[int, Item]]:
        """Return (address, item) for every chunk of the page that holds an item or a piece of one."""
        return [
            (chunk, item)
            for item in self.table.items.values()
            for owner, chunk in item.chunks()
            if owner is slab and chunk in inside
        ]

    def _carry(self, item: Item, slab: SlabClass, chunk: int, inside: range) -> None:
        """Take one item, or one piece of a chained item, out of the page."""
        table = self.table
        is_dead = item.is_dead(table.settings, table.now)
        place = None if is_dead else self._spare(slab, inside)
        if place is not None:
            self._rehouse(item, slab, chunk, place)
            return
        if is_dead:
            table.drop(item, EXPIRED)
        else:
            self.lost += 1
            table.drop(item, EVICTED, counted=False)
        if not isinstance(item, ChainedItem):
            slab.free.pop()  # the chunk goes with the page: nobody may use it

    def _spare(self, slab: SlabClass, inside: range) -> int | None:
        """Return a free chunk outside the page (slabs.c, slab_rebalance_alloc)."""
        while slab.free:
            chunk = slab.free.pop()
            if chunk not in inside:
                return chunk
            self.reclaimed += 1
        return None

    def _rehouse(self, item: Item, slab: SlabClass, chunk: int, place: int) -> None:
        """Copy an item to another place, which makes it new; a copied piece leaves its item as it is."""
        if isinstance(item, ChainedItem):
            piece = item.pieces.index((slab, chunk))
            item.pieces[piece] = (slab, place)
            if piece:
                self.pieces_rescued += 1
                return
        item.chunk = place
        self.rescued += 1
        self.table.relink(item)
