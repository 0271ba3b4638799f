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
    # Variables of a subshell and parameters of a function are not the caller's.
    # shellcheck disable=SC2046 # a list of words
    set -- $(
        for package; do
            state=$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null || true)
            [ "$state" = installed ] || printf '%s\n' "$package"
        done
    )
    [ "$#" -gt 0 ] || return 0
    say "installing $*"
    {
        as_root apt-get update -qq &&
            as_root env DEBIAN_FRONTEND=noninteractive \
                apt-get install -y -qq --no-install-recommends "$@"
    } >&2 || fail "apt-get could not install $*"
}

# Whether a file is there and whole.
is_sound() {
    [ -f "$1" ] && command -v zstd >/dev/null && zstd -tq "$1" 2>/dev/null
}
