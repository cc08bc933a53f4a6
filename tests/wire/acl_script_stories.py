"""Stories as in acl_stories.py, of scripts, functions and SORT: they look at more than their arguments."""

STORIES = {
    "scripts": """
        0 ACL SETUSER ada on nopass +@all -get -config ~app:* %R~read:* &news
        0 SET app:1 x
        1 AUTH ada x
        1 EVAL return_redis.call('get','app:1') 0
        1 EVAL return_redis.pcall('get','app:1') 0
        1 EVAL return_redis.call('set','app:1','y') 0
        1 EVAL return_redis.call('set','other','y') 0
        1 EVAL return_redis.call('set','other','y') 1 app:1
        1 EVAL return_redis.call('set','read:1','y') 0
        1 EVAL return_redis.pcall('append','read:1','y') 0
        1 EVAL return_redis.call('strlen','read:1') 0
        1 EVAL return_redis.call('publish','news','y') 0
        1 EVAL return_redis.call('publish','other','y') 0
        1 EVAL return_redis.call('config','get','x') 0
        1 EVAL return_redis.call('get') 0
        1 EVAL return_redis.call('nothing') 0
        1 EVAL_RO return_redis.call('set','other','y') 0
        1 EVAL_RO return_redis.call('set','app:1','y') 0
        1 EVALSHA 1b936e3fe509bcbc9cd0664897bbe8fd0cac101b 0
        0 EVAL return_redis.call('get','app:1') 0
        0 GET other
        0 ACL LOG
        0 ACL LOG RESET
        1 MULTI
        1 EVAL return_redis.call('get','app:1') 0
        1 EVAL return_redis.call('set','app:1','z') 0
        1 EXEC
        0 ACL LOG
        0 CONFIG RESETSTAT
        1 EVAL return_redis.pcall('get','app:1') 0
        0 INFO errorstats
        0 ACL SETUSER ada +get
        1 EVAL return_redis.call('get','app:1') 0
        0 ACL SETUSER default -@string
        0 EVAL return_redis.call('get','app:1') 0
        2 EVAL return_redis.call('get','app:1') 0
        0 ACL DELUSER ada
        0 ACL LOG""",
    "functions": """
        0 FUNCTION LOAD #!lua_name=mine\\nredis.register_function('f',function(k,a)return_redis.call(unpack(a))end)
        0 SET app:1 x
        0 ACL SETUSER ada on nopass +fcall +fcall_ro +get ~app:*
        1 AUTH ada x
        1 FCALL f 0 get app:1
        1 FCALL f 0 get other
        1 FCALL f 0 set app:1 x
        1 FCALL_RO f 0 set app:1 x
        1 EVAL return_1 0
        0 FCALL f 0 set app:1 x
        0 ACL LOG""",
    "sort": """
        0 RPUSH app:1 2 1
        0 SET w1 5
        0 ACL SETUSER ada on nopass +@all ~app:* %W~*
        1 AUTH ada x
        1 SORT app:1
        1 SORT app:1 BY nosort
        1 SORT app:1 BY w*
        1 SORT app:1 GET #
        1 SORT app:1 BY w* foo
        1 SORT app:1 foo BY w*
        1 SORT app:1 LIMIT x 1 BY w*
        1 SORT_RO app:1 BY w*
        1 SORT_RO app:1 GET w*
        1 SORT other BY w*
        1 MULTI
        1 SORT app:1 BY w*
        1 EXEC
        1 EVAL return_redis.call('sort','app:1','by','w*') 0
        0 EVAL return_redis.call('sort','app:1','by','w*') 0
        0 SORT app:1 GET w*
        0 ACL SETUSER ada %R~*
        1 SORT app:1 BY w* GET w*
        1 EVAL return_redis.call('sort','app:1','by','w*') 0
        0 ACL LOG""",
    "scripts that ask": """
        0 ACL SETUSER ada on nopass +eval +get +select|0 +config|get +subscribe +publish ~app:* &news
        1 EVAL return_redis.acl_check_cmd('set','xx','y') 0
        1 AUTH ada x
        1 EVAL return_redis.acl_check_cmd('get','app:1') 0
        1 EVAL return_redis.acl_check_cmd('get','other') 0
        1 EVAL return_redis.acl_check_cmd('get') 0
        1 EVAL return_redis.acl_check_cmd('set','app:1','x') 0
        1 EVAL return_redis.acl_check_cmd('nothing') 0
        1 EVAL return_redis.pcall('acl_check_cmd') 0
        1 EVAL return_redis.acl_check_cmd() 0
        1 EVAL return_redis.acl_check_cmd({}) 0
        1 EVAL return_redis.acl_check_cmd('select',0) 0
        1 EVAL return_redis.acl_check_cmd('select',1) 0
        1 EVAL return_redis.acl_check_cmd('config|get','x') 0
        1 EVAL return_redis.acl_check_cmd('config','get','x') 0
        1 EVAL return_redis.acl_check_cmd('config','set','x','y') 0
        1 EVAL return_redis.acl_check_cmd('config') 0
        1 EVAL return_redis.acl_check_cmd('auth','x') 0
        1 EVAL return_redis.acl_check_cmd('subscribe','news') 0
        1 EVAL return_redis.acl_check_cmd('subscribe','news','x') 0
        1 EVAL return_redis.acl_check_cmd('publish','x','x') 0
        1 EVAL return_redis.acl_check_cmd('multi') 0
        0 ACL LOG""",
}
