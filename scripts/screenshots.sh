#!/bin/sh
# Draws docs/images anew from a demo of its own, in Chromium. Look at each of them before keeping it.
set -eu
cd "$(dirname "$0")/.."
. scripts/tools.sh

need_browser
need_reader
need_axe
${CARGO:-cargo} build --quiet --bins --examples
${CARGO:-cargo} test --quiet --test e2e -- --ignored pictures
ECLUSE_PICTURES=docs/images ${CARGO:-cargo} test --quiet --test e2e -- --ignored in_chromium::spring
ls -l docs/images
