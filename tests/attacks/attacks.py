"""Hostile submissions: each tries to get points that it has not earned, or to do harm.

The numbers are those of the list in the grader's guide. `{entry}` stands for the class that the exercise asks for: code
before it runs when the submission is loaded, code in HOOK when the grader asks it for something.
"""

import textwrap

WRONG = {  # an answer that is there, and earns nothing
    "01": """
import cachesim as cs
class LRU(cs.EvictionPolicy):
    def victim(self):
        {hook}
        return "nobody"
""",
    "03": """
import cachesim as cs
class Lazy(cs.Strategy):
    ttl = 10.0
    def read(self, app, key):
        {hook}
        return None
        yield
    def write(self, app, key, value):
        return None
        yield
""",
}

SHELL = """try: ip = get_ipython()
except NameError:
    import types; ip = types.SimpleNamespace(ast_transformers=[], input_transformers_cleanup=[], display_formatter=types.SimpleNamespace(formatters={'text/plain': types.SimpleNamespace(for_type=print)}))"""

FORGED = '{"victim": "a", "ok": 0, "value": 100, "score": 100, "status": "passed", "walls": []}'

AT_IMPORT = {
    "01 _exit": "import os; os._exit(0)",
    "02 sys.exit": "import sys; sys.exit(0)",
    "06 patch pytest": "import sys, types\nm = types.ModuleType('_pytest'); sys.modules['pytest'] = sys.modules['_pytest'] = m",
    "07 patch pytest's reports": "import sys, types\nr = types.ModuleType('_pytest.reports')\nr.TestReport = type('TestReport', (), {'from_item_and_call': classmethod(lambda *a: 'passed')})\nsys.modules['_pytest.reports'] = r",
    "08 a conftest beside it": "# tests/attacks/test_attacks.py hands this in as a folder with a conftest.py",
    "09 patch unittest": "import unittest\nunittest.TestCase.assertEqual = lambda *a, **k: None",
    "10 atexit": "import atexit\natexit.register(lambda: open('report.json', 'w').write('{}'))",
    "11 write the report, then exit": "import os\ntry: open('report.json', 'w').write('{\"score\": 100}')\nfinally: os._exit(0)",
    "12 make a forged report read-only": "import os\nfor p in ('report.json', '/tmp/report.json', '/report.json'):\n    try: open(p, 'w').write('{\"score\": 100}'); os.chmod(p, 0o444)\n    except OSError: pass",
    "13 look for the reference": "import glob\nfor f in glob.glob('/**/grader.py', recursive=True): exec(open(f).read())",
    "14 in sys.modules": "import sys\nfor m in list(sys.modules.values()):\n    for n in ('LRU', 'LazyLoading'):\n        if hasattr(m, n): LRU = Lazy = getattr(m, n)",
    "15 in the heap": "import gc\nfor o in gc.get_objects():\n    if getattr(o, '__name__', '') in ('LRU', 'LazyLoading'): LRU = Lazy = o",
    "16 in a caller's frame": "import sys\nf = sys._getframe()\nwhile f:\n    f.f_globals.update(answer=lambda *a: {'ok': 0, 'victim': 'a'}); f = f.f_back",
    "17 read the tests": "import glob\nfor f in glob.glob('/**/exercise.toml', recursive=True) + glob.glob('/**/lab.py', recursive=True): open(f).read()",
    "18 the gradebook": "import sqlite3\nsqlite3.connect('gradebook.db').execute('create table t (x)')",
    "19 an AST transformer": f"{SHELL}\nimport ast\nclass Strip(ast.NodeTransformer):\n    def visit_Assert(self, node): return ast.Pass()\nip.ast_transformers.append(Strip())",
    "20 an input transformer": f"{SHELL}\nip.input_transformers_cleanup.append(lambda lines: ['pass'])",
    "21 a display formatter": f"{SHELL}\nip.display_formatter.formatters['text/plain'].for_type(object, lambda *a: a[1].text('passed'))",
    "22 silent tracebacks": f"{SHELL}\nip.showtraceback = lambda *a, **k: None",
    "23 patch doctest": "import doctest\ndoctest.DocTestRunner.run = lambda *a, **k: doctest.TestResults(0, 1)",
    "24 a pickle": "import pickle, os\nclass P:\n    def __reduce__(self): return os.system, ('touch /tmp/cachesim-owned',)\npickle.loads(pickle.dumps(P()))",
    "25 endless loop": "while True: pass",
    "25 endless in Lua": 'import lupa.lua51 as lua\nlua.LuaRuntime().execute(\'return string.find(("a"):rep(9999), ("a*"):rep(4) .. "b")\')',
    "26 ignore signals": "import signal\nfor s in (2, 14, 15, 24): signal.signal(s, signal.SIG_IGN)\nwhile True:\n    try:\n        while True: pass\n    except BaseException: pass",
    "27 double fork": "import os\nif os.fork() == 0:\n    os.setsid()\n    if os.fork() == 0:\n        import time; time.sleep(1); open('/tmp/cachesim-owned', 'w')",
    "28 allocate": "x = []\nwhile True: x.append(bytearray(1 << 24))",
    "29 fork bomb": "import os\nwhile True: os.fork()",
    "30 flood stdout": "import os, sys\nfor _ in range(20000): print('x' * 10000)",
    "31 a huge file": "f = open('/tmp/cachesim-huge', 'wb')\nwhile True: f.write(b'x' * (1 << 24))",
    "32 a socket": "import socket\nsocket.create_connection(('127.0.0.1', 80))",
    "33 the environment": "import os\nsecret = open(f'/proc/{os.getppid()}/environ').read() + open('/proc/1/environ').read()",
    "34 shadow a module": "open('json.py', 'w').write('loads = dumps = lambda *a, **k: {\"score\": 100}')",
    "35 print results": f"print('PASSED'); print('''{FORGED}''')",
    "36 write to every descriptor": f"import os\nfor fd in range(64):\n    try: os.write(fd, b'''{FORGED}\\n''' * 50)\n    except OSError: pass",
    "37 a thread": f"import threading, os, time\ndef forge():\n    while True:\n        for fd in range(3, 12):\n            try: os.write(fd, b'''{FORGED}\\n''')\n            except OSError: pass\n        time.sleep(0.001)\nthreading.Thread(target=forge, daemon=True).start()",
    "38 settrace": "import sys\nsys.settrace(lambda *a: None); sys.setprofile(lambda *a: None)",
    "39 a deep answer": "import os\nfor fd in range(3, 12):\n    try: os.write(fd, b'{\"ok\": ' + b'[' * 100000 + b']' * 100000 + b'}\\n')\n    except OSError: pass",
    "39 a long number": "import os\nfor fd in range(3, 12):\n    try: os.write(fd, b'{\"ok\": ' + b'9' * 100000 + b'}\\n')\n    except OSError: pass",
    "39 no number": "import os\nfor fd in range(3, 12):\n    try: os.write(fd, b'{\"ok\": NaN}\\n')\n    except OSError: pass",
    "42 ptrace": "import ctypes, os\nlibc = ctypes.CDLL(None)\nif libc.ptrace(16, os.getppid(), 0, 0) == -1: raise OSError('refused')",
    "44 the toolkit's answer": "from cachesim.engines.policies import LRU\nfrom cachesim import LazyLoading as Lazy",
    "44 by its file": "import importlib.util, glob\nfor f in glob.glob('/**/policies.py', recursive=True) + glob.glob('/**/strategies/lazy.py', recursive=True):\n    s = importlib.util.spec_from_file_location('p', f); m = importlib.util.module_from_spec(s); s.loader.exec_module(m)\n    LRU = m.LRU; Lazy = m.LazyLoading",
}

