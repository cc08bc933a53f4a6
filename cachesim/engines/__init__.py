"""The caches themselves: embedded Redis, Memcached and Simple, each a running engine without a simulator."""
