# A semaphore of its own class, with a line of waiting loads that are woken one by one.
import cachesim as cs


class Gate:
    def __init__(self, places):
        self.places, self.waiting = places, []

    def enter(self, app):
        me = object()
        self.waiting.append(me)
        while self.places == 0 or self.waiting[0] is not me:
            yield app.timeout(0.004)
        self.waiting.pop(0)
        self.places -= 1

    def leave(self):
        self.places += 1


class Steady(cs.Strategy):
    ttl: float = 30.0

    def read(self, app, key):
        found = yield app.cache.get(key)
        if found is not None:
            return found
        flights = app.shared.setdefault("flights", {})
        if key not in flights:
            flights[key] = app.spawn(self.load(app, key))
        return (yield flights[key])

    def load(self, app, key):
        gate = app.shared.setdefault("gate", Gate(6))
        yield from gate.enter(app)
        try:
            row = yield app.db.read(key)
        except BaseException:
            app.shared["flights"].pop(key)
            raise
        finally:
            gate.leave()
        yield app.cache.set(key, row, self.ttl)
        app.shared["flights"].pop(key)
        return row

    def write(self, app, key, value):
        yield app.db.write(key, value)
        yield app.cache.delete(key)
