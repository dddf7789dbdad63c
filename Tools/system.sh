# Sourced by the commands in this folder: what they need of the system. Says what it installs, and never calls sudo.

project=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

say() { printf '%s\n' "$*" >&2; }
fail() { say "$(basename "$0"): $*"; exit 1; }

# What is wrong with the arguments, and the comment that the command begins with.
wrong() { say "$(basename "$0"): $* (see --help)"; exit 2; }
show_help() { sed -n '2,/^[^#]/s/^# \{0,1\}//p' "$0"; }

# only_help ARGUMENT…: for a command that takes no arguments.
only_help() {
    (($#)) || return 0
    case $1 in -h | --help) show_help; exit 0 ;; esac
    wrong "unknown argument '$1'"
}

# end_group ID: ends a job that was started with `set -m`, so that its children end with it, and waits for it. For traps.
end_group() {
    [ -n "$1" ] || return 0
    kill -- "-$1" 2>/dev/null || true
    wait "$1" 2>/dev/null || true
}

# step NAME COMMAND…: runs the command, and says how many seconds it took.
step() {
    local name=$1 begin=$SECONDS
    shift
    say "$name"
    "$@" || return 1
    say "$name: $((SECONDS - begin)) s"
}

# need_debian PACKAGE TEST…: installs the package unless the command TEST succeeds.
need_debian() {
    local package=$1
    shift
    "$@" >/dev/null 2>&1 && return 0
    command -v apt-get >/dev/null || fail "$package is missing, and this system has no apt-get: install it and try again"
    [ "$(id -u)" -eq 0 ] || fail "$package is missing: run 'apt-get install $package' as root and try again"
    say "$package is missing: installing it with apt-get"
    export DEBIAN_FRONTEND=noninteractive
    # One at a time: apt-get does not wait for another.
    (
        if command -v flock >/dev/null; then flock 9; fi
        apt-get install -y -qq "$package" >/dev/null 2>&1 \
            || { apt-get update -qq >/dev/null 2>&1 && apt-get install -y -qq "$package" >/dev/null 2>&1; }
    ) 9<"$project/Package.swift" || fail "$package could not be installed"
    "$@" >/dev/null 2>&1 || fail "$package is installed, but '$*' still fails"
}

# What building and testing need.
need_swift() {
    command -v swift >/dev/null || fail "Swift 6.2 or later is missing: see swift.org/install"
    [ "$(uname -s)" = Linux ] || return 0
    # Not linked: the portable kernels bind it where they find it.
    need_debian libopenblas0-pthread sh -c 'ldconfig -p | grep -q libopenblas'
}
