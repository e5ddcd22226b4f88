#!/bin/sh
# Signs in with two OpenID Connect libraries that know nothing of Écluse, each as published: openid-client (npm) and
# authlib (PyPI), against a demo of its own. Each signs in, refreshes, meets a closed gate at every surface, changes
# the password and signs out; and each is a program that acts for itself, with a key of its own. Then schemathesis (PyPI)
# holds the operator API against its document. Everything lies in a folder that is removed afterwards.
#
# Needs node, npm, curl and python3 with venv, and the network for what is as published.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
cd "$root"
cargo=${CARGO:-cargo}
for program in node npm curl python3; do
    command -v "$program" >/dev/null || { echo "$program is not there" >&2; exit 2; }
done

work=$(mktemp -d)
demo=
clean() {
    if [ -n "$demo" ]; then
        kill -s TERM "$demo" 2>/dev/null || true
        wait "$demo" || true
    fi
    rm -rf "$work"
}
trap clean EXIT
trap 'exit 130' INT TERM

base=${DEMO_PORT_BASE:-7410}
mkfifo "$work/said"
$cargo run --quiet --example demo -- run --port-base "$base" --folder "$work/demo" >"$work/said" &
demo=$!
# Held open, so that the demo can go on talking; it ends the loop by its last line, or by ending.
exec 3<"$work/said"
while read -r line <&3; do
    echo "$line" >>"$work/table"
    case $line in *Ctrl-C*) break ;; esac
done

# table LOGIN: what the demo says this person types.
table() {
    sed -n "s/^.*$1  *\([^ ]*\)  .*/\1/p" "$work/table"
}
ecluse=$(sed -n 's/^Order, print, force: *\(.*\) --help$/\1/p' "$work/table")

export ISSUER="http://127.0.0.1:$base"
export CLIENT_ID=tester
CLIENT_SECRET=$(cat "$work/demo/tester.secret")
export CLIENT_SECRET
export REDIRECT_URI="http://127.0.0.1:$((base + 3))/callback"
export POST_LOGOUT_REDIRECT_URI="http://127.0.0.1:$((base + 3))/signed-out"
# Closes the gate of the pupil's class at level `change`, between a refresh that must succeed and one that must not.
export CLOSE_GATE="cd '$root' && $ecluse --quiet reset-order issue --yes --level change --territory class:0860001J/6A --reason interop"
export LOGIN=lina.valombre
first=$(table "$LOGIN")
second='Autre-mot7 de passe'

# Node looks for packages beside the script, so the scripts are copied next to what they need.
cp "$here"/package.json "$here"/package-lock.json "$here"/*.mjs "$here"/*.py "$here"/requirements*.txt "$here"/schemathesis.toml "$work"
cd "$work"

node robot-key.mjs
(cd "$root" && eval "$ecluse --quiet client add --id robot --name Robot --operator $LOGIN --scope orders:read \
    --auth private-key-jwt --jwks '$work/robot.jwks.json'") >/dev/null

echo "== openid-client (npm)"
npm ci --silent --no-audit --no-fund
node robot.mjs
PASSWORD="$first" NEW_PASSWORD="$second" node openid-client.mjs

echo "== authlib (PyPI)"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check --requirement requirements.txt
venv/bin/python robot.py
PASSWORD="$second" NEW_PASSWORD="$first" venv/bin/python authlib_client.py

echo "== schemathesis (PyPI)"
python3 -m venv schemathesis
schemathesis/bin/pip install --quiet --disable-pip-version-check --requirement requirements-schemathesis.txt
scopes='orders:read orders:issue orders:approve people:read people:act slips:print roles:grant audit:read'
# With a key of its own, so that the acts are tried that need a fresh second factor; with a secret they would all end in 403.
(cd "$root" && eval "$ecluse --quiet client add --id fuzz --name Fuzz --operator helene.aubrisac --scope '$scopes' \
    --auth private-key-jwt --jwks '$work/robot.jwks.json'") >/dev/null
token=$(node token.mjs fuzz "$scopes")
schemathesis/bin/schemathesis --config-file schemathesis.toml run "$root/docs/openapi.json" --url "$ISSUER" \
    --header "Authorization: Bearer $token" --seed "${ECLUSE_SEED:-2024}"
