#!/bin/sh
# redis.sh COMMAND...: runs the command with a Redis server of its own, whose port is in ECLUSE_TEST_REDIS. It keeps
# nothing on disk, listens on a free port of this machine, and is gone when the command is. `scripts/redis.sh cargo test`
# runs the tests with their claims in Redis. Redis itself is fetched where apt is.
set -eu

if ! command -v redis-server >/dev/null || ! command -v redis-sentinel >/dev/null; then
    become=
    if [ "$(id -u)" != 0 ]; then
        become=sudo
    fi
    # The service of the distribution's making is not started: nothing of it is used.
    $become apt-get update -qq >&2
    $become env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get install -qq --no-install-recommends \
        redis-server redis-sentinel redis-tools >&2
fi

place=$(mktemp -d)
stop() {
    kill "$server" 2>/dev/null || true
    rm -rf "$place"
}

# A port that is free now may be taken when the server starts: then another one.
for attempt in 1 2 3 4 5; do
    port=$(shuf -i 20000-29999 -n 1)
    redis-server --port "$port" --bind 127.0.0.1 --save '' --dir "$place" >"$place/log" 2>&1 &
    server=$!
    trap stop EXIT
    trap 'exit 130' INT TERM
    while kill -0 "$server" 2>/dev/null && ! redis-cli -p "$port" ping >/dev/null 2>&1; do :; done
    if kill -0 "$server" 2>/dev/null; then
        break
    elif [ "$attempt" = 5 ]; then
        cat "$place/log" >&2
        exit 1
    fi
done

ECLUSE_TEST_REDIS=$port "$@"
