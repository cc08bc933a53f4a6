LIVE = object()


def run(commands):
    keys, file, child, at, copied = {}, {}, None, 0, 0
    for name, *rest in commands:
        if name == "SET" or name == "DEL":
            key = rest[0]
            if child is not None and child.get(key) is LIVE:
                child[key] = keys[key]
                copied += 1
            if name == "SET":
                keys[key] = rest[1]
            else:
                keys.pop(key, None)
        elif name == "BGSAVE" and child is None:
            child, at = dict.fromkeys(sorted(keys), LIVE), 0
        elif name == "STEP" and child is not None:
            names = list(child)
            if at < len(names):
                if child[names[at]] is LIVE:
                    child[names[at]] = keys[names[at]]
                at += 1
            if at >= len(names):
                file, child = child, None
        elif name == "CRASH":
            keys, child = dict(file), None
    return {"keys": keys, "copied": copied}
