# score: 90
# A short TTL for every key: the rare ones are never there.
from binascii import crc_hqx

import cachesim as cs


def shard_of(name, shards):
    return crc_hqx(name.encode(), 0) % 16384 * shards // 16384


class Spread(cs.Strategy):
    hot: str = "key:00000000"
    shards: int = 4

    def copies(self):
        names, number = {}, 0
        while len(names) < self.shards:
            names[shard_of(f"{self.hot}#{number}", self.shards)] = f"{self.hot}#{number}"
            number += 1
        return list(names.values())

    def read(self, app, key):
        name = key
        if key == self.hot:
            names = self.copies()
            name = names[int(app.random() * len(names))]
        value = yield app.cache.get(name)
        if value is None:
            value = yield app.db.read(key)
            yield app.cache.set(name, value, 0.4)
        return value

    def write(self, app, key, value):
        yield app.db.write(key, value)
        for name in self.copies() if key == self.hot else [key]:
            yield app.cache.delete(name)
