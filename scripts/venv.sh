#!/bin/sh
# Make a virtual environment with Python 3.11 or newer, or say in one sentence what is missing.
#
#     sh scripts/venv.sh .venv            the first Python on the path that is new enough
#     PYTHON=python3.12 sh scripts/venv.sh .venv
set -u
venv=${1:-.venv}

give_up() {
    echo "cachesim: $*" >&2
    exit 1
}

new_enough() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

find_python() {
    for candidate in ${PYTHON:-python3 python3.14 python3.13 python3.12 python3.11 python}; do
        if new_enough "$candidate"; then
            echo "$candidate"
            return
        fi
    done
}

has_pip() {
    "$venv/bin/python" -m pip --version >/dev/null 2>&1
}

if new_enough "$venv/bin/python" && has_pip; then
    exit 0 # somebody made it before: keep it
fi

python=$(find_python)
if [ -z "$python" ]; then
    found=$("${PYTHON:-python3}" --version 2>&1) || found="none"
    give_up "Python 3.11 or newer is needed, found $found for \"${PYTHON:-python3}\":" \
        "install one (Debian, Ubuntu: apt install python3 python3-venv) or name one, as in" \
        "make PYTHON=/path/to/python3.12"
fi

# Debian splits ensurepip off its python3; without it venv makes an environment that has no pip.
if "$python" -c 'import venv, ensurepip' >/dev/null 2>&1; then
    "$python" -m venv --clear "$venv"
elif "$python" -m virtualenv --version >/dev/null 2>&1; then
    "$python" -m virtualenv --quiet --clear "$venv"
elif command -v uv >/dev/null 2>&1; then
    uv venv --quiet --seed --clear --python "$(command -v "$python")" "$venv"
else
    give_up "$python cannot make virtual environments, its modules venv and ensurepip are missing:" \
        "install them (Debian, Ubuntu: apt install python3-venv) or pip install virtualenv," \
        "then run make again"
fi || give_up "no virtual environment could be made in $venv with $python: see the lines above"

has_pip || give_up "$venv has no pip: remove the folder, then run make again"
