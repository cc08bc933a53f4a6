"""Policies as their papers print them: slow, with the papers' names, for reads that store what they miss.

Each function returns, per request, whether it hit; `c` is the number of keys that the cache holds.
"""

from collections import deque


def arc(requests, c):
    """Megiddo and Modha, FAST 2003, figure 4: ARC(c). A list's head is its most recently used page."""
    t1, t2, b1, b2 = [], [], [], []
    p = 0.0
    hits = []

    def replace(x):
        if t1 and (len(t1) > p or (x in b2 and len(t1) == p)):
            b1.insert(0, t1.pop())
        else:
            b2.insert(0, t2.pop())

    for x in requests:
        hits.append(x in t1 or x in t2)
        if hits[-1]:  # case I
            (t1 if x in t1 else t2).remove(x)
            t2.insert(0, x)
        elif x in b1:  # case II
            p = min(c, p + (1 if len(b1) >= len(b2) else len(b2) / len(b1)))
            replace(x)
            b1.remove(x)
            t2.insert(0, x)
        elif x in b2:  # case III
            p = max(0, p - (1 if len(b2) >= len(b1) else len(b1) / len(b2)))
            replace(x)
            b2.remove(x)
            t2.insert(0, x)
        else:  # case IV
            if len(t1) + len(b1) == c:
                if len(t1) < c:
                    b1.pop()
                    replace(x)
                else:
                    t1.pop()
            elif len(t1) + len(t2) + len(b1) + len(b2) >= c:
                if len(t1) + len(t2) + len(b1) + len(b2) == 2 * c:
                    b2.pop()
                replace(x)
            t1.insert(0, x)
    return hits


def two_q(requests, c):
    """Johnson and Shasha, VLDB 1994, the full version: Kin is a quarter of the pages, Kout a half."""
    kin, kout = 0.25 * c, 0.5 * c
    a1in, a1out, am = deque(), deque(), deque()  # the left end is the head
    hits = []

    def reclaim():
        if len(a1in) + len(am) < c:
            return
        if len(a1in) > kin or not am:
            a1out.appendleft(a1in.pop())
            if len(a1out) > kout:
                a1out.pop()
        else:
            am.pop()

    for x in requests:
        hits.append(x in am or x in a1in)
        if x in am:
            am.remove(x)
            am.appendleft(x)
        elif x in a1in:
            pass
        elif x in a1out:
            reclaim()
            if x in a1out:
                a1out.remove(x)
            am.appendleft(x)
        else:
            reclaim()
            a1in.appendleft(x)
    return hits


def slru(requests, c):
    """Karedla, Love and Wherry, 1994: the protected segment has four fifths of the lines."""
    probationary, protected = [], []  # the first is the most recently used
    hits = []
    for x in requests:
        hits.append(x in probationary or x in protected)
        if hits[-1]:
            (probationary if x in probationary else protected).remove(x)
            protected.insert(0, x)
            if len(protected) > max(1, 0.8 * c):
                probationary.insert(0, protected.pop())
        else:
            if len(probationary) + len(protected) == c:
                (probationary or protected).pop()
            probationary.insert(0, x)
    return hits


def lru_2(requests, c):
    """O'Neil, O'Neil and Weikum, SIGMOD 1993, figure 2.1, with no correlated period.

    HIST(p, 1) is the last reference and HIST(p, 2) the one before; HIST of pages that left is kept for c pages.
    """
    hist, buffer, left = {}, [], []
    hits = []
    for t, p in enumerate(requests, 1):
        hits.append(p in buffer)
        if p not in buffer:
            if len(buffer) == c:
                victim = min(buffer, key=lambda q: (hist[q][1], hist[q][0]))
                buffer.remove(victim)
                left.append(victim)
                for q in left[:-c]:
                    del hist[q]
                left = left[-c:]
            buffer.append(p)
            if p in left:
                left.remove(p)
        hist[p] = t, hist.get(p, (0, 0))[0]
    return hits
