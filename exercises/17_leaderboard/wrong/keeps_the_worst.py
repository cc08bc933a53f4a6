# score: 85
# Removes the best.
def add(player, points):
    return ["ZINCRBY", "board", str(points), player]


def best(count):
    return ["ZREVRANGEBYSCORE", "board", "+inf", "-inf", "WITHSCORES", "LIMIT", 0, count]


def rank(player):
    return ["zrevrank", "board", player]


def keep(count):
    return ["ZREMRANGEBYRANK", "board", count, -1]


def total(key, boards):
    return ["ZUNIONSTORE", key, len(boards), *boards, "AGGREGATE", "SUM"]
