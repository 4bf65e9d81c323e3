#!/usr/bin/env bash
# Runs every recorded case and prints a line per file: status, file, device, dtype, the tensor nearest to (or beyond) its bound, error, bound.
# Usage: dev/goldens.sh [--only PATTERN] [--json FILE] [--device cpu|emulator|cuda]      PATTERN is a part of the file name.
# On the emulator, or a GPU, the networks' cases run through the CUDA engine in fp32, fp16 and bf16.
# The folders come from L2C_GOLDENS and L2C_CHECKPOINTS, else ../shared/goldens and ../shared/checkpoints, else the committed subset.
# Ends with 0 when nothing failed and something ran, else 1; 2 for wrong arguments.
set -euo pipefail
cd "$(dirname "$0")/.."

only="" json="" device=cpu
while [ $# -gt 0 ]; do
    case "$1" in
        --only) [ $# -ge 2 ] || { echo "goldens.sh: --only needs a pattern" >&2; exit 2; }; only=$2; shift 2 ;;
        --json) [ $# -ge 2 ] || { echo "goldens.sh: --json needs a file" >&2; exit 2; }; json=$2; shift 2 ;;
        --device) case "${2:-}" in
                cpu|emulator|cuda) device=$2; shift 2 ;;
                *) echo "goldens.sh: --device needs cpu, emulator or cuda" >&2; exit 2 ;;
            esac ;;
        *) echo "goldens.sh: unknown argument $1; usage: dev/goldens.sh [--only PATTERN] [--json FILE] [--device cpu|emulator|cuda]" >&2; exit 2 ;;
    esac
done

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
status=0
category=Golden
if [ "$device" != cpu ]; then
    category=GoldenCuda
    export L2C_GOLDENS_DEVICE=$device
    [ "$device" = emulator ] || export L2C_CUDA=$device
fi
L2C_GOLDENS_ONLY=$only L2C_GOLDENS_REPORT=$work/report \
    dotnet test --project tests/L2c.Model.Tests -c Release --filter-trait "Category=$category" >"$work/log" 2>&1 || status=$?

if [ ! -s "$work/report.txt" ]; then
    echo "goldens.sh: no case ran${only:+ for pattern \"$only\"}; the test run said:" >&2
    tail -n 20 "$work/log" >&2
    exit 1
fi

LC_ALL=C sort -k2 "$work/report.txt"
if [ -n "$json" ]; then
    { echo "["; LC_ALL=C sort "$work/report.jsonl" | sed '$!s/$/,/'; echo "]"; } >"$json.partial"
    mv "$json.partial" "$json"
fi

count() { awk -v s="$1" '$1 == s { n++ } END { print n + 0 }' "$work/report.txt"; }
passed=$(count pass) failed=$(count FAIL) skipped=$(count skip) pending=$(count pending)
echo "$passed passed, $failed failed, $skipped skipped, $pending pending"
if [ "$failed" -eq 0 ] && [ "$status" -ne 0 ]; then
    echo "goldens.sh: the test run ended with $status:" >&2
    tail -n 20 "$work/log" >&2
    exit 1
fi
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
