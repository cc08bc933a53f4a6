# score: 25
# BGSAVE begins a new snapshot, whatever is being written.
def run(commands):
    keys, file, part, kept, copied = {}, {}, {}, {}, 0
    waiting = None  # the keys that the snapshot has not written yet; None: none is being written
    for name, *rest in commands:
        if name in ("SET", "DEL"):
            key = rest[0]
            if waiting and key in waiting and key not in kept:
                kept[key] = keys[key]
                copied += 1
            keys.pop(key, None)
            if name == "SET":
                keys[key] = rest[1]
        elif name == "BGSAVE":
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
