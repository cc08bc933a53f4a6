# A pool of tickets; a request that finds none waits in a line, in the order of arrival.
import cachesim as cs


class Steady(cs.Strategy):
    ttl: float = 30.0
    tickets: int = 10

    def read(self, app, key):
        value = yield app.cache.get(key)
        if value is None:
            loads = app.shared.setdefault("loads", {})
            if key not in loads:
                loads[key] = app.spawn(self.load(app, key, loads))
            value = yield loads[key]
        return value

    def load(self, app, key, loads):
        line = app.shared.setdefault("line", [])
        line.append(key)
        try:
            while key not in line[: self.tickets]:
                yield app.timeout(0.005)
            row = yield app.db.read(key)
            yield app.cache.set(key, row, self.ttl)
        finally:
            line.remove(key)
            loads.pop(key)
        return row

    def write(self, app, key, value):
        yield app.db.write(key, value)
        yield app.cache.delete(key)
