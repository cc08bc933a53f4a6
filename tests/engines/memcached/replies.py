"""Replies of memcached that several tests expect, and a key that is too long."""

BAD = b"CLIENT_ERROR bad command line format\r\n"
EXPTIME = b"CLIENT_ERROR invalid exptime argument\r\n"
LARGE = b"SERVER_ERROR object too large for cache\r\n"
LONG = b"k" * 251
