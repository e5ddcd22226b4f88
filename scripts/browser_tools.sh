# Sourced by the scripts that drive a browser: makes sure that Chromium and its driver are there.

# Installs the Debian packages of what is missing, if this may be done; says what to do otherwise.
need_browser() {
    missing=
    command -v chromium >/dev/null || missing="$missing chromium"
    command -v chromedriver >/dev/null || missing="$missing chromium-driver"
    [ -n "$missing" ] || return 0
    become=
    if [ "$(id -u)" != 0 ]; then
        become=sudo
    fi
    if ! command -v apt-get >/dev/null || { [ -n "$become" ] && ! command -v sudo >/dev/null; }; then
        echo "not found:$missing. Install Chromium and its chromedriver, or run this where apt and sudo are" >&2
        return 1
    fi
    $become apt-get update -qq
    # shellcheck disable=SC2086 # a list of packages
    $become env DEBIAN_FRONTEND=noninteractive apt-get install -qq --no-install-recommends $missing
}
