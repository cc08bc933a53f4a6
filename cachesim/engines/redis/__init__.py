"""Redis 7.0 in this process. Its files are named after those of redis/src, to be read beside them."""
