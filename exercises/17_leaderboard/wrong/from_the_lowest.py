# score: 50
# A sorted set counts from the lowest score.
def add(player, points):
    return ["ZINCRBY", "board", str(points), player]


def best(count):
    return ["ZRANGEBYSCORE", "board", "-inf", "+inf", "WITHSCORES", "LIMIT", 0, count]


def rank(player):
    return ["zrank", "board", player]


def keep(count):
    return ["ZREMRANGEBYRANK", "board", 0, -(count + 1)]


def total(key, boards):
    return ["ZUNIONSTORE", key, len(boards), *boards, "AGGREGATE", "SUM"]
