# Shell functions about Debian packages that the scripts beside this file share.

say() { printf '%s: %s\n' "$(basename "$0")" "$*" >&2; }
fail() { say "$*"; exit 1; }

# Runs a command as root.
as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        fail "root is needed for: $*"
    fi
}

# Installs the packages among "$@" that are missing.
install_missing() {
    wanted=
    for package; do
        state=$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null || true)
        [ "$state" = installed ] || wanted="$wanted $package"
    done
    [ -n "$wanted" ] || return 0
    say "installing$wanted"
    # shellcheck disable=SC2086 # a list of words
    {
        as_root apt-get update -qq &&
            as_root env DEBIAN_FRONTEND=noninteractive \
                apt-get install -y -qq --no-install-recommends $wanted
    } >&2 || fail "apt-get could not install$wanted"
}

# Whether a file is there and whole.
is_sound() {
    [ -f "$1" ] && command -v zstd >/dev/null && zstd -tq "$1" 2>/dev/null
}
