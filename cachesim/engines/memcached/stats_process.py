"""The figures of `stats` about the process: its connections, its bytes, its hash table."""

from cachesim.engines.memcached.host import Host
from cachesim.engines.memcached.stats_settings import Figures

LEAST_POWER = 16  # of two: buckets of a new server's hash table


def connections(host: Host) -> Figures:
    """Return who is connected, and the processor time."""
    user, system = host.usage()
    return {
        "rusage_user": f"{user:.6f}",
        "rusage_system": f"{system:.6f}",
        "max_connections": host.max_connections,
        "curr_connections": host.connections,
        "total_connections": host.total_connections,
        "rejected_connections": host.rejected,
        "connection_structures": host.most_at_once,
        **dict.fromkeys(BUFFERS, 0),
        "reserved_fds": 20,
    }


BUFFERS = (
    "response_obj_oom",
    "response_obj_count",
    "response_obj_bytes",
    "read_buf_count",
    "read_buf_bytes",
    "read_buf_bytes_free",
    "read_buf_oom",
)


def table_of_keys(items: int) -> Figures:
    """Return the size that the server's hash table has; it grows at 1.5 items per bucket.

    SIMPLIFIED: the table of the server never shrinks.
    """
    power = LEAST_POWER
    while items > 1.5 * 2**power:
        power += 1
    return {"hash_power_level": power, "hash_bytes": 8 * 2**power, "hash_is_expanding": 0}


def watchers(host: Host) -> Figures:
    """Return the counts of lines that `watch` has told."""
    return {
        "malloc_fails": 0,
        "log_worker_dropped": 0,
        "log_worker_written": host.log_written,
        "log_watcher_skipped": host.log_skipped,
        "log_watcher_sent": host.log_sent,
        "log_watchers": host.watchers,
        "unexpected_napi_ids": 0,
        "round_robin_fallback": 0,
    }


def traffic(host: Host, limit: int, threads: int) -> Figures:
    """Return logins, bytes on the wire, and what the server was started with."""
    return {
        "auth_cmds": host.auth_cmds,
        "auth_errors": host.auth_errors,
        "bytes_read": host.bytes_read,
        "bytes_written": host.bytes_written,
        "limit_maxbytes": limit,
        "accepting_conns": 1,
        "listen_disabled_num": 0,
        "time_in_listen_disabled_us": 0,
        "threads": threads,
        "conn_yields": 0,
    }
