# The first takes a flag; the others wait a little and look again.
import cachesim as cs


class HerdProof(cs.Strategy):
    ttl: float = 1.0
    early: float = 0.0

    def read(self, app, key):
        value = yield app.cache.get(key)
        if value is not None:
            ends = app.shared.get(("ends", key), float("inf"))
            if self.early > 0 and app.now >= ends - self.early and key not in app.shared:
                app.spawn(self.fetch(app, key))
            return value
        while value is None and key in app.shared:
            yield app.timeout(0.004)
            value = yield app.cache.get(key)
        if value is None:
            value = yield from self.fetch(app, key)
        return value

    def fetch(self, app, key):
        app.shared[key] = "busy"
        try:
            row = yield app.db.read(key)
            yield app.cache.set(key, row, self.ttl)
            app.shared["ends", key] = app.now + self.ttl
        finally:
            app.shared.pop(key, None)
        return row

    def write(self, app, key, value):
        yield app.db.write(key, value)


def lifetime(ttl, draw):
    return ttl * (1 - 0.3 * draw)
