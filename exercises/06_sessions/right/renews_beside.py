# Answers a read first, and renews the session beside it.
import cachesim as cs


class Sessions(cs.Strategy):
    idle: float = 10.0

    def renew(self, app, key, session):
        yield app.cache.set(key, session, self.idle)

    def read(self, app, key):
        session = yield app.cache.get(key)
        if session is None:
            session = yield app.db.read(key)
        app.spawn(self.renew(app, key, session))
        return session

    def write(self, app, key, value):
        yield app.db.write(key, value)
        yield from self.renew(app, key, value)
