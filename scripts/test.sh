#!/bin/sh
# Everything that must hold before a change is kept. Stops at the first part that fails; prints the seconds of each
# part, and then what cargo counted.
set -eu
cd "$(dirname "$0")/.."
. scripts/tools.sh

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
: >"$work/seconds"
: >"$work/results"
cargo=${CARGO:-cargo}

# part NAME COMMAND...: runs the command, keeps its seconds, and the lines in which cargo counts tests.
part() {
    name=$1
    shift
    echo "== $name: $*"
    began=$(date +%s)
    { "$@" 2>&1 && echo 0 >"$work/status" || echo 1 >"$work/status"; } | tee "$work/output"
    printf '%6d s  %s\n' "$(($(date +%s) - began))" "$name" >>"$work/seconds"
    grep '^test result:' "$work/output" >>"$work/results" || true
    if [ "$(cat "$work/status")" != 0 ]; then
        cat "$work/seconds"
        echo "FAILED: $name" >&2
        exit 1
    fi
}

tools() {
    need_browser
    need_reader
    need_axe
    scripts/redis.sh true
    scripts/postgres.sh true
    scripts/smtp.sh true
    if ! $cargo fmt --version >/dev/null 2>&1 || ! $cargo clippy --version >/dev/null 2>&1; then
        rustup component add rustfmt clippy
    fi
}

# The same suite elsewhere, without what is about a file of SQLite's or about none at all: the programs that are killed, the
# command line's words for files, the demo, the house.
elsewhere() {
    "$cargo" test --quiet --test e2e -- --skip crash:: --skip command_line:: --skip demo:: --skip documents:: --skip house:: --skip on_paper::
}
# What is about PostgreSQL or Redis only is ignored by a plain `cargo test`, because it needs more than Rust; here it must run.
case "${1:-}" in
on-postgres)
    "$cargo" test --quiet --lib -- store:: flows::
    elsewhere
    "$cargo" test --quiet --test e2e -- --ignored on_postgres
    exit
    ;;
beside-redis)
    "$cargo" test --quiet --lib -- --ignored in_redis
    elsewhere
    exit
    ;;
esac

part tools tools
part format "$cargo" fmt --check
part lints "$cargo" clippy --all-targets --quiet -- -D warnings
part build "$cargo" test --no-run --quiet
part 'unit and property tests' "$cargo" test --quiet --lib --bins
part 'end-to-end tests' "$cargo" test --quiet --test e2e
part 'tests on PostgreSQL' scripts/postgres.sh scripts/test.sh on-postgres
part 'tests on PostgreSQL beside Redis' scripts/postgres.sh scripts/redis.sh scripts/test.sh beside-redis
# Ignored by a plain `cargo test`, because they need more than Rust; here they must run.
part 'tests by mail' scripts/smtp.sh "$cargo" test --quiet --test e2e -- --ignored by_mail
part 'tests on paper' "$cargo" test --quiet --test e2e -- --ignored on_paper
part 'torture' scripts/torture.sh
part 'tests in Chromium' "$cargo" test --quiet --test e2e -- --ignored in_chromium

echo
cat "$work/seconds" "$work/results"
