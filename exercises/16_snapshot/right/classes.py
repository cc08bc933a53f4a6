class Snapshot:
    def __init__(self, keys):
        self.names, self.old, self.written = sorted(keys, reverse=True), {}, {}

    def before_change(self, key, value):
        if key in self.names and key not in self.old:
            self.old[key] = value
            return 1
        return 0

    def step(self, keys):
        if self.names:
            key = self.names.pop()
            self.written[key] = self.old[key] if key in self.old else keys[key]
        return not self.names


class Server:
    def __init__(self):
        self.keys, self.file, self.child, self.copied = {}, {}, None, 0

    def change(self, key):
        if self.child:
            self.copied += self.child.before_change(key, self.keys.get(key))

    def do(self, name, key=None, value=None):
        if name == "SET":
            self.change(key)
            self.keys[key] = value
        elif name == "DEL":
            self.change(key)
            self.keys.pop(key, None)
        elif name == "BGSAVE":
            self.child = self.child or Snapshot(self.keys)
        elif name == "STEP":
            if self.child and self.child.step(self.keys):
                self.file, self.child = self.child.written, None
        elif name == "CRASH":
            self.keys, self.child = dict(self.file), None


def run(commands):
    server = Server()
    for command in commands:
        server.do(*command)
    return {"keys": server.keys, "copied": server.copied}
