# Sourced by the launchers: `launch TOOL ARGUMENT…` runs a tool of Tools/emotionformer. PYTHON3 names another Python.
set -euo pipefail

launch() {
    local python=${PYTHON3:-python3}
    if ! command -v "$python" >/dev/null; then
        printf '%s: Python 3 is missing: install it (on Debian: apt-get install python3) and try again\n' "$1" >&2
        exit 1
    fi
    export PYTHONDONTWRITEBYTECODE=1
    exec "$python" "$(dirname "${BASH_SOURCE[0]}")/launch.py" start "$@"
}
