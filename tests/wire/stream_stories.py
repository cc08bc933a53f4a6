"""What several clients do with streams: (client, command) in turn, for test_several_clients.py."""

STORIES = {
    "waiting for entries of streams": """
        0 XREAD BLOCK 0 STREAMS s t $ $
        1 XREAD COUNT 1 BLOCK 0 STREAMS t s 0 5
        2 XADD s 1-1 a 1
        2 XADD s 1-2 a 2
        2 XADD t 1-1 b 1
        0 XREAD BLOCK 0 STREAMS s 1-2
        2 MULTI
        2 XADD s 7-1 a 3
        2 XADD s 7-2 a 4
        2 XDEL s 7-1
        2 EXEC
        0 XREAD BLOCK 0 STREAMS s $
        1 HELLO 3
        1 XREAD BLOCK 0 STREAMS s $
        2 XADD s MAXLEN 0 8-1 a 5
        0 XREAD BLOCK 0 STREAMS none $
        2 LPUSH none x
        2 DEL none
        2 XADD none 1-1 f v
        0 XREAD BLOCK 0 STREAMS none $
        2 DEL none
        2 XADD none 0-5 f v
        2 XADD none 2-0 f v
        0 MULTI
        0 XREAD BLOCK 0 STREAMS s $
        0 EXEC
        0 XREAD BLOCK -1 STREAMS s $
        0 XREAD BLOCK x STREAMS s $
        0 XREAD STREAMS s t $ $
        0 XREAD STREAMS s s 0 0
        1 XREAD STREAMS none none 0 0
        1 XINFO STREAM s
        1 XRANGE s - + COUNT 0""",
    "consumers that wait": """
        2 XGROUP CREATE s g $ MKSTREAM
        2 XGROUP CREATE s h $
        0 XREADGROUP GROUP g ann BLOCK 0 STREAMS s >
        1 XREADGROUP GROUP g bob BLOCK 0 NOACK STREAMS s >
        2 XADD s 1-1 a 1
        2 XADD s 1-2 a 2
        2 XPENDING s g
        2 XINFO GROUPS s
        0 XREADGROUP GROUP g ann COUNT 1 BLOCK 0 STREAMS s >
        1 XREADGROUP GROUP h bob BLOCK 0 STREAMS s >
        2 MULTI
        2 XADD s 3-1 a 1
        2 XADD s 3-2 a 2
        2 EXEC
        0 XREADGROUP GROUP g ann BLOCK 0 STREAMS s >
        0 XREADGROUP GROUP g ann BLOCK 0 STREAMS s >
        1 XREADGROUP GROUP h bob BLOCK 0 STREAMS s >
        2 XGROUP DESTROY s h
        2 DEL s
        0 XREADGROUP GROUP g ann BLOCK 0 STREAMS s >
        2 XGROUP CREATE s g $ MKSTREAM
        0 XREADGROUP GROUP g ann BLOCK 0 STREAMS s >
        2 SET s text
        2 DEL s
        2 XGROUP CREATE s g $ MKSTREAM
        0 XREADGROUP GROUP g ann BLOCK 0 STREAMS s >
        1 XREAD BLOCK 0 STREAMS s $
        2 SWAPDB 0 1
        2 SWAPDB 0 1
        2 XADD s 1-1 a 1
        2 XREADGROUP GROUP g bob STREAMS s >
        0 XREADGROUP GROUP g ann BLOCK 0 STREAMS s >
        2 RENAME s t
        2 RENAME t s
        0 XREADGROUP GROUP g ann BLOCK 0 STREAMS s >
        2 FLUSHALL
        0 XREADGROUP GROUP g ann BLOCK 0 STREAMS s >
        2 XGROUP CREATE s g 0 MKSTREAM
        2 XADD s 1-1 a 1
        0 MULTI
        0 XREADGROUP GROUP g ann BLOCK 0 STREAMS s >
        0 XREADGROUP GROUP g ann BLOCK 0 STREAMS s >
        0 EXEC
        2 XADD s 2-1 a 1
        0 XREADGROUP GROUP g ann BLOCK 0 STREAMS s 0""",
    "events and watches of streams": """
        0 CONFIG SET notify-keyspace-events KEAnm
        0 PSUBSCRIBE __key*
        1 WATCH s
        2 XADD s 1-1 a 1
        1 MULTI
        1 XLEN s
        1 EXEC
        2 XADD s MAXLEN 2 1-2 a 1
        2 XADD s MAXLEN 2 1-3 a 1
        2 XGROUP CREATE s g 0
        1 WATCH s
        2 XGROUP CREATECONSUMER s g ann
        2 XGROUP CREATECONSUMER s g ann
        2 XREADGROUP GROUP g bob STREAMS s >
        2 XCLAIM s g carl 0 1-2
        2 XAUTOCLAIM s g dora 0 0
        2 XACK s g 1-2
        2 XGROUP SETID s g 0
        2 XSETID s 9-9
        2 XGROUP DELCONSUMER s g bob
        2 XGROUP DESTROY s g
        1 MULTI
        1 XLEN s
        1 EXEC
        1 WATCH s t
        2 XDEL s 1-2 1-3
        1 MULTI
        1 XLEN s
        1 EXEC
        2 XTRIM s MAXLEN 0
        2 XGROUP CREATE t g $ MKSTREAM
        2 XREADGROUP GROUP g ann STREAMS t none 0 0
        2 XREAD STREAMS none $
        2 DEL s""",
}