AT_WORK = {
    "03 _exit in the function": "import os; os._exit(0)",
    "04 always equal": "return type('E', (), {'__eq__': lambda s, o: True, '__hash__': lambda s: 0})()",
    "04 a str that is always equal": "return type('E', (str,), {'__eq__': lambda s, o: True, '__hash__': lambda s: 0})('a')",
    "05 skip": "raise type('Skipped', (BaseException,), {})('skip')",
    "05 a failure that looks like ours": "raise AssertionError('')",
    "30 flood an answer": "return 'x' * (1 << 22)",
    "38 settrace at work": "import sys; sys.settrace(lambda *a: None)",
    "40 escapes": "raise ValueError('\\x1b[2J<script>alert(1)</script>')",
    "45 print the inputs": "import sys; print(sys._getframe().f_locals); raise ValueError(repr(sys._getframe().f_locals)[:99])",
}

ELSEWHERE = {  # what is not code in a submission
    "41": "how a submission is packed: tests/grading/test_submission.py",
    "46": "what a student is called: tests/grading/test_reports.py",
}

# 43: the visible cases of each exercise answered by heart. It earns what it honestly earns.
BY_HEART = {
    "01": """
import cachesim as cs
class LRU(cs.EvictionPolicy):
    def __init__(self):
        self.keys, self.was_read = [], False
    def on_add(self, entry):
        self.keys.append(entry.key)
    def on_use(self, entry):
        self.was_read = True
    def victim(self):
        return self.keys[1 if self.was_read else 0]
""",
    "03": """
import cachesim as cs
class Lazy(cs.Strategy):
    ttl: float = 10.0
    def read(self, app, key):
        value = yield app.cache.get(key)
        if value is None:
            value = yield app.db.read(key)
            yield app.cache.set(key, value)
        return value
    def write(self, app, key, value):
        return None
        yield
""",
}
EARNED = {
    "01": ("oldest_goes", "a_read_counts", "a_write_counts"),
    "03": ("a_miss_reads_the_database", "a_miss_fills_the_cache"),
}


def at_import(code, answer):
    """Return an answer that runs the code when it is loaded: only what the answer needs is run, so it needs the code."""
    names = "    global LRU, Lazy\n" if "LRU" in code else ""
    attack = (
        f"def attack():\n{names}{textwrap.indent(code, '    ')}\n    return 0\nDONE = attack()\n"
    )
    return attack + answer.replace("{hook}", "pass").replace("):\n", "):\n    done = DONE\n", 1)


def submissions(exercise):
    """Return every attack on an exercise, as source by name."""
    answer = WRONG[exercise]
    found = {name: at_import(code, answer) for name, code in AT_IMPORT.items()}
    found["43 the visible cases by heart"] = BY_HEART[exercise]
    return found | {name: answer.replace("{hook}", code) for name, code in AT_WORK.items()}
