"""What `stats` tells: general figures, items and slabs by class, settings."""

from typing import TYPE_CHECKING

from cachesim.engines.memcached.automove import WINDOW
from cachesim.engines.memcached.items import ClassLRU
from cachesim.engines.memcached.slabs import LARGEST_CHUNK
from cachesim.errors import CommandError

if TYPE_CHECKING:
    from cachesim.engines.memcached.engine import MemcachedEngine

Figures = dict[str, int | float | str]
VERSION = "1.6.18"  # the server this engine follows


class Counts:
    """What is counted for the whole server, from the start or the last `stats reset`."""

    def __init__(self) -> None:
        self.total_items = 0  # ever linked
        self.get_misses = self.get_expired = self.get_flushed = 0
        self.cmd_touch = self.touch_misses = self.cmd_flush = self.cmd_meta = 0
        self.delete_misses = self.incr_misses = self.decr_misses = self.cas_misses = 0
        self.too_large = self.no_memory = 0


def reset(engine: "MemcachedEngine") -> None:
    """Begin to count anew (memcached.c, stats_reset)."""
    engine.counts = Counts()
    engine.mover.reset()
    engine.crawler.starts = engine.maintainer.rounds = 0
    for lru in engine.lrus:
        lru.reset()


def figures(engine: "MemcachedEngine", what: str = "") -> Figures:
    """Return one table of figures by its name."""
    tables = {"": general, "items": items, "slabs": slabs, "settings": settings, "sizes": sizes}
    if what not in tables:
        raise CommandError("ERROR")
    return tables[what](engine)


def _sum(engine: "MemcachedEngine", *names: str) -> Figures:
    return {name: sum(getattr(lru, name) for lru in engine.lrus) for name in names}


def general(engine: "MemcachedEngine") -> Figures:
    """Return the general figures, in the server's order (memcached.c, server_stats).

    Figures of the process, its connections and its hash table are left out.
    """
    counts = engine.counts
    return {
        "uptime": engine.now - 60,
        "time": engine.now + engine.started,
        "version": VERSION,
        "pointer_size": 64,
        **_commands(engine),
        "store_too_large": counts.too_large,
        "store_no_memory": counts.no_memory,
        "limit_maxbytes": engine.slabs.limit,
        "accepting_conns": 1,
        "threads": engine.spec.threads,
        **_threads(engine),
        "bytes": sum(segment.bytes for lru in engine.lrus for segment in lru.segments),
        "curr_items": len(engine),
        "total_items": counts.total_items,
        "slab_global_page_pool": len(engine.slabs.pool),
        **_totals(engine),
    }


def _commands(engine: "MemcachedEngine") -> Figures:
    counts = engine.counts
    hits = sum(segment.hits for lru in engine.lrus for segment in lru.segments)
    shown: Figures = {
        "cmd_get": hits + counts.get_misses,
        "cmd_set": sum(lru.sets for lru in engine.lrus),
        "cmd_flush": counts.cmd_flush,
        "cmd_touch": counts.cmd_touch,
        "cmd_meta": counts.cmd_meta,
        "get_hits": hits,
        "get_misses": counts.get_misses,
        "get_expired": counts.get_expired,
        "get_flushed": counts.get_flushed,
    }
    for command in ("delete", "incr", "decr", "cas"):
        shown[f"{command}_misses"] = getattr(counts, f"{command}_misses")
        shown |= _sum(engine, f"{command}_hits")
    shown |= _sum(engine, "cas_badval", "touch_hits")
    shown["touch_misses"] = counts.touch_misses
    return shown


def _threads(engine: "MemcachedEngine") -> Figures:
    """Return what the background threads did."""
    mover = engine.mover
    shown: Figures = {
        "slab_reassign_rescues": mover.rescued,
        "slab_reassign_chunk_rescues": mover.pieces_rescued,
        "slab_reassign_evictions_nomem": mover.lost,
        "slab_reassign_inline_reclaim": mover.reclaimed,
        "slab_reassign_running": 0,
        "slabs_moved": mover.moved,
    }
    if engine.crawler.enabled:
        shown |= {"lru_crawler_running": 0, "lru_crawler_starts": engine.crawler.starts}
    if engine.spec.segmented:
        shown["lru_maintainer_juggles"] = engine.maintainer.rounds
    return shown


def _totals(engine: "MemcachedEngine") -> Figures:
    """Return the sums over all classes (items.c, item_stats_totals)."""
    shown = _sum(engine, "expired_unfetched", "evicted_unfetched", "evicted_active")
    shown |= {
        "evictions": sum(lru.evicted for lru in engine.lrus),
        **_sum(engine, "reclaimed", "crawler_reclaimed"),
        "crawler_items_checked": sum(lru.crawler_checked for lru in engine.lrus),
        "lrutail_reflocked": 0,
    }
    if engine.spec.segmented:
        for name, attribute in MOVES.items():
            shown[name] = sum(getattr(lru, attribute) for lru in engine.lrus)
        shown["lru_bumps_dropped"] = 0
    return shown


MOVES = {
    "moves_to_cold": "to_cold",
    "moves_to_warm": "to_warm",
    "moves_within_lru": "within",
    "direct_reclaims": "direct_reclaims",
}


def items(engine: "MemcachedEngine") -> Figures:
    """Return the figures of every class that holds items (items.c, item_stats)."""
    return {
        f"items:{lru.slab.number}:{name}": value
        for lru in engine.lrus
        if any(segment.count for segment in lru.segments)
        for name, value in _items_of(engine, lru).items()
    }


