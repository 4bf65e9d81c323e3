#!/usr/bin/env bash
# The emulated GPU as the vendor's libraries: a folder with libcuda.so.1 and libcublasLt.so.12, for any program that looks for those.
# Usage: dev/emulated-gpu.sh [OUT]     default: artifacts/emulated-gpu; then LD_LIBRARY_PATH=OUT l2c sample --device cuda
# Linux x86-64. Needs a linker (clang or gcc) and the SDK's compiler to machine code, a package that restoring fetches.
# Ends with 0, 3 where one of these is missing, 1 when something failed, 2 for wrong arguments.
set -euo pipefail
[ $# -le 1 ] || { echo "usage: dev/emulated-gpu.sh [OUT]" >&2; exit 2; }
root=$(cd "$(dirname "$0")/.." && pwd)
out=$(realpath -m "${1:-$root/artifacts/emulated-gpu}")
cd "$root"
[ "$(uname -sm)" = "Linux x86_64" ] || { echo "emulated-gpu.sh: built for Linux x86-64 only" >&2; exit 3; }
command -v clang > /dev/null || command -v gcc > /dev/null || { echo "emulated-gpu.sh: no linker: neither clang nor gcc is on the path" >&2; exit 3; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# In folders of its own, lock files too: the compiler's package is of the SDK's version, and no business of other builds of the project.
options=(src/L2c.Emulation.Native -r linux-x64 -p:EmulatedGpu=true --artifacts-path "$work/build" "-p:LockFolder=$work/locks"
    -v quiet --nologo --disable-build-servers)
dotnet restore "${options[@]}" > "$work/log" || {
    tail -n 20 "$work/log" >&2
    grep -qE 'NU110[0-3]|NU1301' "$work/log" || exit 1 # a package that no source has, a source that does not answer
    echo "emulated-gpu.sh: the compiler's package cannot be fetched" >&2
    exit 3
}
dotnet publish "${options[@]}" -c Release --no-restore -o "$work/out" > "$work/log" || { tail -n 20 "$work/log" >&2; exit 1; }

# One file under both names: a loader knows a file by its inode, so a process has one of it, and with it one device. A copy would be a second device.
mkdir -p "$out"
install -m 755 "$work/out/L2c.Emulation.Native.so" "$out/libcuda.so.1"
ln -sf libcuda.so.1 "$out/libcublasLt.so.12"
echo "emulated-gpu.sh: LD_LIBRARY_PATH=$out"
