#!/usr/bin/env bash
# A checkpoint with a published model's shapes and random values. Usage: dev/make-random-checkpoint.sh OUT.safetensors [--model NAME]
set -euo pipefail
usage="usage: dev/make-random-checkpoint.sh OUT.safetensors [--model NAME]"
out=${1:?$usage}
model=DiT-XL/2
if [ $# -eq 3 ] && [ "$2" = --model ]; then
    model=$3
elif [ $# -ne 1 ]; then
    echo "$usage" >&2
    exit 2
fi
exec dotnet run "$(dirname "$0")/make-random-checkpoint.cs" -- "$out" "$model"
