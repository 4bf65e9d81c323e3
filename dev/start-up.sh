#!/usr/bin/env bash
# How long `l2c sample` on the demo model takes from the start of the process to its first line and to its first evaluation, from a published build.
# Usage: dev/start-up.sh [RUNS]      prints median, fastest and slowest of both, in milliseconds
set -euo pipefail
shopt -s inherit_errexit
cd "$(dirname "$0")/.."
runs=${1:-15}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
dotnet publish src/L2c.Cli -c Release -o "$folder/l2c" >"$folder/log" || { cat "$folder/log" >&2; exit 1; }
sample=("$folder/l2c/l2c" sample --count 8 --device cpu --no-progress --force --out "$folder/grid.png")

# $1: what; $2: a file of times.
summary() {
    sort -n -o "$2" "$2"
    echo "start to $1, $runs runs: median $(sed -n "$(((runs + 1) / 2))p" "$2") ms, fastest $(head -n 1 "$2") ms, slowest $(tail -n 1 "$2") ms"
}

# Standard input: what the program tells, which began at $1 (ns).
first_line() {
    local line now
    read -r line
    now=$(date +%s%N)
    cat >"$folder/rest"
    [[ $line == "l2c: sampling "* ]] || { echo "the first line is another one: $line" >&2; return 1; }
    echo "$(((now - $1) / 1000000))" >>"$folder/lines"
}

for ((i = 0; i < runs; i++)); do
    began=$(date +%s%N)
    "${sample[@]}" 2>&1 >"$folder/out" | first_line "$began"
    "${sample[@]}" --json | grep -o '"startMs":[0-9]*' | cut -d: -f2 >>"$folder/evaluations"
done
summary "the first line" "$folder/lines"
summary "the first evaluation" "$folder/evaluations"
