#!/bin/sh
# Builds console/dist, unless it was built from these very sources. Node comes from the machine, or
# else from its wheel.
set -eu
cd "$(dirname "$0")/.."

digest_of() { find "$@" -type f -exec cksum {} + | LC_ALL=C sort | cksum; }

built=console/node_modules/.built-from
sources="$(digest_of console shared/parley/api/openapi.json -not -path '*/node_modules/*' -not -path '*/dist/*')"
if [ -f console/dist/index.html ] && [ -f "$built" ] && [ "$(cat "$built")" = "$sources" ]; then
    exit 0
fi

is_new_enough() { node -e 'process.exit(Number(process.versions.node.split(".")[0]) < 20)'; }

if ! { command -v node && command -v npm && is_new_enough; } >/dev/null 2>&1; then
    VIRTUAL_ENV="$(pwd)/.venv" UV_SYSTEM_CERTS=1 .venv/bin/uv pip install --quiet --require-hashes \
        --requirement requirements/node.txt
    PATH="$(pwd)/.venv/bin:$PATH"
    export PATH
fi

cd console
installed=node_modules/.installed-from
lock="$(cksum <package-lock.json) $(node --version)"
if ! { [ -f "$installed" ] && [ "$(cat "$installed")" = "$lock" ]; }; then
    echo "console: installing what it is built with"
    npm ci --silent --no-progress
    echo "$lock" >"$installed"
fi
echo "console: building"
npm run --silent build
cd ..
echo "$sources" >"$built"
