#!/usr/bin/env bash
# Peak resident memory of converting a full-size layout, over that of the program doing nothing, against 1.2 x the largest tensor + 64 MiB.
# Usage: dev/converter-memory.sh [MODEL]   (writes about 4 GB under ${TMPDIR:-/tmp} for DiT-XL/2 and removes them; exit code 1 when over the bound)
set -euo pipefail
cd "$(dirname "$0")/.."
model=${1:-DiT-XL/2}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
dotnet build tools/weights-converter -c Release -v quiet --nologo >&2
converter=tools/weights-converter/bin/Release/net10.0/weights-converter
dev/make-random-checkpoint.sh "$folder/in.safetensors" --model "$model"

# Peak resident memory of a command in KiB, from the kernel's own account of the finished child.
peak() {
    python3 -c 'import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)' "$@"
}

empty=$(peak "$converter" --version)
largest=$("$converter" "$folder/in.safetensors" --list --json | python3 -c 'import json, math, sys
print(max(4 * math.prod(t["shape"]) for t in json.load(sys.stdin)["tensors"]) // 1024)')
bound=$((largest * 12 / 10 + 65536))
status=0
for dtype in fp32 fp16; do
    used=$(($(peak "$converter" "$folder/in.safetensors" "$folder/out.safetensors" --dtype "$dtype" --force --verify) - empty))
    echo "$model to $dtype, verified: $used KiB over an empty process ($empty KiB); bound $bound KiB (largest tensor $largest KiB)"
    [ "$used" -le "$bound" ] || status=1
done
exit $status
