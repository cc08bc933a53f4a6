# score: 80
# Lives from 0 to the TTL: half of all copies live for less than half of it.
import cachesim as cs


class HerdProof(cs.Strategy):
    ttl: float = 1.0
    early: float = 0.0

    def read(self, app, key):
        due = app.shared.setdefault("due", set())
        value = yield app.cache.get(key)
        if value is None:
            return (yield self.fetch_once(app, key))
        if key in due:
            due.discard(key)
            self.fetch_once(app, key)
        return value

    def fetch_once(self, app, key):
        flights = app.shared.setdefault("flights", {})
        if key not in flights:
            flights[key] = app.spawn(self.fetch(app, key))
        return flights[key]

    def fetch(self, app, key):
        try:
            row = yield app.db.read(key)
            yield app.cache.set(key, row, self.ttl)
            if self.early > 0:
                app.spawn(self.remind(app, key))
            return row
        finally:
            app.shared["flights"].pop(key)

    def remind(self, app, key):
        yield app.timeout(max(0.0, self.ttl - self.early))
        app.shared["due"].add(key)

    def write(self, app, key, value):
        yield app.db.write(key, value)


def lifetime(ttl, draw):
    return ttl * draw
