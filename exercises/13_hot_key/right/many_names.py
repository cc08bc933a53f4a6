# So many copies that chance spreads them; a TTL instead of 32 deletes.
import cachesim as cs


class Spread(cs.Strategy):
    hot: str = "key:00000000"
    shards: int = 4

    def read(self, app, key):
        name, ttl = key, float("inf")
        if key == self.hot:
            name, ttl = f"{key}/{int(32 * app.random())}", 0.45
        value = yield app.cache.get(name)
        if value is None:
            value = yield app.db.read(key)
            yield app.cache.set(name, value, ttl)
        return value

    def write(self, app, key, value):
        yield app.db.write(key, value)
        yield app.cache.delete(key)
