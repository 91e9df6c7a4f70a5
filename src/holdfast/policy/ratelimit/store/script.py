"""The decision as Redis makes it: the arithmetic of `core`, operation for operation, in one atomic script.

The time is Redis' own: it is one clock for all workers of all machines, where the callers' clocks differ and
the fastest would refill everybody's quota. A script that asks for the time and then writes is replicated by
its effects (since Redis 5). Tests give the time instead.

KEYS: one a caller and rate limit. All that is kept of it is under that one key, so that any number of limits
need one slot of a cluster; rate limits that are asked together need one each, which a cluster refuses.

ARGV: the time in seconds or "", then for each key the number of limits, the cost, and the rate and burst of
each limit. Numbers are written with 17 digits and come back as they were.

A value is doubles, little endian: the time of the last admission and the levels. It lives until the quota is
full again, and a second more, so that a clock that is set back a little forgets nothing. The reply is doubles
too: 1 if admitted, else 0, then all levels.
"""

from __future__ import annotations

from hashlib import sha1

from holdfast.policy.ratelimit.core import SLACK

__all__ = ["DIGEST", "SCRIPT"]

SCRIPT = """\
local now
if ARGV[1] == '' then
  local time = redis.call('TIME')
  now = time[1] + time[2] / 1000000
else
  now = tonumber(ARGV[1])
end
local slack = SLACK
local at, refused, kept = 2, false, {}
for index, key in ipairs(KEYS) do
  local count, cost = tonumber(ARGV[at]), tonumber(ARGV[at + 1])
  at = at + 2
  local raw = redis.call('GET', key)
  local known = raw and #raw == 8 * (count + 1)
  local last, offset = now, 9
  if known then last = struct.unpack('<d', raw) end
  local one = {count = count, cost = cost, levels = {}, rates = {}, strayed = false}
  for limit = 1, count do
    local rate, burst = tonumber(ARGV[at]), tonumber(ARGV[at + 1])
    at = at + 2
    local level = 0
    if known then
      local before = struct.unpack('<d', raw, offset)
      offset = offset + 8
      level = before - (now - last) * rate
      if now < last and before + (last - now) * rate > burst + slack then one.strayed = true end
      if level <= 0 then level = 0 elseif level > burst then level = burst end
    end
    if level + cost - burst > slack then refused = true end
    one.levels[limit], one.rates[limit] = level, rate
  end
  kept[index] = one
end
local reply = {struct.pack('<d', refused and 0 or 1)}
for index, key in ipairs(KEYS) do
  local one, value, full = kept[index], {struct.pack('<d', now)}, 0
  for limit = 1, one.count do
    local level = one.levels[limit]
    if not refused then level = level + one.cost end
    if level / one.rates[limit] > full then full = level / one.rates[limit] end
    local packed = struct.pack('<d', level)
    reply[#reply + 1], value[#value + 1] = packed, packed
  end
  if not refused or one.strayed then
    local kept_for = string.format('%.0f', math.min(full * 1000, 9e12) + 1000)
    redis.call('SET', key, table.concat(value), 'PX', kept_for)
  end
end
return table.concat(reply)
""".replace("SLACK", repr(SLACK))

DIGEST = sha1(SCRIPT.encode(), usedforsecurity=False).hexdigest()
"""What Redis calls the script (EVALSHA)."""
