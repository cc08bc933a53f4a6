"""What some clients say to a server that has users, line by line: tests/wire/test_acl.py."""

HASH = "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b"  # of "secret"
# (client, command) in turn, words separated by blanks.
STORIES = {
    "users": f"""
        0 ACL WHOAMI
        0 ACL LIST
        0 ACL USERS
        0 ACL GETUSER default
        0 ACL GETUSER nobody
        0 ACL SETUSER ada
        0 ACL LIST
        0 ACL SETUSER ada on >secret ~app:* %R~read:* %W~write:* &news.* +@read -get +set
        0 ACL GETUSER ada
        0 ACL LIST
        0 ACL SETUSER bob on nopass allkeys allchannels allcommands
        0 ACL SETUSER bob -@dangerous -flushall +acl|whoami
        0 ACL GETUSER bob
        0 ACL SETUSER ada >other <secret #{HASH} !{HASH}
        0 ACL GETUSER ada
        0 ACL SETUSER ada reset
        0 ACL GETUSER ada
        0 ACL SETUSER ada +select|0 +select|1 +SELECT|0 +config|get +debug|object
        0 ACL GETUSER ada
        0 ACL SETUSER ada +select
        0 ACL GETUSER ada
        0 ACL SETUSER ada %RW~x %r~y %W~y skip-sanitize-payload nopass
        0 ACL GETUSER ada
        0 ACL USERS
        0 ACL DELUSER bob nobody
        0 ACL USERS
        0 ACL DELUSER default ada
        0 ACL SETUSER ada clearselectors
        0 ACL HELP""",
    "wrong rules": """
        0 ACL SETUSER ada +foo
        0 ACL SETUSER ada +@foo
        0 ACL SETUSER ada foo
        0 ACL SETUSER ada ON
        0 ACL SETUSER ada allkeys ~x
        0 ACL SETUSER ada %~x
        0 ACL SETUSER ada %RX~x
        0 ACL SETUSER ada %R
        0 ACL SETUSER ada %
        0 ACL SETUSER ada %w
        0 ACL GETUSER ada
        0 ACL SETUSER ada allchannels &x
        0 ACL SETUSER ada <nothing
        0 ACL SETUSER ada #123
        0 ACL SETUSER ada !123
        0 ACL SETUSER ada +config|foo
        0 ACL SETUSER ada +config|get|x
        0 ACL SETUSER ada +select|
        0 ACL SETUSER ada -select|1
        0 ACL SETUSER ada +foo|bar
        0 ACL SETUSER ada +config|
        0 ACL SETUSER ada -@foo
        0 ACL SETUSER ada on >x +get foo
        0 ACL GETUSER ada
        0 ACL SETUSER
        0 ACL DELUSER default
        0 ACL FOO
        0 ACL
        0 ACL CAT foo
        0 ACL CAT read read
        0 ACL GENPASS 0
        0 ACL GENPASS x
        0 ACL GENPASS 5000
        0 ACL LOG x
        0 ACL LOG -1
        0 ACL SAVE
        0 ACL LOAD
        0 ACL DRYRUN nobody get x
        0 ACL DRYRUN default foo
        0 ACL DRYRUN default get
        0 AUTH x
        0 AUTH a b c
        0 AUTH
        0 CLIENT KILL USER nobody""",
    "passwords": """
        0 CONFIG SET requirepass foobar
        1 GET x
        2 PING
        0 SET x 100
        3 GET x
        3 FOO
        3 GET
        3 HELLO
        3 HELLO 2 AUTH default wrong
        3 AUTH wrong
        3 AUTH default wrong
        3 AUTH nobody x
        3 MULTI
        3 AUTH foobar
        3 GET x
        3 RESET
        3 GET x
        3 HELLO 2 AUTH default foobar
        3 PING
        0 CONFIG GET requirepass
        0 ACL LIST
        0 ACL SETUSER default >more
        3 AUTH more
        0 CONFIG SET requirepass
        0 ACL SETUSER default nopass
        3 RESET
        3 PING
        3 AUTH default anything
        3 AUTH anything
        0 ACL SETUSER default off
        3 RESET
        3 PING
        0 PING
        0 ACL SETUSER default on
        3 PING""",
    "permissions": """
        0 ACL SETUSER ada on >secret ~app:* %R~read:* %W~write:* &news.* +@all -flushall -config|set
        1 AUTH ada secret
        1 ACL WHOAMI
        1 SET app:1 x
        1 GET read:1
        1 SET read:1 x
        1 SET write:1 x
        1 SET write:1 x GET
        1 GET write:1
        1 APPEND write:1 x
        1 COPY read:1 write:2
        1 COPY write:2 read:1
        1 RENAME app:1 app:2
        1 RENAME app:1 other
        1 MGET app:1 other read:1
        1 MSET app:1 1 read:1 2
        1 BITFIELD read:1 GET u8 0
        1 BITFIELD read:1 SET u8 0 1
        1 ZUNIONSTORE write:3 1 read:1
        1 ZUNIONSTORE read:3 1 read:1
        1 FLUSHALL
        1 CONFIG SET maxmemory 0
        1 CONFIG GET maxclients
        1 PUBLISH news.1 hello
        1 PUBLISH other hello
        1 SUBSCRIBE other
        1 PSUBSCRIBE news.1
        1 PSUBSCRIBE other.*
        1 FOO
        1 GET
        0 ACL SETUSER ada -get
        1 GET app:1
        1 MULTI
        1 GET app:1
        1 EXEC
        1 MULTI
        1 SET app:1 y
        0 ACL SETUSER ada -set
        1 EXEC
        0 ACL SETUSER ada +@all resetkeys
        1 MULTI
        1 PUBLISH news.1 x
        0 ACL SETUSER ada resetchannels
        1 EXEC
        0 ACL LOG
        0 ACL LOG 1
        0 ACL LOG RESET
        0 ACL LOG""",
    "dry runs": """
        0 ACL SETUSER ada on ~app:* %R~read:* &news.* +@read +set +select|0 +@pubsub +config|get
        0 ACL DRYRUN ada GET app:1
        0 ACL DRYRUN ada GET other
        0 ACL DRYRUN ada SET app:1 x
        0 ACL DRYRUN ada SET read:1 x
        0 ACL DRYRUN ada DEL app:1
        0 ACL DRYRUN ada SELECT 0
        0 ACL DRYRUN ada SELECT 1
        0 ACL DRYRUN ada PUBLISH news.x x
        0 ACL DRYRUN ada PUBLISH other x
        0 ACL DRYRUN ada CONFIG GET x
        0 ACL DRYRUN ada CONFIG SET x y
        0 ACL DRYRUN ada AUTH x
        0 ACL DRYRUN ada HELLO
        0 ACL DRYRUN ada ZUNION 2 app:1 app:2
        0 ACL DRYRUN ada ZUNION 2 app:1 other
        0 ACL DRYRUN ada ZUNION x app:1 other""",
    "the log": """
        0 ACL SETUSER ada on >secret +@all -get
        1 AUTH ada secret
        1 GET a
        1 get b
        1 SET a b
        1 SET c d
        1 PUBLISH x y
        1 AUTH ada wrong
        1 auth ada wrong
        1 AUTH nobody wrong
        1 MULTI
        1 GET a
        1 DISCARD
        0 ACL LOG
        0 CONFIG SET acllog-max-len 2
        1 GET a
        0 ACL LOG""",
    "who listens": """
        0 ACL SETUSER ada on nopass allcommands allkeys &a &b*
        1 AUTH ada x
        2 AUTH ada x
        3 AUTH ada x
        1 SUBSCRIBE a
        2 PSUBSCRIBE b*
        0 ACL SETUSER ada &c
        0 PUBLISH a 1
        0 ACL SETUSER ada resetchannels &a
        0 PUBLISH a 2
        0 PUBLISH b1 3
        3 PING
        0 ACL SETUSER bob on nopass allcommands
        3 AUTH bob x
        0 ACL DELUSER bob
        0 CLIENT KILL USER ada""",
    "channels by default": """
        0 CONFIG SET acl-pubsub-default allchannels
        0 ACL SETUSER ada
        0 ACL GETUSER ada
        0 ACL SETUSER ada resetchannels
        0 ACL SETUSER ada reset
        0 ACL GETUSER ada""",
}
