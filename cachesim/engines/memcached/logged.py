"""The lines that `watch` shows: each lookup, each store, each eviction.

A line costs time, so it is made only while somebody watches its kind.
"""

from typing import Any

from cachesim.engines.memcached.items import Item
from cachesim.engines.memcached.protocol import to_uri

FETCHERS, MUTATIONS, EVICTIONS, CONNECTIONS = "fetchers", "mutations", "evictions", "connevents"
# Kinds that a client may watch; of the last ones there is nothing to tell here.
SILENT = ("sysevents", "rawcmds", "proxyreqs", "proxyevents", "proxyuser")
KINDS = (FETCHERS, MUTATIONS, EVICTIONS, CONNECTIONS, *SILENT)
NEVER = 0  # an item without an expiration time


def fetched(table: Any, key: str, status: str, item: Item | None) -> None:
    """Tell of a lookup (logger.c, _logger_parse_ige)."""
    found = (0, 0) if item is None else (item.segment.lru.slab.number, len(item.value))
    text = f"type=item_get key={to_uri(key)} status={status} clsid={found[0]}"
    table.log(FETCHERS, f"{text} cfd={table.client} size={found[1]}")


def stored(table: Any, how: str, status: str, item: Item) -> None:
    """Tell of a store, or why it was refused (logger.c, _logger_parse_ise)."""
    ttl = 0 if item.expires == NEVER else (item.expires - table.now) % 2**32
    text = f"type=item_store key={to_uri(item.key)} status={status.lower()} cmd={how} ttl={ttl}"
    where = f"clsid={item.segment.lru.slab.number} cfd={table.client}"
    table.log(MUTATIONS, f"{text} {where} size={len(item.value)}")


def refused(table: Any, how: str, status: str, key: str) -> None:
    """Tell of a value that got no memory (proto_text.c, process_update_command)."""
    text = f"type=item_store key={to_uri(key)} status={status} cmd={how} ttl=0"
    table.log(MUTATIONS, f"{text} clsid=0 cfd={table.client} size=0")


def evicted(table: Any, item: Item) -> None:
    """Tell of an eviction (logger.c, _logger_parse_ee)."""
    ttl = -1 if item.expires == NEVER else item.expires - table.now
    text = f"type=eviction key={to_uri(item.key)} fetch={'yes' if item.hits else 'no'} ttl={ttl}"
    where = f"la={table.now - item.time} clsid={item.segment.lru.slab.number}"
    table.log(EVICTIONS, f"{text} {where} size={len(item.value)}")
