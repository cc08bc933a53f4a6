# score: 65
# Asks for all players, and would count them.
def add(player, points):
    return ["ZINCRBY", "board", str(points), player]


def best(count):
    return ["ZREVRANGEBYSCORE", "board", "+inf", "-inf", "WITHSCORES", "LIMIT", 0, count]


def rank(player):
    return ["ZREVRANGE", "board", 0, -1]


def keep(count):
    return ["ZREMRANGEBYRANK", "board", 0, -(count + 1)]


def total(key, boards):
    return ["ZUNIONSTORE", key, len(boards), *boards, "AGGREGATE", "SUM"]
