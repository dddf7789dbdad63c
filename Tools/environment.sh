# Sourced by the commands in this folder: `make_environment NAME REQUIREMENTS` makes the Python environment
# Tools/.venv-NAME with the pinned packages of Tools/requirements/REQUIREMENTS, once, and sets PYTHON to its interpreter.

tools_folder=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

_say() { printf '%s\n' "$*" >&2; }

_install_venv() {
    _say "Python's venv module is missing: installing the Debian package python3-venv"
    if [ "$(id -u)" -ne 0 ]; then
        _say "python3-venv must be installed first: apt-get install python3-venv"
        return 1
    fi
    apt-get install -y -qq python3-venv >/dev/null 2>&1 \
        || { apt-get update -qq >/dev/null 2>&1 && apt-get install -y -qq python3-venv >/dev/null 2>&1; } \
        || { _say "python3-venv could not be installed; install it and try again"; return 1; }
}

# The pinned packages of a requirements file and of those it includes, as one line.
_fingerprint() {
    local included
    [ -f "$1" ] || return 1
    for included in $(sed -n 's/^-r *//p' "$1"); do _fingerprint "$(dirname "$1")/$included"; done
    grep -v '^-r' "$1" | tr -d ' ' | tr '\n' ' '
}

# Holds the lock $1 until the calling shell ends; waits for another that holds it.
_lock() {
    if command -v flock >/dev/null; then
        exec 9>"$1"
        flock 9
    else
        until mkdir "$1.d" 2>/dev/null; do sleep 1; done
        trap "rmdir '$1.d'" EXIT
    fi
}

make_environment() {
    local name=$1 requirements="$tools_folder/requirements/$2"
    local folder="$tools_folder/.venv-$name" base=${PYTHON3:-python3} wanted
    PYTHON="$folder/bin/python"
    command -v "$base" >/dev/null || { _say "Python 3 is missing: install it and try again"; return 1; }
    wanted=$(_fingerprint "$requirements") || { _say "$requirements is missing"; return 1; }
    if [ -x "$PYTHON" ] && [ "$(cat "$folder/.requirements" 2>/dev/null)" = "$wanted" ]; then
        return 0
    fi
    (
        # One process makes the environment, others that come at the same time wait for it.
        _lock "$folder.lock"
        [ -x "$PYTHON" ] && [ "$(cat "$folder/.requirements" 2>/dev/null)" = "$wanted" ] && exit 0
        _say "Making the Python environment $folder (once)"
        "$base" -c 'import ensurepip, venv' 2>/dev/null || _install_venv || exit 1
        "$base" -m venv --clear "$folder" || { _say "The environment $folder could not be made"; exit 1; }
        "$PYTHON" -m pip install --quiet --disable-pip-version-check -r "$requirements" >&2 \
            || { _say "The packages in $requirements could not be installed"; exit 1; }
        printf '%s\n' "$wanted" >"$folder/.requirements"
    )
}
