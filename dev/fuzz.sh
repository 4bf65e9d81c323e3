#!/usr/bin/env bash
# Reads damaged safetensors, PyTorch zip, PyTorch legacy and npy files, damaged at random or in one part of their structure (JSON numbers, pickle
# opcodes, zip directory, tensor geometry): each must be read to the end or refused, in reads and bytes in proportion to it; nothing else may happen.
# Usage: dev/fuzz.sh [COUNT]     inputs, default 200000
# Ends non-zero on the first failure; its message names the seed and the input, saved under artifacts/fuzz.
set -euo pipefail
cd "$(dirname "$0")/.."
count=${1:-200000}
case $count in
    '' | *[!0-9]* | 0) echo "fuzz.sh: COUNT must be a positive number, not \"$count\"" >&2; exit 2 ;;
esac
project=tests/L2c.Weights.Tests
dotnet build "$project" -c Release --nologo -v quiet -tl:off >&2
L2C_FUZZ_COUNT=$count "$project/bin/Release/net10.0/L2c.Weights.Tests" --filter-trait Category=Fuzz --show-live-output on --no-ansi --no-progress
