# score: 80
# Keeps the first old value, but counts each change.
def run(commands):
    keys, file, part, kept, copied = {}, {}, {}, {}, 0
    waiting = None  # the keys that the snapshot has not written yet; None: none is being written
    for name, *rest in commands:
        if name in ("SET", "DEL"):
            key = rest[0]
            if waiting and key in waiting:
                kept.setdefault(key, keys.get(key))
                copied += 1
            keys.pop(key, None)
            if name == "SET":
                keys[key] = rest[1]
        elif name == "BGSAVE" and waiting is None:
            waiting, part, kept = sorted(keys), {}, {}
        elif name == "STEP" and waiting is not None:
            for key in waiting[:1]:
                part[key] = kept[key] if key in kept else keys[key]
            waiting = waiting[1:]
            if not waiting:
                file, waiting = part, None
        elif name == "CRASH":
            keys, waiting = dict(file), None
    return {"keys": keys, "copied": copied}
