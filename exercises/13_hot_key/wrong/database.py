# score: 90
# Reads the hot key from the database: no shard is hot, but the database is.
import cachesim as cs


class Spread(cs.Strategy):
    hot: str = "key:00000000"
    shards: int = 4

    def read(self, app, key):
        if key == self.hot:
            return (yield app.db.read(key))
        value = yield app.cache.get(key)
        if value is None:
            value = yield app.db.read(key)
            yield app.cache.set(key, value)
        return value

    def write(self, app, key, value):
        yield app.db.write(key, value)
        yield app.cache.delete(key)
