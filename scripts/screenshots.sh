#!/bin/sh
# Draws docs/images anew from a demo of its own, in Chromium. Look at each of them before keeping it.
set -eu
cd "$(dirname "$0")/.."
. scripts/tools.sh

need_browser
${CARGO:-cargo} build --quiet --bins --examples
${CARGO:-cargo} test --quiet --test e2e -- --ignored pictures
ls -l docs/images
