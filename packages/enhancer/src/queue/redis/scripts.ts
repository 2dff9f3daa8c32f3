import type { RedisClient } from "./clients.ts";
import { operatorScripts } from "./operator-scripts.ts";

/**
 * What BullMQ has no operation for. All keys of the queue carry one hash tag, and so lie in one slot of a cluster; scripts may name keys
 * that they find.
 *
 * Beside BullMQ's own keys of a tenant's queue (`{throughline}:enhancements.TENANT:...`) there are:
 *   tenants      set: every tenant that ever had a job
 *   lanes        zset: tenants that may have work; the score says whose turn it is
 *   turn         counter behind those scores
 *   held         zset: tenants whose desk asked to come later; until when, ms
 *   paused       exists: no tenant's jobs are taken. BullMQ looks at each queue's own `meta` only, in the step that makes a job active: there
 *                `paused` is `tenant` or `all`, for whoever is between asking for lanes and taking of one
 *   resumed      hash: when the queue (field `*`) or a tenant was resumed, ms
 *   jobs         hash: job id -> tenant TAB ticket
 *   parked       hash: as `jobs`, those that were retried while another job has their ticket; they lie among the delayed until that ended
 *   recent       zset: job ids by the time they were stored
 *   ticket:T:I   zset: the jobs of a ticket
 *   delivery:ID  job id TAB trace id; expires
 *   next:T:I     active job TAB first job that waits behind it TAB 1 where any of them is forced TAB its carrier; expires
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
      local newer = cjson.decode(data)
      local function newerTicket(text, isForced, ofCarrier)
        local job = cjson.decode(text)
        job['version'] = newer['version']
        job['ticket'] = newer['ticket']
        if isForced or newer['forced'] then job['forced'] = true end
        if ofCarrier then job['carrier'] = ofCarrier end
        return cjson.encode(job)
      end
      if winner and winner ~= id then
        local follower = queue .. 'dn:' .. ticket
        local nextKey = base .. 'next:' .. tenant .. ':' .. ticket
        if redis.call('EXISTS', follower) == 1 then
          local active, first, forced, firstCarrier = string.match(redis.call('GET', nextKey) or '', '^(.-)\\t(.-)\\t(.-)\\t(.*)$')
          local isForced = newer['forced'] or (active == winner and forced == '1')
          if active == winner then
            target, isNew, carrier = first, '0', firstCarrier
            redis.call('HSET', follower, 'jid', first, 'data', newerTicket(data, isForced, firstCarrier))
          else
            first, firstCarrier = id, carrier
          end
          redis.call('SET', nextKey, winner .. '\\t' .. first .. '\\t' .. (isForced and '1' or '0') .. '\\t' .. firstCarrier, 'EX', 86400)
        else
          local key = queue .. winner
          local waiting = redis.call('HGET', key, 'data')
          target, isNew, carrier = winner, '0', cjson.decode(waiting)['carrier']
          redis.call('HSET', key, 'data', newerTicket(waiting, false))
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
   * over, empty ones leave. Returns when the queue was resumed, 1 where there are several lanes, 1 where none may be taken of the
   * tenant that was named, then for each lane its tenant, when it was resumed and how many jobs it has to give now. A lane that is alone
   * needs no turn, and its work is found without a write that would be synced first.
   */
  tlLanes: {
    keys: 1,
    lua: `
      local base, now, count = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
      local found = { redis.call('HGET', base .. 'resumed', '*') or '0', '0', '1' }
      if redis.call('EXISTS', base .. 'paused') == 1 then return found end
      local heldUntil = tonumber(redis.call('ZSCORE', base .. 'held', ARGV[4]) or '0')
      if heldUntil <= now then found[3] = '0' end
      local lanes = redis.call('ZRANGE', KEYS[1], 0, -1)
      local several = #lanes > 1
      if several then found[2] = '1' end
      for _, tenant in ipairs(lanes) do
        if count == 0 then break end
        local queue = base .. 'enhancements.' .. tenant .. ':'
        local meta = redis.call('HMGET', queue .. 'meta', 'paused', 'concurrency')
        local active = redis.call('LLEN', queue .. 'active')
        local held = tonumber(redis.call('ZSCORE', base .. 'held', tenant) or '0')
        local most = tonumber(meta[2]) or 1000000
        if not meta[1] and held <= now and active < most then
          local waits = redis.call('LLEN', queue .. 'wait') + redis.call('ZCARD', queue .. 'prioritized')
            + redis.call('ZCOUNT', queue .. 'delayed', '-inf', string.format('(%.0f', (now + 1) * 0x1000))
          if waits > 0 then
            if several then redis.call('ZADD', KEYS[1], redis.call('INCR', base .. 'turn'), tenant) end
            found[#found + 1] = tenant
            found[#found + 1] = redis.call('HGET', base .. 'resumed', tenant) or '0'
            found[#found + 1] = tostring(math.min(waits, most - active))
            count = count - 1
          elseif active == 0 and redis.call('ZCARD', queue .. 'delayed') == 0 then
            redis.call('ZREM', KEYS[1], tenant)
          end
        end
      end
      return found
    `,
  },
  /** Within a transaction: workers hear that there may be work. */
  tlWake: { keys: 1, lua: "return redis.call('PUBLISH', KEYS[1], '')" },
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
  /**
   * Active jobs that no lock holds are marked for BullMQ's stalled check, which then moves them. Returns their tenants. Retried jobs whose
   * ticket is free by now get it, and wait like others.
   */
  tlLost: {
    keys: 1,
    lua: `
      local base, found = ARGV[1], {}
      local parked = redis.call('HGETALL', base .. 'parked')
      for at = 1, #parked, 2 do
        local id, tenant, ticket = parked[at], string.match(parked[at + 1], '^(.-)\\t(.*)$')
        local queue = base .. 'enhancements.' .. tenant .. ':'
        local other = redis.call('GET', queue .. 'de:' .. ticket)
        if redis.call('EXISTS', queue .. id) == 0 then
          redis.call('HDEL', base .. 'parked', id)
        elseif not other or other == id or redis.call('EXISTS', queue .. other) == 0 then
          redis.call('HDEL', base .. 'parked', id)
          if redis.call('ZREM', queue .. 'delayed', id) == 1 then
            local priority = tonumber(redis.call('HGET', queue .. id, 'priority') or '0')
            redis.call('SET', queue .. 'de:' .. ticket, id)
            redis.call('HSET', queue .. id, 'delay', 0)
            redis.call('ZADD', queue .. 'prioritized', string.format('%.0f', priority * 0x100000000), id)
            redis.call('ZADD', KEYS[1], 'NX', 0, tenant)
          end
        end
      end
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
  ...operatorScripts,
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
