#!/bin/sh
# Brings docker-compose.yml up under a name of its own, takes README's tour through it in Chromium while a replica and then Redis are
# killed, and takes all of it down again. COMPOSE="docker-compose" for 1.29; COMPOSE_FILE as Compose has it; ports 8080, 9001 and 9002
# must be free. Needs python3, Chromium and its driver. Pictures of the pages are left in target/compose-tour.
set -eu
cd "$(dirname "$0")/.."
. scripts/tools.sh

need_browser
export COMPOSE="${COMPOSE:-docker compose}"
export COMPOSE_PROJECT_NAME=ecluse-tour
export PICTURES="$PWD/target/compose-tour"
mkdir -p "$PICTURES"

down() {
    status=$?
    if [ "$status" != 0 ]; then
        $COMPOSE ps
        $COMPOSE logs --tail=40
    fi
    $COMPOSE down --volumes
}
trap down EXIT
trap 'exit 130' INT TERM
$COMPOSE up --build --detach
# Both relying parties are started once both replicas are ready.
tries=0
until curl --silent --fail --noproxy '*' --output /dev/null http://127.0.0.1:9001/ http://127.0.0.1:9002/; do
    tries=$((tries + 1))
    [ "$tries" -lt 120 ] || exit 1
    sleep 1
done
PYTHONDONTWRITEBYTECODE=1 python3 tests/compose/tour.py
