#!/bin/sh
# postgres.sh COMMAND...: runs the command with a PostgreSQL server of its own, whose address is in ECLUSE_TEST_STORE,
# and the certificate of its authority in ECLUSE_TEST_STORE_ROOT.
# The server lies in a temporary directory, listens on a free port of this machine, and is gone when the command is.
# `scripts/postgres.sh cargo test` runs the tests on PostgreSQL. PostgreSQL itself is fetched where apt is.
set -eu

# The client alone has a directory there, too.
newest() { ls /usr/lib/postgresql/*/bin/initdb 2>/dev/null | sort -V | tail -n 1; }

if [ -z "$(newest)" ] || ! command -v openssl >/dev/null; then
    become=
    if [ "$(id -u)" != 0 ]; then
        become=sudo
    fi
    # Without a cluster of the distribution's making: nothing of it is used.
    $become apt-get update -qq >&2
    $become env DEBIAN_FRONTEND=noninteractive apt-get install -qq --no-install-recommends postgresql-common >&2
    $become sed -i 's/^#\?create_main_cluster.*/create_main_cluster = false/' /etc/postgresql-common/createcluster.conf
    $become env DEBIAN_FRONTEND=noninteractive apt-get install -qq --no-install-recommends postgresql openssl >&2
fi
bin=$(dirname "$(newest)")

# The server refuses to run as root.
as_postgres() {
    if [ "$(id -u)" = 0 ]; then
        setpriv --reuid postgres --regid postgres --clear-groups env HOME="$place" "$@"
    else
        "$@"
    fi
}

place=$(mktemp -d)
stop() {
    as_postgres "$bin/pg_ctl" --pgdata "$place/data" --mode immediate --wait stop >/dev/null 2>&1 || true
    rm -rf "$place"
}
trap stop EXIT
trap 'exit 130' INT TERM
if [ "$(id -u)" = 0 ]; then chown postgres "$place"; fi
cd "$place"

# Another locale than "C", as on most servers: nothing may depend on it.
as_postgres "$bin/initdb" --pgdata "$place/data" --username ecluse --auth trust --encoding UTF8 \
    --locale-provider icu --icu-locale fr --locale C.UTF-8 --no-sync >"$place/initdb.log" 2>&1 ||
    { cat "$place/initdb.log" >&2; exit 1; }
# Certificates for the tests of TLS: an authority of one's own, and the server's for the name that it has here.
as_postgres sh -c 'cd "$0" && umask 077 &&
    openssl req -x509 -newkey rsa:2048 -nodes -subj "/CN=Test authority" -days 2 -keyout ca.key -out ca.pem &&
    openssl req -newkey rsa:2048 -nodes -subj "/CN=localhost" -keyout server.key -out server.csr &&
    echo "subjectAltName=DNS:localhost" >names &&
    openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile names -out server.pem' \
    "$place" >"$place/certificates.log" 2>&1 || { cat "$place/certificates.log" >&2; exit 1; }
# What is lost with the machine may be lost: the machine outlives the tests. Where time is measured it may not.
fsync=${ECLUSE_TEST_FSYNC:-off}
cat >>"$place/data/postgresql.conf" <<CONF
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
ssl = on
ssl_cert_file = '$place/server.pem'
ssl_key_file = '$place/server.key'
max_connections = 300
fsync = $fsync
full_page_writes = $fsync
autovacuum_naptime = 10s
log_min_messages = fatal
CONF

# A port that is free now may be taken when the server starts: then another one.
for attempt in 1 2 3 4 5; do
    port=$(shuf -i 20000-29999 -n 1)
    if as_postgres "$bin/pg_ctl" --pgdata "$place/data" --log "$place/server.log" --options "-p $port" --wait start \
        >/dev/null 2>&1; then
        break
    elif [ "$attempt" = 5 ]; then
        cat "$place/server.log" >&2
        exit 1
    fi
done

cd "$OLDPWD"
ECLUSE_TEST_STORE_ROOT="$place/ca.pem" ECLUSE_TEST_STORE="postgres://ecluse@127.0.0.1:$port/postgres" "$@"
