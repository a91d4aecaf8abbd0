#!/bin/sh
# Resolves requirements/*.in into locks with hashes, keeping what is locked unless it must change
# (`--upgrade` changes it), and the dependencies layer's list from the same lock. No lock says where
# packages were fetched from.
set -eu
cd "$(dirname "$0")/../requirements"

compile() {
    ../.venv/bin/uv pip compile --quiet --universal --python-version 3.13 --generate-hashes \
        --no-header --no-emit-index-url --no-emit-find-links "$@"
}

for name in bootstrap dev sam node; do
    compile "$name.in" --output-file "$name.txt" "$@"
done
# Lambda's runtime has botocore and urllib3; cffi needs pycparser to build, not to run.
compile runtime.in --constraint dev.txt --output-file ../layers/dependencies/requirements.txt \
    --no-emit-package botocore --no-emit-package urllib3 --no-emit-package pycparser "$@"
