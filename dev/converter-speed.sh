#!/usr/bin/env bash
# Time of converting a full-size layout against dd copying the same file with a final fsync, alternating in one run; the bound is twice dd.
# Usage: dev/converter-speed.sh [MODEL]   (writes about 6 GB under ${TMPDIR:-/tmp} for DiT-XL/2 and removes them; exit code 1 when over the bound)
set -euo pipefail
shopt -s inherit_errexit # a converter that fails inside $(...) must end the script, not win the race
cd "$(dirname "$0")/.."
model=${1:-DiT-XL/2}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
dotnet build tools/weights-converter -c Release -v quiet --nologo >&2
converter=tools/weights-converter/bin/Release/net10.0/weights-converter
dev/make-random-checkpoint.sh "$folder/in.safetensors" --model "$model"

seconds() {
    rm -f "$folder/out"
    sync
    local start=$EPOCHREALTIME
    "$@" > /dev/null 2>&1
    local end=$EPOCHREALTIME
    [ -s "$folder/out" ]
    echo "scale=3; $end - $start" | bc
}
median() { printf '%s\n' "$@" | sort -n | sed -n "$((($# + 1) / 2))p"; }

dd_times=() fp32_times=() fp16_times=()
for _ in 1 2 3 4 5; do
    dd_times+=("$(seconds dd if="$folder/in.safetensors" of="$folder/out" bs=4M conv=fsync)")
    fp32_times+=("$(seconds "$converter" "$folder/in.safetensors" "$folder/out")")
    fp16_times+=("$(seconds "$converter" "$folder/in.safetensors" "$folder/out" --dtype fp16)")
done
copy=$(median "${dd_times[@]}") fp32=$(median "${fp32_times[@]}") fp16=$(median "${fp16_times[@]}")
echo "dd ${dd_times[*]}; fp32 ${fp32_times[*]}; fp16 ${fp16_times[*]} (s)"
echo "medians: dd $copy s, fp32 $fp32 s, fp16 $fp16 s; bound $(echo "2 * $copy" | bc) s"
[ "$(echo "$fp32 <= 2 * $copy && $fp16 <= 2 * $copy" | bc)" = 1 ]
