# One method renews a session.
import cachesim as cs


class Sessions(cs.Strategy):
    idle: float = 10.0

    def touch(self, app, key, session):
        if session is not None:
            yield app.cache.set(key, session, ttl=self.idle)
        return session

    def read(self, app, key):
        session = (yield app.cache.get(key)) or (yield app.db.read(key))
        return (yield from self.touch(app, key, session))

    def write(self, app, key, value):
        yield app.db.write(key, value)
        yield from self.touch(app, key, value)
