#!/bin/sh
# smtp.sh COMMAND...: runs the command with what a mail server of one's own needs: ECLUSE_TEST_SMTP is a Python that has aiosmtpd
# (PyPI), ECLUSE_TEST_SMTP_TLS a folder with the certificate of a server at 127.0.0.1, its key, and its authority. Each test starts
# servers as it wants them (tests/smtp/server.py). Python is fetched where apt is; aiosmtpd lies in cargo's target directory.
set -eu
cd "$(dirname "$0")/.."
. scripts/tools.sh

need openssl:openssl
if ! python3 -c 'import ensurepip, venv' 2>/dev/null; then
    need python3-with-venv:python3-venv
fi

venv=${CARGO_TARGET_DIR:-target}/smtp
wanted=tests/smtp/requirements.txt
if ! cmp -s "$wanted" "$venv/installed.txt"; then
    rm -rf "$venv"
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check --requirement "$wanted" >&2
    cp "$wanted" "$venv/installed.txt"
fi

place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
trap 'exit 130' INT TERM
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj '/CN=test authority' -addext 'basicConstraints=critical,CA:TRUE' \
    -keyout "$place/ca.key" -out "$place/ca.pem" 2>/dev/null
openssl req -newkey rsa:2048 -nodes -subj '/CN=127.0.0.1' -keyout "$place/server.key" -out "$place/server.csr" 2>/dev/null
printf 'subjectAltName=IP:127.0.0.1,DNS:localhost\n' >"$place/names"
openssl x509 -req -in "$place/server.csr" -CA "$place/ca.pem" -CAkey "$place/ca.key" -CAcreateserial -days 2 \
    -extfile "$place/names" -out "$place/server.pem" 2>/dev/null

case $venv in /*) ;; *) venv=$PWD/$venv ;; esac
ECLUSE_TEST_SMTP=$venv/bin/python ECLUSE_TEST_SMTP_TLS=$place "$@"
