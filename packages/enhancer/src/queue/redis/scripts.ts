import type { RedisClient } from "./clients.ts";

/**
 * What BullMQ has no operation for. All keys of the queue carry one hash tag, and so lie in one slot of a cluster; scripts may name keys
 * that they find.
 *
 * Beside BullMQ's own keys of a tenant's queue (`{throughline}:enhancements.TENANT:...`) there are:
 *   tenants      set: every tenant that ever had a job
 *   lanes        zset: tenants that may have work; the score says whose turn it is
 *   turn         counter behind those scores
 *   held         zset: tenants whose desk asked to come later; until when, ms
 *   paused       exists: no tenant's jobs are taken
 *   resumed      hash: when the queue (field `*`) or a tenant was resumed, ms
 *   jobs         hash: job id -> tenant TAB ticket
 *   recent       zset: job ids by the time they were stored
 *   ticket:T:I   zset: the jobs of a ticket
 *   delivery:ID  job id TAB trace id; expires
 *   next:T:I     active job TAB first job that waits behind it TAB its carrier; expires
 */
const scripts = {
  /**
   * After BullMQ's own add in the same transaction: what became of the delivery. BullMQ's deduplication (`keepLastIfActive`) has made the
   * job, kept it for when the ticket's active job ends (`dn:`), or dropped it because one waits; that one takes the newer ticket here.
   * Returns job id, trace id, isNew, isRepeated between tabs.
   */
  tlRecord: {
    keys: 1,
    lua: `
      local base, tenant, ticket, id, data, ttl, now, score, priority = unpack(ARGV)
      local earlier = redis.call('GET', KEYS[1])
      if earlier then return earlier .. '\\t0\\t1' end
      local queue = base .. 'enhancements.' .. tenant .. ':'
      local winner = redis.call('GET', queue .. 'de:' .. ticket)
      local target, isNew, isRepeated, carrier = id, '1', '0', cjson.decode(data)['carrier']
      local function newerTicket(text, ofCarrier)
        local job = cjson.decode(text)
        local newer = cjson.decode(data)
        job['version'] = newer['version']
        job['ticket'] = newer['ticket']
        if ofCarrier then job['carrier'] = ofCarrier end
        return cjson.encode(job)
      end
      if winner and winner ~= id then
        local follower = queue .. 'dn:' .. ticket
        local nextKey = base .. 'next:' .. tenant .. ':' .. ticket
        if redis.call('EXISTS', follower) == 1 then
          local active, first, firstCarrier = string.match(redis.call('GET', nextKey) or '', '^(.-)\\t(.-)\\t(.*)$')
          if active == winner then
            target, isNew, carrier = first, '0', firstCarrier
            redis.call('HSET', follower, 'jid', first, 'data', newerTicket(data, firstCarrier))
          else
            redis.call('SET', nextKey, winner .. '\\t' .. id .. '\\t' .. carrier, 'EX', 86400)
          end
        else
          local key = queue .. winner
          local waiting = redis.call('HGET', key, 'data')
          target, isNew, carrier = winner, '0', cjson.decode(waiting)['carrier']
          redis.call('HSET', key, 'data', newerTicket(waiting))
          if tonumber(priority) < tonumber(redis.call('HGET', key, 'priority') or '0') then
            redis.call('HSET', key, 'priority', priority)
            redis.call('ZADD', queue .. 'prioritized', 'XX', 'LT', score, winner)
          end
        end
      elseif not winner and redis.call('HEXISTS', queue .. id, 'finishedOn') == 1 then
        isNew, isRepeated = '0', '1'
      else
        redis.call('ZADD', queue .. 'prioritized', 'XX', score, id)
      end
      if isNew == '1' then
        redis.call('SADD', base .. 'tenants', tenant)
        redis.call('ZADD', base .. 'lanes', 'NX', 0, tenant)
        redis.call('HSET', base .. 'jobs', id, tenant .. '\\t' .. ticket)
        redis.call('ZADD', base .. 'recent', now, id)
        redis.call('ZADD', base .. 'ticket:' .. tenant .. ':' .. ticket, now, id)
      end
      local trace = string.match(carrier, '"traceparent":"%x+%-(%x+)%-') or ''
      redis.call('SET', KEYS[1], target .. '\\t' .. trace, 'PX', ttl)
      return target .. '\\t' .. trace .. '\\t' .. isNew .. '\\t' .. isRepeated
    `,
  },
  /**
   * Tenants to take a job of, in turn; each goes to the end of the line. Lanes that are paused, held, full or without a due job are passed
   * over, empty ones leave. Returns when the queue was resumed, then for each lane its tenant, when it was resumed and how many jobs it
   * has to give now.
   */
  tlLanes: {
    keys: 1,
    lua: `
      local base, now, count = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
      local found = { redis.call('HGET', base .. 'resumed', '*') or '0' }
      if redis.call('EXISTS', base .. 'paused') == 1 then return found end
      for _, tenant in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do
        if count == 0 then break end
        local queue = base .. 'enhancements.' .. tenant .. ':'
        local meta = redis.call('HMGET', queue .. 'meta', 'paused', 'concurrency')
        local active = redis.call('LLEN', queue .. 'active')
        local held = tonumber(redis.call('ZSCORE', base .. 'held', tenant) or '0')
        local most = tonumber(meta[2]) or 1000000
        if not meta[1] and held <= now and active < most then
          local first = redis.call('ZRANGE', queue .. 'delayed', 0, 0, 'WITHSCORES')[2]
          local waits = redis.call('LLEN', queue .. 'wait') + redis.call('ZCARD', queue .. 'prioritized')
          if waits > 0 or (first and tonumber(first) / 0x1000 < now + 1) then
            redis.call('ZADD', KEYS[1], redis.call('INCR', base .. 'turn'), tenant)
            found[#found + 1] = tenant
            found[#found + 1] = redis.call('HGET', base .. 'resumed', tenant) or '0'
            found[#found + 1] = tostring(math.max(1, math.min(waits, most - active)))
            count = count - 1
          elseif active == 0 and not first then
            redis.call('ZREM', KEYS[1], tenant)
          end
        end
      end
      return found
    `,
  },
  /** Changes a job's progress (what BullMQ keeps for its worker) while the token holds its lock. Returns 0 where it does not. */
  tlProgress: {
    keys: 1,
    lua: `
      if redis.call('GET', KEYS[1] .. ':lock') ~= ARGV[1] then return 0 end
      local progress = cjson.decode(redis.call('HGET', KEYS[1], 'progress') or '{}')
      if type(progress) ~= 'table' then progress = {} end
      if ARGV[3] == '' then progress[ARGV[2]] = nil else progress[ARGV[2]] = tonumber(ARGV[3]) end
      redis.call('HSET', KEYS[1], 'progress', cjson.encode(progress))
      return 1
    `,
  },
  /** Active jobs that no lock holds are marked for BullMQ's stalled check, which then moves them. Returns their tenants. */
  tlLost: {
    keys: 1,
    lua: `
      local base, found = ARGV[1], {}
      for _, tenant in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do
        local queue = base .. 'enhancements.' .. tenant .. ':'
        local lost = false
        for _, id in ipairs(redis.call('LRANGE', queue .. 'active', 0, -1)) do
          if redis.call('EXISTS', queue .. id .. ':lock') == 0 then
            redis.call('SADD', queue .. 'stalled', id)
            lost = true
          end
        end
        if lost then
          redis.call('DEL', queue .. 'stalled-check')
          found[#found + 1] = tenant
        end
      end
      return found
    `,
  },
  /** The locks of active jobs: tenant, job, token, ... */
  tlLocks: {
    keys: 1,
    lua: `
      local base, found = ARGV[1], {}
      for _, tenant in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do
        local queue = base .. 'enhancements.' .. tenant .. ':'
        for _, id in ipairs(redis.call('LRANGE', queue .. 'active', 0, -1)) do
          found[#found + 1] = queue .. id .. ':lock'
          found[#found + 1] = redis.call('GET', queue .. id .. ':lock') or ''
        end
      end
      return found
    `,
  },
  tlUnlock: {
    keys: 1,
    lua: `if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0`,
  },
  /** Gives a dead job its attempts and the ticket again, before BullMQ moves it. Returns the job that has the ticket in its place, or ''. */
  tlRevive: {
    keys: 1,
    lua: `
      local base, tenant, ticket, id, allowed, now = unpack(ARGV)
      local queue = base .. 'enhancements.' .. tenant .. ':'
      local key = queue .. 'de:' .. ticket
      local other = redis.call('GET', key)
      if other and other ~= id and redis.call('EXISTS', queue .. other) == 1 then return other end
      redis.call('SET', key, id)
      local progress = cjson.decode(redis.call('HGET', KEYS[1], 'progress') or '{}')
      if type(progress) ~= 'table' then progress = {} end
      progress['attemptsAllowed'] = tonumber(redis.call('HGET', KEYS[1], 'atm') or '0') + tonumber(allowed)
      progress['clockStartedAt'] = tonumber(now)
      redis.call('HSET', KEYS[1], 'progress', cjson.encode(progress))
      redis.call('HDEL', KEYS[1], 'stc', 'defa')
      redis.call('ZADD', base .. 'lanes', 'NX', 0, tenant)
      return ''
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
} as const satisfies Record<string, { keys: number; lua: string }>;

export type ScriptName = keyof typeof scripts;

export function defineScripts(client: RedisClient): void {
  for (const [name, { keys, lua }] of Object.entries(scripts))
    client.defineCommand(name, { numberOfKeys: keys, lua });
}

/** Runs one of them. */
export function runScript(
  client: RedisClient,
  name: ScriptName,
  args: readonly (string | number)[],
): Promise<unknown> {
  const commands = client as unknown as Record<
    ScriptName,
    (...args: (string | number)[]) => Promise<unknown>
  >;
  return commands[name](...args);
}
