from cachesim.engines.simple import Simple


class Redis(Simple):
    pass
