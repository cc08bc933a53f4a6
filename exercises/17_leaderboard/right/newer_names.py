# ZADD can add to a score, and ZRANGE can go backwards.
def add(player, points):
    return ["ZADD", "board", "INCR", points, player]


def best(count):
    return ["ZRANGE", "board", 0, count - 1, "REV", "WITHSCORES"]


def rank(player):
    return ["ZREVRANK", "board", player]


def keep(count):
    return ["ZREMRANGEBYRANK", "board", "0", str(-1 - count)]


def total(key, boards):
    return ["ZUNIONSTORE", key, str(len(boards)), *boards]
