"""Memcached 1.6 in this process, in files named after what they do in the server: slabs, items, crawler."""
