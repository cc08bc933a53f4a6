# The process keeps the value of the hot key for a moment, so that few reads reach its shard.
import cachesim as cs


class Spread(cs.Strategy):
    hot: str = "key:00000000"
    shards: int = 4

    def read(self, app, key):
        value, until = app.shared.get(key, (None, 0.0))
        if app.now < until:
            return value
        value = yield app.cache.get(key)
        if value is None:
            value = yield app.db.read(key)
            yield app.cache.set(key, value)
        if key == self.hot:
            app.shared[key] = value, app.now + 0.2
        return value

    def write(self, app, key, value):
        yield app.db.write(key, value)
        yield app.cache.delete(key)
