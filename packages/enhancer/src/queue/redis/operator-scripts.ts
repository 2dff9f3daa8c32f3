/** What operators ask for. The keys are described in scripts.ts. */
export const operatorScripts = {
  /**
   * A dead job waits again, with more attempts. BullMQ knows one job of a ticket at a time: where a later one has the ticket, this one is
   * parked behind it. Returns 0 where the job was not dead any more.
   */
  tlRevive: {
    keys: 1,
    lua: `
      local base, tenant, ticket, id, allowed, now, parkedUntil = unpack(ARGV)
      local queue = base .. 'enhancements.' .. tenant .. ':'
      if redis.call('ZREM', queue .. 'failed', id) == 0 then return 0 end
      local progress = cjson.decode(redis.call('HGET', KEYS[1], 'progress') or '{}')
      if type(progress) ~= 'table' then progress = {} end
      progress['attemptsAllowed'] = tonumber(redis.call('HGET', KEYS[1], 'atm') or '0') + tonumber(allowed)
      progress['clockStartedAt'] = tonumber(now)
      redis.call('HSET', KEYS[1], 'progress', cjson.encode(progress))
      redis.call('HDEL', KEYS[1], 'stc', 'defa', 'finishedOn', 'processedOn')
      redis.call('ZADD', base .. 'lanes', 'NX', 0, tenant)
      local key = queue .. 'de:' .. ticket
      local other = redis.call('GET', key)
      if other and other ~= id and redis.call('EXISTS', queue .. other) == 1 then
        redis.call('HSET', base .. 'parked', id, tenant .. '\\t' .. ticket)
        redis.call('ZADD', queue .. 'delayed', string.format('%.0f', tonumber(parkedUntil) * 0x1000), id)
      else
        local priority = tonumber(redis.call('HGET', KEYS[1], 'priority') or '0')
        redis.call('SET', key, id)
        redis.call('ZADD', queue .. 'prioritized', string.format('%.0f', priority * 0x100000000), id)
      end
      return 1
    `,
  },
  /** Pauses (`1`) or resumes the queue, or one tenant's: nobody takes a job after this. */
  tlPause: {
    keys: 1,
    lua: `
      local base, tenant, isOn, now = ARGV[1], ARGV[2], ARGV[3] == '1', ARGV[4]
      local function meta(of) return base .. 'enhancements.' .. of .. ':meta' end
      local all = redis.call('EXISTS', KEYS[1]) == 1
      if tenant ~= '' then
        local paused = redis.call('HGET', meta(tenant), 'paused')
        if isOn then
          redis.call('SADD', base .. 'tenants', tenant)
          redis.call('HSET', meta(tenant), 'paused', 'tenant')
        elseif paused and paused ~= 'all' then
          redis.call('HSET', base .. 'resumed', tenant, now)
          if all then redis.call('HSET', meta(tenant), 'paused', 'all') else redis.call('HDEL', meta(tenant), 'paused') end
        end
        return 0
      end
      if isOn then redis.call('SET', KEYS[1], '1') else redis.call('DEL', KEYS[1]) end
      if all and not isOn then redis.call('HSET', base .. 'resumed', '*', now) end
      for _, one in ipairs(redis.call('SMEMBERS', base .. 'tenants')) do
        if isOn then redis.call('HSETNX', meta(one), 'paused', 'all')
        elseif redis.call('HGET', meta(one), 'paused') == 'all' then redis.call('HDEL', meta(one), 'paused') end
      end
      return 0
    `,
  },
  /** Tenants that are paused by themselves. */
  tlPausedTenants: {
    keys: 1,
    lua: `
      local base, found = ARGV[1], {}
      for _, tenant in ipairs(redis.call('SMEMBERS', KEYS[1])) do
        local paused = redis.call('HGET', base .. 'enhancements.' .. tenant .. ':meta', 'paused')
        if paused and paused ~= 'all' then found[#found + 1] = tenant end
      end
      return found
    `,
  },
  /**
   * Goes through jobs by the time at which they were stored, newest first, from behind the job `fromId` of the time `from` (empty: from the
   * start) back to `since`, and looks at no more than so many. Returns the time and id where it stopped (empty: at the end), then time and
   * id of those that fit.
   */
  tlNewest: {
    keys: 1,
    lua: `
      local base, from, fromId, since, tenant, state, limit, looks = unpack(ARGV)
      local found, seen, offset, at = {}, 0, 0, nil
      while true do
        local part = redis.call('ZREVRANGEBYSCORE', KEYS[1], from, since, 'WITHSCORES', 'LIMIT', offset, 200)
        offset = offset + 200
        for n = 1, #part, 2 do
          local id, time = part[n], part[n + 1]
          if fromId == '' or time ~= from or id < fromId then
            seen = seen + 1
            local own, ticket = string.match(redis.call('HGET', base .. 'jobs', id) or '', '^(.-)\t(.*)$')
            if own and (tenant == '' or own == tenant) then
              local queue = base .. 'enhancements.' .. own .. ':'
              local is = 'waiting'
              if redis.call('ZSCORE', queue .. 'completed', id) then is = 'done'
              elseif redis.call('ZSCORE', queue .. 'failed', id) then is = 'dead'
              elseif redis.call('EXISTS', queue .. id .. ':lock') == 1 then is = 'active' end
              if state == '' or is == state or (is == 'waiting' and state == 'active') then
                found[#found + 1] = time
                found[#found + 1] = id
              end
            end
            if #found >= 2 * tonumber(limit) or seen >= tonumber(looks) then
              table.insert(found, 1, id)
              table.insert(found, 1, time)
              return found
            end
          end
        end
        if #part < 400 then
          table.insert(found, 1, '')
          table.insert(found, 1, '')
          return found
        end
      end
    `,
  },
  /**
   * The jobs of a state that are few: id and the time at which it was stored, in turn; or `many` where there are more than so many.
   * Among those that wait is what BullMQ keeps for when its ticket's active job ends.
   */
  tlInState: {
    keys: 1,
    lua: `
      local base, tenant, state, most = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])
      local tenants = tenant == '' and redis.call('SMEMBERS', KEYS[1]) or { tenant }
      local ids = {}
      local function add(found)
        for _, id in ipairs(found) do ids[#ids + 1] = id end
        return #ids > most
      end
      for _, one in ipairs(tenants) do
        local queue = base .. 'enhancements.' .. one .. ':'
        if state == 'dead' then
          if add(redis.call('ZRANGE', queue .. 'failed', 0, most)) then return { 'many' } end
        else
          local active = redis.call('LRANGE', queue .. 'active', 0, most)
          if state == 'active' then
            if add(active) then return { 'many' } end
          else
            for _, id in ipairs(active) do
              local ticket = string.match(redis.call('HGET', base .. 'jobs', id) or '', '^.-\t(.*)$')
              local follower = ticket and redis.call('HGET', queue .. 'dn:' .. ticket, 'jid')
              if follower then add({ follower }) end
            end
            if add(redis.call('LRANGE', queue .. 'wait', 0, most)) or add(redis.call('ZRANGE', queue .. 'prioritized', 0, most))
              or add(redis.call('ZRANGE', queue .. 'delayed', 0, most)) then return { 'many' } end
          end
        end
      end
      local found = { 'few' }
      for _, id in ipairs(ids) do
        found[#found + 1] = id
        found[#found + 1] = redis.call('ZSCORE', base .. 'recent', id) or '0'
      end
      return found
    `,
  },
  /** waiting, active, done, dead, stored time of the oldest waiting job (0: none). */
  tlCounts: {
    keys: 1,
    lua: `
      local base, sums, oldest = ARGV[1], { 0, 0, 0, 0 }, 0
      for _, tenant in ipairs(redis.call('SMEMBERS', KEYS[1])) do
        local queue = base .. 'enhancements.' .. tenant .. ':'
        sums[1] = sums[1] + redis.call('LLEN', queue .. 'wait') + redis.call('ZCARD', queue .. 'prioritized') + redis.call('ZCARD', queue .. 'delayed')
        sums[2] = sums[2] + redis.call('LLEN', queue .. 'active')
        sums[3] = sums[3] + redis.call('ZCARD', queue .. 'completed')
        sums[4] = sums[4] + redis.call('ZCARD', queue .. 'failed')
        local ids = {
          redis.call('LINDEX', queue .. 'wait', -1),
          redis.call('ZRANGE', queue .. 'prioritized', 0, 0)[1] or false,
          redis.call('ZRANGE', queue .. 'delayed', 0, 0)[1] or false,
        }
        for at = 1, 3 do
          local time = ids[at] and tonumber(redis.call('HGET', queue .. ids[at], 'timestamp') or '0') or 0
          if time > 0 and (oldest == 0 or time < oldest) then oldest = time end
        end
      end
      return { sums[1], sums[2], sums[3], sums[4], oldest }
    `,
  },
  /** Forgets jobs that are gone. */
  tlForget: {
    keys: 1,
    lua: `
      local base = ARGV[1]
      for at = 2, #ARGV do
        local tenant, ticket = string.match(redis.call('HGET', KEYS[1], ARGV[at]) or '', '^(.-)\\t(.*)$')
        if tenant then redis.call('ZREM', base .. 'ticket:' .. tenant .. ':' .. ticket, ARGV[at]) end
        redis.call('HDEL', KEYS[1], ARGV[at])
        redis.call('ZREM', base .. 'recent', ARGV[at])
      end
      return 0
    `,
  },
} as const;
