"""Bytes on the wire: protocols without sockets, and a server for any engine."""
