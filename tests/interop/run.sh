#!/bin/sh
# Signs in with two OpenID Connect libraries that know nothing of Écluse, each as published, against a running
# provider: openid-client (npm) and authlib (PyPI). Both are installed in a folder of their own that is removed
# afterwards, so that nothing of them stays in the repository.
#
# From the environment:
#   ISSUER, CLIENT_ID, CLIENT_SECRET   the provider and a client registered there, with offline_access
#   LOGIN, PASSWORD                    a person whose gate is open
#   NEW_PASSWORD                       what the first library changes the password to; the second changes it back
#   CLOSE_GATE                         a command that orders this person, with others, to change (not `account
#                                      force-change`, which also ends the session that `prompt=none` is asked of); run
#                                      once by each library, between a refresh that must succeed and one that must not
#   REDIRECT_URI, POST_LOGOUT_REDIRECT_URI   as registered; nobody has to listen there
set -eu

for name in ISSUER CLIENT_ID CLIENT_SECRET LOGIN PASSWORD NEW_PASSWORD CLOSE_GATE; do
    eval "value=\${$name:-}"
    if [ -z "$value" ]; then
        echo "$name is not set; the head of $0 says what it is" >&2
        exit 2
    fi
done
export LOGIN PASSWORD NEW_PASSWORD CLOSE_GATE ISSUER CLIENT_ID CLIENT_SECRET
export REDIRECT_URI="${REDIRECT_URI:-http://127.0.0.1:9003/callback}"
export POST_LOGOUT_REDIRECT_URI="${POST_LOGOUT_REDIRECT_URI:-http://127.0.0.1:9003/signed-out}"

here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Node looks for packages beside the script, so the scripts are copied next to what they need.
cp "$here"/package.json "$here"/package-lock.json "$here"/*.mjs "$here"/*.py "$here"/requirements.txt "$work"
cd "$work"

echo "== openid-client (npm)"
npm ci --silent --no-audit --no-fund
node openid-client.mjs

echo "== authlib (PyPI)"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check --requirement requirements.txt
first=$PASSWORD
PASSWORD=$NEW_PASSWORD
NEW_PASSWORD=$first
export PASSWORD NEW_PASSWORD
venv/bin/python authlib_client.py
