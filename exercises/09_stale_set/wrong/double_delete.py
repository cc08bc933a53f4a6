# score: 80
# Deletes a second time, 150 ms later: good copies go, too.
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
    def read(self, app, key):
        value = yield app.cache.get(key)
        if value is None:
            value = yield app.db.read(key)
            yield app.cache.set(key, value)
        return value

    def write(self, app, key, value):
        yield app.db.write(key, value)
        yield app.cache.delete(key)
        app.spawn(self.again(app, key))

    def again(self, app, key):
        yield app.timeout(0.15)
        yield app.cache.delete(key)
