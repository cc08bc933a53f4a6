# score: 45
# Keeps the first answer for ever in the web server; no jitter at all.
import cachesim as cs


class HerdProof(cs.Strategy):
    ttl: float = 1.0
    early: float = 0.0

    def read(self, app, key):
        value = yield app.cache.get(key)
        if value is None:
            if key not in app.shared:
                app.shared[key] = app.spawn(self.fill(app, key))
            value = yield app.shared[key]
        return value

    def fill(self, app, key):
        value = yield app.db.read(key)
        yield app.cache.set(key, value, self.ttl)
        return value

    def write(self, app, key, value):
        yield app.db.write(key, value)


def lifetime(ttl, draw):
    return ttl
