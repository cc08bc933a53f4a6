import math
from collections.abc import Callable
from cachesim.engines.base import *
from cachesim.engines.policies import LRU
from cachesim.spec import *
class Simple(EngineSpec):
    memory: Bytes = 4*2**20
    items: Count | None = None
    policy: Callable[[], EvictionPolicy] = LRU
    def build(self, clock, random): return SimpleEngine(self,clock,random)
class SimpleEngine(Engine):
    def __init__(s,spec,c,r):
        super().__init__(c,r); s.spec=spec; s.e={}; s.p=spec.policy(); s.p.random=r
    def get(s,k):
        e=s.e.get(k)
        if e is None: return None
        if e.expires<=s.clock(): s._remove(e,"expired"); s.expirations+=1; return None
        s.p.on_use(e); return e.value
    def _remove(s,e,why):
        del s.e[e.key]; s.memory-=e.size; s.p.on_remove(e); s._gone[e.key]=why
    def set(s,k,v,ttl=math.inf):
        n=len(k)+len(v); old=s.e.get(k)
        if old: s._remove(old,"x")
        while s.memory+n>s.spec.memory or (s.spec.items and len(s.e)>=s.spec.items):
            s._remove(s.e[s.p.victim()],"evicted"); s.evictions+=1
        e=s.e[k]=Entry(k,v,n,s.clock()+ttl); s.memory+=n; s.p.on_add(e)
    def delete(s,k):
        e=s.e.get(k)
        if e is None: return False
        s._remove(e,"invalidated"); return True
    def __len__(s): return len(s.e)
