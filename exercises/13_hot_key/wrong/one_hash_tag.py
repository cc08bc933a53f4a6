# score: 20
# Copies with one hash tag: all of them have one slot.
import cachesim as cs


class Spread(cs.Strategy):
    hot: str = "key:00000000"
    shards: int = 4

    def read(self, app, key):
        name = key
        if key == self.hot:
            names = [f"{{{self.hot}}}{number}" for number in range(self.shards)]
            name = names[int(app.random() * len(names))]
        value = yield app.cache.get(name)
        if value is None:
            value = yield app.db.read(key)
            yield app.cache.set(name, value)
        return value

    def write(self, app, key, value):
        yield app.db.write(key, value)
        for name in (
            [f"{{{self.hot}}}{number}" for number in range(self.shards)]
            if key == self.hot
            else [key]
        ):
            yield app.cache.delete(name)