def _items_of(engine: "MemcachedEngine", lru: ClassLRU) -> Figures:
    now, maintained = engine.now, engine.spec.segmented
    hot, warm, cold, temp = lru.segments
    shown: Figures = {"number": sum(segment.count for segment in lru.segments)}
    if maintained:
        shown |= {"number_hot": hot.count, "number_warm": warm.count, "number_cold": cold.count}
        if engine.settings.temp_ttl is not None:
            shown["number_temp"] = temp.count
        shown |= {"age_hot": lru.age(hot, now), "age_warm": lru.age(warm, now)}
    shown |= {
        "age": lru.age(cold, now),
        "mem_requested": sum(segment.bytes for segment in lru.segments),
        "evicted": lru.evicted,
        "evicted_nonzero": lru.evicted_nonzero,
        "evicted_time": lru.evicted_time,
        "outofmemory": lru.out_of_memory,
        "tailrepairs": 0,
    }
    return shown | _reclaimed_of(lru, maintained=maintained)


def _reclaimed_of(lru: ClassLRU, *, maintained: bool) -> Figures:
    names = ("reclaimed", "expired_unfetched", "evicted_unfetched", "evicted_active")
    shown: Figures = {name: getattr(lru, name) for name in names[: 4 if maintained else 3]}
    shown |= {
        "crawler_reclaimed": lru.crawler_reclaimed,
        "crawler_items_checked": lru.crawler_checked,
        "lrutail_reflocked": 0,
    }
    if maintained:
        shown |= {name: getattr(lru, attribute) for name, attribute in MOVES.items()}
        shown |= {f"hits_to_{segment.name}": segment.hits for segment in lru.segments}
    return shown


def slabs(engine: "MemcachedEngine") -> Figures:
    """Return the figures of every class that has pages (slabs.c, do_slabs_stats)."""
    shown: Figures = {
        f"{lru.slab.number}:{name}": value
        for lru in engine.lrus
        if lru.slab.pages
        for name, value in _slab_of(lru).items()
    }
    active = sum(bool(lru.slab.pages) for lru in engine.lrus)
    return {**shown, "active_slabs": active, "total_malloced": engine.slabs.memory}


def _slab_of(lru: ClassLRU) -> Figures:
    slab, total = lru.slab, len(lru.slab.pages) * lru.slab.per_page
    return {
        "chunk_size": slab.chunk,
        "chunks_per_page": slab.per_page,
        "total_pages": len(slab.pages),
        "total_chunks": total,
        "used_chunks": total - len(slab.free),
        "free_chunks": len(slab.free),
        "free_chunks_end": 0,
        "get_hits": sum(segment.hits for segment in lru.segments),
        "cmd_set": lru.sets,
        "delete_hits": lru.delete_hits,
        "incr_hits": lru.incr_hits,
        "decr_hits": lru.decr_hits,
        "cas_hits": lru.cas_hits,
        "cas_badval": lru.cas_badval,
        "touch_hits": lru.touch_hits,
    }


def _yes(holds: object) -> str:
    return "yes" if holds else "no"


def settings(engine: "MemcachedEngine") -> Figures:
    """Return the settings that this engine has (memcached.c, process_stat_settings)."""
    spec, maintainer = engine.spec, engine.maintainer
    return {
        "maxbytes": engine.slabs.limit,
        "verbosity": engine.verbosity,
        "oldest": engine.settings.oldest_live,
        "evictions": "on",
        "growth_factor": f"{spec.growth_factor:.2f}",
        "chunk_size": 48,
        "num_threads": spec.threads,
        "cas_enabled": _yes(spec.use_cas),
        "item_size_max": spec.item_size_max,
        "slab_reassign": "yes",
        "slab_automove": maintainer.automove,
        "slab_automove_ratio": f"{maintainer.ratio:.2f}",
        "slab_automove_window": WINDOW,
        "slab_chunk_max": LARGEST_CHUNK,
        **_lru_settings(engine),
        "track_sizes": _yes(engine.sizes_from is not None),
    }


def _lru_settings(engine: "MemcachedEngine") -> Figures:
    settings, crawler = engine.settings, engine.crawler
    return {
        "lru_crawler": _yes(crawler.enabled),
        "lru_crawler_sleep": crawler.pause,
        "lru_crawler_tocrawl": crawler.most,
        "flush_enabled": "yes",
        "dump_enabled": "yes",
        "lru_maintainer_thread": _yes(engine.spec.segmented),
        "lru_segmented": _yes(settings.segmented),
        "hot_lru_pct": settings.hot_percent,
        "warm_lru_pct": settings.warm_percent,
        "hot_max_factor": f"{settings.hot_factor:.2f}",
        "warm_max_factor": f"{settings.warm_factor:.2f}",
        "temp_lru": _yes(settings.temp_ttl is not None),
        "temporary_ttl": 61 if settings.temp_ttl is None else settings.temp_ttl,
    }


def sizes(engine: "MemcachedEngine") -> Figures:
    """Return how many items there are of each size, in steps of 32 bytes, once `sizes_enable` was said."""
    if engine.sizes_from is None:
        return {"sizes_status": "disabled"}
    shown: Figures = {}
    steps = sorted(
        -(-item.size // 32) for item in engine.items.values() if item.cas >= engine.sizes_from
    )
    for step in steps:
        shown[str(step * 32)] = int(shown.get(str(step * 32), 0)) + 1
    return shown
