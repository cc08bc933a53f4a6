"""INFO: the server's report about itself in sections, with the server's field names."""

from collections.abc import Callable
from typing import Any

from cachesim.engines.base import START
from cachesim.engines.redis.arguments import text
from cachesim.engines.redis.command import RedisCommand, table
from cachesim.engines.redis.db import Keyspace
from cachesim.engines.redis.parameters import value_of
from cachesim.engines.redis.reply import Reply, Verbatim
from cachesim.engines.redis.tally import ClientBytes
from cachesim.units import GIB, KIB, MIB

VERSION = "7.0.15"  # of the server with which this engine is compared
Fields = dict[str, object]


def counters(db: Keyspace) -> dict[str, int]:
    """Return the counts that the engine itself has kept since its start."""
    return {
        "expired_keys": db.expirations,
        "evicted_keys": db.evictions,
        "evicted_clients": db.evicted_clients,
        "keyspace_hits": db.keyspace_hits,
        "keyspace_misses": db.keyspace_misses,
    }


def human(number: int) -> str:
    """Show bytes for people.

    >>> human(60 * KIB), human(17)
    ('60.00K', '17B')
    """
    # redis 7: server.c, bytesToHuman
    for unit, letter in ((GIB, "G"), (MIB, "M"), (KIB, "K")):
        if number >= unit:
            return f"{number / unit:.2f}{letter}"
    return f"{number}B"


def in_cluster(db: Keyspace) -> bool:
    """Whether the engine is a node of a cluster; the server of the fleet sets it at the start."""
    return bool(value_of(db.settings, "cluster-enabled") == "yes")


def server_section(db: Keyspace) -> Fields:
    """Give the section about the server."""
    seconds = db.now // 1000 - START
    return {
        "redis_version": VERSION,
        "redis_mode": "cluster" if in_cluster(db) else "standalone",
        "os": "cachesim",
        "arch_bits": 64,
        "process_id": db.process_id,
        "run_id": f"{db.secret:040x}",
        "tcp_port": value_of(db.settings, "port"),
        "server_time_usec": db.now * 1000,
        "uptime_in_seconds": seconds,
        "uptime_in_days": seconds // 86400,
        "hz": db.hz,
        "configured_hz": db.hz,
        "lru_clock": db.lru_clock,
        "executable": "",
        "config_file": "",
    }


def clients_section(db: Keyspace) -> Fields:
    """Give the section about clients; a server of clients sets `connected_clients`."""
    return {
        "connected_clients": db.connected_clients,
        "maxclients": value_of(db.settings, "maxclients"),
        "blocked_clients": db.blocked.clients,
    }


def memory_section(db: Any) -> Fields:
    """Give the section about memory."""
    clients: ClientBytes = db.client_bytes()
    used = db.memory + db.held_by_clients + clients.replicas
    return {
        "used_memory": used,
        "used_memory_human": human(used),
        "used_memory_startup": db.base_memory,
        "used_memory_dataset": db.memory - db.base_memory,
        "used_memory_lua": db.scripts.lua_bytes,
        "number_of_cached_scripts": len(db.scripts.by_sha),
        "number_of_functions": sum(len(e.functions) for e in db.functions.libraries.values()),
        "number_of_libraries": len(db.functions.libraries),
        "maxmemory": db.maxmemory,
        "maxmemory_human": human(db.maxmemory),
        "maxmemory_policy": db.policy_name,
        "mem_not_counted_for_evict": clients.replicas,
        "mem_clients_slaves": clients.replicas,
        "mem_clients_normal": clients.normal,
        "mem_allocator": "jemalloc-5.3.0",
        "active_defrag_running": 0,
        "lazyfree_pending_objects": 0,
    }


