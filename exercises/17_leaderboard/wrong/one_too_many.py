# score: 75
# ZREVRANGE includes both ends.
def add(player, points):
    return ["ZINCRBY", "board", str(points), player]


def best(count):
    return ["ZREVRANGE", "board", 0, count, "WITHSCORES"]


def rank(player):
    return ["zrevrank", "board", player]


def keep(count):
    return ["ZREMRANGEBYRANK", "board", 0, -(count + 1)]


def total(key, boards):
    return ["ZUNIONSTORE", key, len(boards), *boards, "AGGREGATE", "SUM"]
