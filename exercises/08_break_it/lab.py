# %% [markdown] id="question"
# # 8 · Break it
#
# Four caches claim to be LRU, and none is. **Which requests give them away?** `steps()` returns a story for a cache of three keys, as text: `"+a"` stores a key,
# `"?a"` reads it, `"-a"` deletes it. It is played to LRU and to each of the four; a broken one is found when it fails, or holds other keys at the end. At most
# thirty steps. Then turn on LRU itself: `never_hits(items)` returns keys to read, from at most `items + 1` different ones, of which a cache of `items` keys never
# has one. Ours took eight lines.


# %% id="steps"
def steps():
    """Return at most 30 steps that tell LRU from its imitations."""
    # BEGIN SOLUTION
    return "+a +b +c ?a +d +c +e -e +f +g ?c +h ?c +i"
    # END SOLUTION


# %% id="never-hits"
def never_hits(items):
    """Return a list of keys, as text, on which LRU with so many items never hits."""
    # BEGIN SOLUTION
    return [f"k{number % (items + 1)}" for number in range(4 * items)]
    # END SOLUTION


# %% id="parameters" tags=["parameters"]
def parameters(random):
    """Return what differs from student to student."""
    return {"items": random(5, 40)}


# %% id="visible" tags=["visible"]
def test_steps_can_be_played(lab):
    assert held(story(lab), "LRU") is not None, "LRU could not play the steps"


def test_finds_fifo(lab):
    found(lab, "FIFO")


# %% id="hidden" tags=["hidden"]
def test_finds_the_youngest_goes(lab):
    found(lab, "Youngest")


def test_finds_overwrites_ignored(lab):
    found(lab, "ReadsOnly")


def test_finds_deleted_keys_named(lab):
    found(lab, "NeverForgets")


def test_lru_never_hits(lab):
    for items in (3, lab.params["items"]):
        missed_by_lru(lab.call("never_hits", items), items)
