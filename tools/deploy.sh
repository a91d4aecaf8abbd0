#!/bin/sh
# Deploys what `sam build` built: deploy.sh STAGE ARCHITECTURE [Parameter=value ...].
# Addresses and keys come from the environment; what it does not say, CloudFormation keeps from last
# time. The first deployment of a stage needs all four.
set -eu
cd "$(dirname "$0")/.."
stage="$1" architecture="$2"
shift 2

set -- "$@" "Stage=$stage" "Architecture=$architecture"
give() { # Parameter value: SAM wants spaces and quotes in quotes
    [ -z "$2" ] || given="$1=\"$(printf '%s' "$2" | sed 's/"/\\"/g')\""
}
for name in MongodbUri:PARLEY_MONGODB_URI PostgresUrl:PARLEY_POSTGRES_URL \
    RedisUrl:PARLEY_REDIS_URL TokenKeys:PARLEY_TOKEN_KEYS; do
    given=""
    eval "give ${name%%:*} \"\${${name#*:}:-}\""
    [ -z "$given" ] || set -- "$@" "$given"
done
exec sam deploy --config-env "$stage" --parameter-overrides "$@"
