#!/bin/sh
# Makes .venv with everything locked in requirements/dev.txt, or .venv-sam (`setup.sh sam`) with the
# SAM CLI, which cannot live beside the emulator. Does nothing when the locks have not changed.
set -eu
cd "$(dirname "$0")/.."
unset PYTHONDONTWRITEBYTECODE PYTHONHOME PYTHONPATH
export PIP_DISABLE_PIP_VERSION_CHECK=1
export UV_SYSTEM_CERTS=1 # this machine's certificates, its own authorities among them, as pip does

is_suitable() {
    "$1" -c 'import ensurepip, sys, venv; sys.exit(sys.version_info[:2] != (3, 13))' 2>/dev/null
}

find_python() {
    for candidate in "${PYTHON:-}" python3.13 python3 \
        "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.13*/bin/python3.13; do
        if [ -n "$candidate" ] && command -v "$candidate" >/dev/null && is_suitable "$candidate"; then
            command -v "$candidate"
            return
        fi
    done
    if command -v uv >/dev/null && uv python install --quiet 3.13 2>/dev/null; then
        uv python find --no-project 3.13
        return
    fi
    echo "setup: install Python 3.13 with its venv module (on Debian: python3.13 python3.13-venv)" >&2
    return 1
}

case "${1:-dev}" in
dev) folder=.venv lock=requirements/dev.txt ;;
sam) folder=.venv-sam lock=requirements/sam.txt ;;
*)
    echo "usage: setup.sh [dev|sam]" >&2
    exit 2
    ;;
esac

stamp="$folder/.made-from"
sources="requirements/bootstrap.txt $lock pyproject.toml tools/setup.sh"
# shellcheck disable=SC2086 # a list of files
wanted="$(cat $sources | cksum) $(pwd)"
if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$wanted" ] && [ -x "$folder/bin/python" ]; then
    exit 0
fi

echo "setup: making $folder (a minute or two, once)"
rm -f "$stamp"
if ! { [ -x "$folder/bin/python" ] && is_suitable "$folder/bin/python"; }; then
    python="$(find_python)"
    "$python" -m venv --clear "$folder"
fi
python="$folder/bin/python"
"$python" -m pip install --quiet --require-hashes --requirement requirements/bootstrap.txt
uv="$folder/bin/uv"
VIRTUAL_ENV="$(pwd)/$folder"
export VIRTUAL_ENV
"$uv" pip install --quiet --compile-bytecode --require-hashes --requirement "$lock"
if [ "$folder" = .venv ]; then
    "$uv" pip install --quiet --no-build-isolation --no-deps --editable .
fi
echo "$wanted" >"$stamp"
