# score: 95
# Right for one run: the locks are kept in the class.
import cachesim as cs


def stale_sets(requests):
    newest, found = {}, []
    for place in sorted(range(len(requests)), key=lambda place: requests[place]["end"]):
        request = requests[place]
        key, version = request["key"], request["version"]
        if request["op"] == "write":
            newest[key] = max(version, newest.get(key, 0))
        elif request["missed"] and newest.get(key, 0) > version:
            found.append(place)
    return sorted(found)


class Careful(cs.Strategy):
    busy = {}

    def lock(self, app, key):
        while key in self.busy:
            yield app.timeout(0.002)
        self.busy[key] = True

    def read(self, app, key):
        value = yield app.cache.get(key)
        if value is None:
            yield from self.lock(app, key)
            value = yield app.db.read(key)
            yield app.cache.set(key, value)
            del self.busy[key]
        return value

    def write(self, app, key, value):
        yield from self.lock(app, key)
        yield app.db.write(key, value)
        yield app.cache.delete(key)
        del self.busy[key]
