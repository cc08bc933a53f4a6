# score: 65
# Sells the last item twice, and forgets what others sold.
def buy(count, replies):
    if not replies:
        return [["GET", "stock"]]
    left = int(replies[0][0] or 0) - count
    if left < 0:
        return False
    return [["SET", "stock", left]] if len(replies) == 1 else True
