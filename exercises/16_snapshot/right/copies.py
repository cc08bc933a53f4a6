def run(commands):
    keys, file, copied = {}, {}, 0
    todo, old, new = set(), {}, {}
    saving = False
    for command in commands:
        name = command[0]
        if name == "BGSAVE":
            if not saving:
                saving, todo, old, new = True, set(keys), {}, {}
        elif name == "CRASH":
            saving, keys = False, file.copy()
        elif name == "STEP":
            if not saving:
                continue
            if todo:
                key = min(todo)
                todo.remove(key)
                new[key] = old.get(key, keys.get(key))
            if not todo:
                file, saving = new, False
        else:
            key = command[1]
            if saving and key in todo and key not in old:
                old[key] = keys[key]
                copied += 1
            if name == "SET":
                keys[key] = command[2]
            elif key in keys:
                del keys[key]
    return {"keys": keys, "copied": copied}
