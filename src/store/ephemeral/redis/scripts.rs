//! The steps that Redis does as one. Each touches one key, so that a cluster runs them as a single server does.

use std::sync::LazyLock;

use redis::Script;

/// Puts a value in the place of one that is there and whose time is not over. Keeps its time if none is given.
///
/// KEYS: the claim. ARGV: now, the new value, its end or an empty text, the milliseconds left or an empty text. Answers
/// whether one was there.
pub(super) static REPLACE: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "local held = redis.call('GET', KEYS[1])
         if not held then return 0 end
         local ends = string.match(held, '^(%d+) ')
         if tonumber(ends) <= tonumber(ARGV[1]) then return 0 end
         if ARGV[3] == '' then
             redis.call('SET', KEYS[1], ends .. ' ' .. ARGV[2], 'KEEPTTL')
         else
             redis.call('SET', KEYS[1], ARGV[3] .. ' ' .. ARGV[2], 'PX', ARGV[4])
         end
         return 1",
    )
});

/// Books one failure, if the rules let an attempt through: the same as the one statement of the database.
///
/// KEYS: the counter. ARGV: now, where a window must have begun for now to be in it, free failures, ceiling, first delay,
/// longest delay, doublings, milliseconds until all of it is forgotten. Times in microseconds. Answers `{1, failures}` or
/// `{0, failures, window began, next}`. Every number is given as a text of digits: Lua would write a large one as 1e+15.
pub(super) static RESERVE: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "local now, alive = tonumber(ARGV[1]), tonumber(ARGV[2])
         local free, ceiling = tonumber(ARGV[3]), tonumber(ARGV[4])
         local held = redis.call('HMGET', KEYS[1], 'failures', 'began', 'next')
         local failures, began, next = tonumber(held[1]), tonumber(held[2]), tonumber(held[3])
         if failures and ((failures >= free and next > now) or (failures >= ceiling and began > alive)) then
             return {'0', held[1], held[2], held[3]}
         end
         if not failures or began <= alive then failures, began = 0, now end
         failures = failures + 1
         local wait = 0
         if failures >= free then
             local doublings = failures - free
             if doublings >= tonumber(ARGV[7]) then wait = tonumber(ARGV[6])
             else wait = tonumber(ARGV[5]) * 2 ^ doublings end
         end
         redis.call('HSET', KEYS[1], 'failures', string.format('%.0f', failures),
             'began', string.format('%.0f', began), 'next', string.format('%.0f', now + wait))
         redis.call('PEXPIRE', KEYS[1], ARGV[8])
         return {'1', string.format('%.0f', failures)}",
    )
});

/// Takes one booking back and ends the wait; what failed before still counts.
///
/// KEYS: the counter. ARGV: now in microseconds.
pub(super) static REFUND: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "local failures = tonumber(redis.call('HGET', KEYS[1], 'failures'))
         if not failures or failures <= 0 then return 0 end
         redis.call('HSET', KEYS[1], 'failures', string.format('%.0f', failures - 1), 'next', ARGV[1])
         return 1",
    )
});
