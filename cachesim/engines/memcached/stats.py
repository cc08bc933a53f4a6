"""The figures of the `stats` command: general, items and slabs by class, settings, sizes."""

from cachesim.engines.memcached.daemon import Daemon
from cachesim.engines.memcached.items import ClassLRU
from cachesim.engines.memcached.protocol import ERROR
from cachesim.engines.memcached.stats_process import (
    connections,
    table_of_keys,
    traffic,
    watchers,
)
from cachesim.engines.memcached.stats_settings import Figures, settings
from cachesim.engines.memcached.table import ItemTable
from cachesim.errors import CommandError

VERSION = "1.6.18"  # the server this engine follows


def reset(daemon: Daemon) -> None:
    """Set all counters to 0 (memcached.c, stats_reset)."""
    daemon.counts.reset()
    daemon.mover.reset()
    daemon.host.reset()
    daemon.prefixes.counts.clear()
    daemon.crawler.starts = daemon.maintainer.rounds = 0
    for lru in daemon.lrus:
        lru.reset()


def figures(daemon: Daemon, what: str = "") -> Figures:
    """Return one group of figures by its name. Raises CommandError: there is no such group."""
    if what not in GROUPS:
        raise CommandError(ERROR)
    return GROUPS[what](daemon)


def _sum(table: ItemTable, *names: str) -> Figures:
    return {name: sum(getattr(lru, name) for lru in table.lrus) for name in names}


def general(daemon: Daemon) -> Figures:
    """Return the general figures, in the server's order (memcached.c, server_stats).

    SIMPLIFIED: what this server has not (its own buffers, threads' locks) is 0.
    """
    counts, host, limit = daemon.counts, daemon.host, daemon.slabs.limit
    return {
        "pid": host.pid,
        "uptime": daemon.now - 60,
        "time": daemon.now + daemon.started,
        "version": VERSION,
        "libevent": "none",
        "pointer_size": 64,
        **connections(host),
        **_commands(daemon),
        "store_too_large": counts.too_large,
        "store_no_memory": counts.no_memory,
        **traffic(host, limit, daemon.settings.threads),
        **table_of_keys(len(daemon)),
        **_threads(daemon),
        **watchers(host),
        "bytes": sum(segment.bytes for lru in daemon.lrus for segment in lru.segments),
        "curr_items": len(daemon),
        "total_items": counts.total_items,
        "slab_global_page_pool": len(daemon.slabs.pool),
        **_totals(daemon),
    }


def _commands(table: ItemTable) -> Figures:
    counts = table.counts
    hits = sum(segment.hits for lru in table.lrus for segment in lru.segments)
    shown: Figures = {
        "cmd_get": hits + counts.get_misses,
        "cmd_set": sum(lru.sets for lru in table.lrus),
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
        shown |= _sum(table, f"{command}_hits")
    shown |= _sum(table, "cas_badval", "touch_hits")
    shown["touch_misses"] = counts.touch_misses
    return shown


def _threads(daemon: Daemon) -> Figures:
    """Return the figures of the background threads."""
    mover = daemon.mover
    shown: Figures = {
        "slab_reassign_rescues": mover.rescued,
        "slab_reassign_chunk_rescues": mover.pieces_rescued,
        "slab_reassign_evictions_nomem": mover.lost,
        "slab_reassign_inline_reclaim": mover.reclaimed,
        "slab_reassign_busy_items": 0,
        "slab_reassign_busy_deletes": 0,
        "slab_reassign_running": 0,
        "slabs_moved": mover.moved,
    }
    if daemon.crawler.enabled:
        shown |= {"lru_crawler_running": 0, "lru_crawler_starts": daemon.crawler.starts}
    if daemon.settings.maintained:
        shown["lru_maintainer_juggles"] = daemon.maintainer.rounds
    return shown


def _totals(table: ItemTable) -> Figures:
    """Return the sums over all classes (items.c, item_stats_totals)."""
    shown = _sum(table, "expired_unfetched", "evicted_unfetched", "evicted_active")
    shown |= {
        "evictions": sum(lru.evicted for lru in table.lrus),
        **_sum(table, "reclaimed", "crawler_reclaimed"),
        "crawler_items_checked": sum(lru.crawler_checked for lru in table.lrus),
        "lrutail_reflocked": 0,
    }
    if table.settings.maintained:
        for name, attribute in MOVES.items():
            shown[name] = sum(getattr(lru, attribute) for lru in table.lrus)
        shown["lru_bumps_dropped"] = 0
    return shown


MOVES = {
    "moves_to_cold": "to_cold",
    "moves_to_warm": "to_warm",
    "moves_within_lru": "within",
    "direct_reclaims": "direct_reclaims",
}


def items(table: ItemTable) -> Figures:
    """Return the figures of each class that holds items (items.c, item_stats)."""
    return {
        f"items:{lru.slab.number}:{name}": value
        for lru in table.lrus
        if any(segment.count for segment in lru.segments)
        for name, value in _items_of(table, lru).items()
    }


def _items_of(table: ItemTable, lru: ClassLRU) -> Figures:
    now, maintained = table.now, table.settings.maintained
    hot, warm, cold, temp = lru.segments
    shown: Figures = {"number": sum(segment.count for segment in lru.segments)}
    if maintained:
        shown |= {"number_hot": hot.count, "number_warm": warm.count, "number_cold": cold.count}
        if table.settings.temp_ttl is not None:
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


def slabs(table: ItemTable) -> Figures:
    """Return the figures of each class that has pages (slabs.c, do_slabs_stats)."""
    shown: Figures = {
        f"{lru.slab.number}:{name}": value
        for lru in table.lrus
        if lru.slab.pages
        for name, value in _slab_of(lru).items()
    }
    active = sum(bool(lru.slab.pages) for lru in table.lrus)
    return {**shown, "active_slabs": active, "total_malloced": table.slabs.memory}


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


def sizes(table: ItemTable) -> Figures:
    """Return the number of items of each size, in steps of 32 bytes, after `stats sizes_enable`."""
    if table.sizes_from is None:
        return {"sizes_status": "disabled"}
    shown: Figures = {}
    steps = sorted(
        -(-item.size // 32) for item in table.items.values() if item.cas >= table.sizes_from
    )
    for step in steps:
        shown[str(step * 32)] = int(shown.get(str(step * 32), 0)) + 1
    return shown


def track_sizes(table: ItemTable, *, on: bool) -> Figures:
    """Start or stop to track the sizes of new items."""
    if on and not table.use_cas:
        return {"sizes_status": "error", "sizes_error": "cas_support_disabled"}
    if not on:
        table.sizes_from = None
    elif table.sizes_from is None:
        table.last_cas += 1
        table.sizes_from = table.last_cas
    return {"sizes_status": "enabled" if on else "disabled"}


def clients(daemon: Daemon) -> Figures:
    """Return the sockets of the server: address and state of each (memcached.c)."""
    return daemon.host.clients()


GROUPS = {
    "": general,
    "items": items,
    "slabs": slabs,
    "settings": settings,
    "sizes": sizes,
    "conns": clients,
}
