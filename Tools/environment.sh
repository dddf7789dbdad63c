# Sourced by commands in this folder: Python environments with pinned packages.

# make_environment NAME: makes Tools/.venv-NAME with the packages of Tools/requirements/NAME.txt, once, and sets PYTHON to its
# interpreter.
make_environment() {
    local python=${PYTHON3:-python3}
    command -v "$python" >/dev/null || { printf 'Python 3 is missing: install it and try again\n' >&2; return 1; }
    PYTHON=$(PYTHONDONTWRITEBYTECODE=1 "$python" "$(dirname "${BASH_SOURCE[0]}")/launch.py" make "$1")
}

# in_environment NAME MODULE ARGUMENT…: runs a module of Tools/emotionformer in an environment.
in_environment() {
    local name=$1 module=$2
    shift 2
    make_environment "$name" || return 1
    PYTHONPATH=$(dirname "${BASH_SOURCE[0]}") PYTHONDONTWRITEBYTECODE=1 "$PYTHON" -m "emotionformer.$module" "$@"
}
