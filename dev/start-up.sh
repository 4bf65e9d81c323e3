#!/usr/bin/env bash
# How long `l2c sample` on the demo model takes from the start of the process to its first evaluation, from a published build.
# Usage: dev/start-up.sh [RUNS]      prints the median, the fastest and the slowest, in milliseconds
set -euo pipefail
shopt -s inherit_errexit
cd "$(dirname "$0")/.."
runs=${1:-15}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
dotnet publish src/L2c.Cli -c Release -o "$folder/l2c" >"$folder/log" || { cat "$folder/log" >&2; exit 1; }
for ((i = 0; i < runs; i++)); do
    "$folder/l2c/l2c" sample --count 8 --device cpu --no-progress --json --force --out "$folder/grid.png" | grep -o '"startMs":[0-9]*' | cut -d: -f2
done | sort -n >"$folder/times"
echo "start to first evaluation, $runs runs: median $(sed -n "$(((runs + 1) / 2))p" "$folder/times") ms," \
    "fastest $(head -n 1 "$folder/times") ms, slowest $(tail -n 1 "$folder/times") ms"
