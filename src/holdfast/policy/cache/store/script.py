"""What Redis does at once: each word of the store that looks before it writes.

All keys of a cache lie in one slot of a cluster, by the cache's name in braces. A lease is a key with the
fence of its holder, which lives as long as the lease. A tag is a sorted set of the keys that carry it, by
when they are gone. `invalid` counts invalidations of tags, and each tag that was invalidated keeps its number
for a day: what was begun before that number and carries the tag is not stored.
"""

from __future__ import annotations

from hashlib import sha1

__all__ = ["BEGIN", "DROP", "DROP_TAG", "FILL", "PUT", "RELEASE", "RENEW", "Script"]


class Script:
    """A script and what Redis calls it (EVALSHA)."""

    __slots__ = ("digest", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.digest = sha1(text.encode(), usedforsecurity=False).hexdigest()


# KEYS: value, lease, count of invalidations. ARGV: fence, milliseconds, first and last byte of the stamp, the
# known stamp or "".
BEGIN = Script("""\
local value = redis.call('GET', KEYS[1])
if value and (ARGV[5] == '' or string.sub(value, ARGV[3], ARGV[4]) ~= ARGV[5]) then return value end
local holder = redis.call('GET', KEYS[2])
if holder and holder ~= ARGV[1] then return -1 end
redis.call('SET', KEYS[2], ARGV[1], 'PX', ARGV[2])
return tonumber(redis.call('GET', KEYS[3]) or 0)
""")

_STORE = """\
local function store(value, px, now, gone, tags)
  redis.call('SET', KEYS[1], value, 'PX', px)
  for _, tag in ipairs(tags) do
    redis.call('ZADD', tag, gone, KEYS[1])
    redis.call('ZREMRANGEBYSCORE', tag, '-inf', now)
    if redis.call('PTTL', tag) < tonumber(px) then redis.call('PEXPIRE', tag, px) end
  end
end
"""

# KEYS: value, lease, then for each tag its set and its number. ARGV: fence, began, value, milliseconds, now,
# gone.
FILL = Script(
    _STORE
    + """\
if redis.call('GET', KEYS[2]) ~= ARGV[1] then return 0 end
redis.call('DEL', KEYS[2])
local tags = {}
for index = 3, #KEYS, 2 do
  if tonumber(redis.call('GET', KEYS[index + 1]) or 0) > tonumber(ARGV[2]) then return 0 end
  tags[#tags + 1] = KEYS[index]
end
store(ARGV[3], ARGV[4], ARGV[5], ARGV[6], tags)
return 1
"""
)

# KEYS: value, lease, then the set of each tag. ARGV: value, milliseconds, now, gone, channel, message.
PUT = Script(
    _STORE
    + """\
redis.call('DEL', KEYS[2])
local tags = {}
for index = 3, #KEYS do tags[#tags + 1] = KEYS[index] end
store(ARGV[1], ARGV[2], ARGV[3], ARGV[4], tags)
redis.call('PUBLISH', ARGV[5], ARGV[6])
return 1
"""
)

# KEYS: lease. ARGV: fence, milliseconds.
RENEW = Script("""\
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])
""")

# KEYS: lease. ARGV: fence.
RELEASE = Script("""\
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])
""")

# KEYS: value, lease. ARGV: channel, message.
DROP = Script("""\
local known = redis.call('DEL', KEYS[1])
redis.call('DEL', KEYS[2])
redis.call('PUBLISH', ARGV[1], ARGV[2])
return known
""")

# KEYS: the tag's set, its number, count of invalidations. ARGV: channel, message, milliseconds of the number.
DROP_TAG = Script("""\
local number = redis.call('INCR', KEYS[3])
redis.call('SET', KEYS[2], number, 'PX', ARGV[3])
local members = redis.call('ZRANGE', KEYS[1], 0, -1)
for first = 1, #members, 1000 do
  redis.call('UNLINK', unpack(members, first, math.min(first + 999, #members)))
end
redis.call('DEL', KEYS[1])
redis.call('PUBLISH', ARGV[1], ARGV[2])
return #members
""")
