from cachesim.engines.simple import Simple


class Memcached(Simple):
    pass
