"""`stats settings`: how the server was started, and what its commands have changed since."""

from cachesim.engines.memcached.automove import WINDOW
from cachesim.engines.memcached.daemon import Daemon
from cachesim.engines.memcached.host import WATCHER_BUFFER
from cachesim.engines.memcached.prefixes import DELIMITER
from cachesim.engines.memcached.slabs import LARGEST_CHUNK

Figures = dict[str, int | float | str]


def _yes(holds: object) -> str:
    return "yes" if holds else "no"


def settings(daemon: Daemon) -> Figures:
    """Return the settings (memcached.c, process_stat_settings)."""
    chosen = daemon.settings
    return {
        "maxbytes": daemon.slabs.limit,
        **_sockets(daemon),
        "growth_factor": f"{chosen.growth_factor:.2f}",
        "chunk_size": 48,
        **_clients(daemon),
        "item_size_max": chosen.item_size_max,
        "maxconns_fast": "yes",
        "hashpower_init": 0,
        "slab_reassign": "yes",
        "slab_automove": chosen.automove,
        "slab_automove_ratio": f"{chosen.automove_ratio:.2f}",
        "slab_automove_window": WINDOW,
        "slab_chunk_max": LARGEST_CHUNK,
        **_lru_settings(daemon),
        "idle_timeout": 0,
        "watcher_logbuf_size": WATCHER_BUFFER,
        "worker_logbuf_size": 65536,
        "read_buf_mem_limit": 0,
        "track_sizes": _yes(daemon.sizes_from is not None),
        **WITHOUT,
    }


def _sockets(daemon: Daemon) -> Figures:
    host = daemon.host
    return {
        "maxconns": host.max_connections,
        "tcpport": host.port,
        "udpport": 0,
        "inter": host.address,
        "verbosity": daemon.settings.verbosity,
        "oldest": daemon.settings.oldest_live,
        "evictions": "on",
        "domain_socket": host.socket,
        "umask": 700,
        "shutdown_command": "no",
    }


def _clients(daemon: Daemon) -> Figures:
    chosen, host = daemon.settings, daemon.host
    return {
        "num_threads": chosen.threads,
        "num_threads_per_udp": chosen.threads,
        "stat_key_prefix": DELIMITER,
        "detail_enabled": _yes(daemon.prefixes.enabled),
        "reqs_per_event": 20,
        "cas_enabled": _yes(chosen.use_cas),
        "tcp_backlog": 1024,
        "binding_protocol": host.protocol,
        "auth_enabled_sasl": _yes(host.sasl),
        "auth_enabled_ascii": host.auth_file,
    }


# External storage, TLS and the like: switched off, as in a server that was started without them.
WITHOUT: Figures = {
    "inline_ascii_response": "no",
    "ext_item_size": 512,
    "ext_item_age": 4294967295,
    "ext_low_ttl": 0,
    "ext_recache_rate": 2000,
    "ext_wbuf_size": 4194304,
    "ext_compact_under": 0,
    "ext_drop_under": 0,
    "ext_max_sleep": 1000000,
    "ext_max_frag": "0.80",
    "slab_automove_freeratio": "0.010",
    "ext_drop_unread": "no",
    "ssl_enabled": "no",
    "ssl_chain_cert": "(null)",
    "ssl_key": "(null)",
    "ssl_verify_mode": 0,
    "ssl_keyformat": 1,
    "ssl_ciphers": "NULL",
    "ssl_ca_cert": "NULL",
    "ssl_wbuf_size": 16384,
    "ssl_session_cache": "no",
    "ssl_kernel_tls": "no",
    "ssl_min_version": "tlsv1.2",
    "num_napi_ids": "(null)",
    "memory_file": "(null)",
}


def _lru_settings(daemon: Daemon) -> Figures:
    settings, crawler = daemon.settings, daemon.crawler
    return {
        "lru_crawler": _yes(crawler.enabled),
        "lru_crawler_sleep": crawler.pause,
        "lru_crawler_tocrawl": crawler.most,
        "tail_repair_time": 0,
        "flush_enabled": "yes",
        "dump_enabled": "yes",
        "hash_algorithm": "murmur3",
        "lru_maintainer_thread": _yes(daemon.settings.maintained),
        "lru_segmented": _yes(settings.segmented),
        "hot_lru_pct": settings.hot_percent,
        "warm_lru_pct": settings.warm_percent,
        "hot_max_factor": f"{settings.hot_factor:.2f}",
        "warm_max_factor": f"{settings.warm_factor:.2f}",
        "temp_lru": _yes(settings.temp_ttl is not None),
        "temporary_ttl": 61 if settings.temp_ttl is None else settings.temp_ttl,
    }
