# score: 0
# A request that is not the first goes away with nothing, and lives may exceed the TTL.
import cachesim as cs


class HerdProof(cs.Strategy):
    ttl: float = 1.0
    early: float = 0.0

    def read(self, app, key):
        value = yield app.cache.get(key)
        if value is None and not app.shared.get(key):
            app.shared[key] = True
            value = yield app.db.read(key)
            yield app.cache.set(key, value, self.ttl)
            app.shared[key] = False
        return value

    def write(self, app, key, value):
        yield app.db.write(key, value)


def lifetime(ttl, draw):
    return ttl * (1 + 0.1 * draw)
