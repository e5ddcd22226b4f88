# Sourced by the scripts that drive a browser, or read what was printed: makes sure that what they do it with is there.

# Chromium and its driver.
need_browser() {
    need chromium:chromium chromedriver:chromium-driver
}

# What reads PDFs.
need_reader() {
    need pdftotext:poppler-utils
}

# What looks at pages with the eyes of those who cannot see them.
need_axe() {
    need npm:npm
    [ -e tests/accessibility/node_modules/axe-core/axe.min.js ] ||
        npm ci --prefix tests/accessibility --silent --ignore-scripts --no-audit --no-fund
}

# need PROGRAM:PACKAGE...: installs the Debian packages of what is missing, if this may be done; says what to do otherwise.
need() {
    missing=
    for pair; do
        command -v "${pair%%:*}" >/dev/null || missing="$missing ${pair#*:}"
    done
    [ -n "$missing" ] || return 0
    become=
    if [ "$(id -u)" != 0 ]; then
        become=sudo
    fi
    if ! command -v apt-get >/dev/null || { [ -n "$become" ] && ! command -v sudo >/dev/null; }; then
        echo "not found:$missing. Install what has these names on Debian, or run this where apt and sudo are" >&2
        return 1
    fi
    $become apt-get update -qq
    # shellcheck disable=SC2086 # a list of packages
    $become env DEBIAN_FRONTEND=noninteractive apt-get install -qq --no-install-recommends $missing
}
