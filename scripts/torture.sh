#!/bin/sh
# torture.sh: replicas, PostgreSQL, Redis and the links between them fail at random while people and operators go on, and
# a checker judges what was answered and what was committed. ECLUSE_TORTURE_SEED="1 2 3" runs these seeds one after
# another, else one is drawn and printed; each for ECLUSE_TORTURE_SECONDS (60). A seed decides what is tried and what fails
# when; what overtakes what is the machine's affair, so a history that failed may need more than one run to fail again.
#
# torture.sh unhinged [NAME...]: applies each patch of tests/torture/unhinged in turn to a copy of the tree, builds the
# program there, and runs the torture against it, for up to 120 s, which must print a VIOLATION and ends with the first. The copy and what is built of it stay under
# ECLUSE_UNHINGED (target/unhinged), so that the next patch is built faster and no program of this tree is ever one of them.
set -eu
cd "$(dirname "$0")/.."
here=$(pwd)
cargo=${CARGO:-cargo}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
# PostgreSQL and Redis are fetched where apt is.
scripts/postgres.sh true
scripts/redis.sh true

# The tests of this tree, as a program.
"$cargo" test --no-run --test e2e 2>"$work/build" || { cat "$work/build" >&2; exit 1; }
cp "$(sed -n 's/.*Executable.*(\(.*\))$/\1/p' "$work/build")" "$work/e2e"
torture() {
    "$work/e2e" --ignored --exact torture::run::under_faults --nocapture
}

# The tree as it lies here, also what is not committed. All of it is new to cargo, which goes by times.
copy() {
    rm -rf "$place/tree"
    mkdir -p "$place/tree"
    git ls-files -z --cached --others --exclude-standard |
        xargs -0 sh -c 'for file; do if [ -e "$file" ]; then printf "%s\0" "$file"; fi; done' sh |
        tar --create --null --files-from=- | tar --extract --touch --directory "$place/tree"
}

# Applies a patch to the copy, which is no repository of its own.
apply() {
    (cd "$place/tree" && GIT_CEILING_DIRECTORIES="$place" git apply "$@")
}

row() {
    printf '%-26s %-24s %s\n' "$1" "$2" "$3" | tee -a "$work/table"
}

# What the torture makes of the program: the rule that it breaks first, and when.
judge() {
    began=$(date +%s)
    for seed in ${ECLUSE_TORTURE_SEED:-1 2}; do
        ECLUSE_TORTURE_SECONDS=${ECLUSE_TORTURE_SECONDS:-120} ECLUSE_TORTURE_STOP=1 ECLUSE_TORTURE_SEED=$seed ECLUSE_TORTURE_PROGRAM="$work/ecluse" \
            torture >"$work/log" 2>&1 || true
        rule=$(sed -n 's/^VIOLATION \([a-z_]*\):.*/\1/p' "$work/log" | head -n 1)
        if [ -n "$rule" ]; then
            row "$1" "$rule" "$(($(date +%s) - began)) s"
            return
        fi
    done
    tail -n 12 "$work/log" >&2
    row "$1" 'NOT CAUGHT' "$(($(date +%s) - began)) s"
    echo "$1" >>"$work/missed"
}

# Builds the program with a patch, unless that cannot be done: then it leaves why.
build() {
    patch=$here/tests/torture/unhinged/$1.patch
    if ! apply "$patch"; then
        echo 'DOES NOT APPLY' >"$work/$1.why"
        return
    fi
    if (cd "$place/tree" && CARGO_TARGET_DIR="$place/built" "$cargo" build --quiet --bin ecluse) >"$work/$1.log" 2>&1; then
        if cmp -s "$place/built/debug/ecluse" "$work/last"; then
            echo 'CHANGES NOTHING' >"$work/$1.why"
        else
            cp "$place/built/debug/ecluse" "$work/last"
            cp "$work/last" "$work/$1.program"
        fi
    else
        cat "$work/$1.log" >&2
        echo 'DOES NOT BUILD' >"$work/$1.why"
    fi
    apply --reverse "$patch"
}

unhinge() {
    if [ -e "$work/$1.why" ]; then
        row "$1" "$(cat "$work/$1.why")" ''
        echo "$1" >>"$work/missed"
    else
        mv "$work/$1.program" "$work/ecluse"
        judge "$1"
    fi
}

if [ "${1:-}" != unhinged ]; then
    for seed in ${ECLUSE_TORTURE_SEED:-$(od -An -N4 -tu4 /dev/urandom)}; do
        ECLUSE_TORTURE_SEED=$seed torture
    done
    exit
fi

shift
place=${ECLUSE_UNHINGED:-$here/target/unhinged}
if [ $# = 0 ]; then
    for patch in tests/torture/unhinged/*.patch; do set -- "$@" "$(basename "$patch" .patch)"; done
fi
copy
build "$1"
while [ $# != 0 ]; do
    name=$1
    shift
    # The next is built while this one is judged.
    if [ $# != 0 ]; then build "$1" & fi
    unhinge "$name"
    wait
done
echo
sort "$work/table"
[ ! -e "$work/missed" ]