def persistence_section(db: Keyspace) -> Fields:
    """Give the section about files: snapshots, and no append-only file."""
    return {
        "loading": 0,
        "async_loading": 0,
        **db.snapshots.facts(db.now // 1000),
        "aof_enabled": 0,
        "aof_rewrite_in_progress": 0,
        "aof_last_bgrewrite_status": "ok",
    }


def stats_section(db: Keyspace) -> Fields:
    """Give the section with the counts."""
    before = db.tally.before
    return {
        "total_connections_received": db.connected_clients,
        "total_commands_processed": db.tally.commands,
        **{name: number - before[name] for name, number in counters(db).items()},
        **{f"sync_{kind}": db.tally.syncs[kind] for kind in ("full", "partial_ok", "partial_err")},
        "migrate_cached_sockets": 0,  # there is no MIGRATE
        "pubsub_channels": len(db.channels.named),
        "pubsub_patterns": len(db.channels.patterns),
        "unexpected_error_replies": 0,
        "total_error_replies": db.tally.errors.total(),
    }


def replication_section(db: Keyspace) -> Fields:
    """Give the section about replicas; a server of clients knows them."""
    if db.about_replicas is not None:
        return db.about_replicas()
    return {"role": "master", "connected_slaves": 0, "master_repl_offset": 0}


def cpu_section(db: Keyspace) -> Fields:
    """Give the section about processor time: none passes inside a command."""
    return {"used_cpu_sys": "0.000000", "used_cpu_user": "0.000000"}


def commandstats_section(db: Keyspace) -> Fields:
    """Count how often each command ran. Commands take no time on the engine's clock."""
    tally = db.tally
    return {
        f"cmdstat_{name.lower()}": f"calls={tally.calls[name]},usec=0,usec_per_call=0.00,"
        f"rejected_calls={tally.rejected[name]},failed_calls={tally.failed[name]}"
        for name in sorted({*tally.calls, *tally.rejected})
    }


def errorstats_section(db: Keyspace) -> Fields:
    """Count how often each kind of error was the reply."""
    return {f"errorstat_{word}": f"count={n}" for word, n in sorted(db.tally.errors.items())}


def cluster_section(db: Keyspace) -> Fields:
    """Give the section about clusters."""
    return {"cluster_enabled": int(in_cluster(db))}


def keyspace_section(db: Keyspace) -> Fields:
    """Give the section about the databases that have keys."""
    return {
        f"db{index}": f"keys={len(database.table.entries)},expires={len(database.expires.entries)},"
        f"avg_ttl={database.average_ttl}"
        for index, database in sorted(db.databases.items())
        if database.table.entries
    }


SECTIONS: dict[str, tuple[str, Callable[[Keyspace], Fields]]] = {  # heading and fields, in order
    "server": ("Server", server_section),
    "clients": ("Clients", clients_section),
    "memory": ("Memory", memory_section),
    "persistence": ("Persistence", persistence_section),
    "stats": ("Stats", stats_section),
    "replication": ("Replication", replication_section),
    "cpu": ("CPU", cpu_section),
    "modules": ("Modules", lambda db: {}),
    "commandstats": ("Commandstats", commandstats_section),
    "errorstats": ("Errorstats", errorstats_section),
    "cluster": ("Cluster", cluster_section),
    "keyspace": ("Keyspace", keyspace_section),
}
USUAL = SECTIONS.keys() - {"commandstats"}  # shown if no section is asked for


def info(db: Keyspace, *sections: bytes) -> Reply:
    """INFO [section ...]."""
    asked = {text(part).lower() for part in sections}
    if not asked or "default" in asked:
        asked |= USUAL
    if asked & {"all", "everything"}:
        asked |= SECTIONS.keys()
    parts = []
    for name, (heading, section) in SECTIONS.items():
        if name in asked:
            lines = [f"{field}:{value}\r\n" for field, value in section(db).items()]
            parts.append("".join([f"# {heading}\r\n", *lines]))
    return Verbatim("\r\n".join(parts).encode())


COMMANDS = table(RedisCommand("INFO", "[option ...]", "loading stale", info, replies=info))
