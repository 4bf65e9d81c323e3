#!/usr/bin/env bash
# Self-contained programs, for machines without .NET: a folder with l2c, weights-converter, the runtime and the demo model, and an archive of it.
# Usage: dev/publish.sh [--out DIR] [PLATFORM...]     default: artifacts/publish; linux-x64 linux-arm64 win-x64
# Only that of this machine's platform is run: what is known of the others is in docs/packages.md.
set -euo pipefail
shopt -s inherit_errexit
root=$(cd "$(dirname "$0")/.." && pwd)
out=$root/artifacts/publish
if [ "${1:-}" = --out ]; then
    [ $# -ge 2 ] || { echo "usage: dev/publish.sh [--out DIR] [PLATFORM...]" >&2; exit 2; }
    out=$2
    shift 2
fi
[ $# -gt 0 ] || set -- linux-x64 linux-arm64 win-x64
out=$(realpath -m "$out")
cd "$root"
version=$(dotnet msbuild src/L2c.Cli/L2c.Cli.csproj -getProperty:Version)
here=$(dotnet --info | awk '$1 == "RID:" { print $2 }')
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The packages of a platform are resolved anew, beside the committed lock files, and must be those that are locked: same versions, same content.
same_packages() {
    local ours="$1" resolved="$2"
    diff <(jq -S '.dependencies["net10.0"]' "$ours") <(jq -S '.dependencies["net10.0"]' "$resolved") > "$work/log" \
        || { echo "publish.sh: $ours locks other packages" >&2; cat "$work/log" >&2; exit 1; }
}

mkdir -p "$out"
for platform in "$@"; do
    name=l2c-$version-$platform
    top=$work/$name
    for project in src/L2c.Cli/L2c.Cli.csproj tools/weights-converter/WeightsConverter.csproj; do
        echo "publish.sh: $platform, $(basename "$project" .csproj)"
        # Not trimmed, since ILGPU reflects; not one file, since the demo model and the native libraries lie beside the program anyway.
        dotnet publish "$project" -c Release -r "$platform" --self-contained --artifacts-path "$work/build-$platform" -o "$top" \
            -p:RuntimeIdentifiers="$platform" -p:LockFolder="$work/locks" -v q > "$work/log" || { tail -n 20 "$work/log" >&2; exit 1; }
        same_packages "$(dirname "$project")/packages.lock.json" "$work/locks/$(basename "$project" .csproj).json"
    done
    rm -rf "${work:?}/build-$platform" "$work/locks"
    # What only a debugger or a tracer asks for.
    rm -f "$top"/{createdump,createdump.exe,libmscordaccore.so,libmscordbi.so,libcoreclrtraceptprovider.so,mscordaccore*.dll,mscordbi.dll} "$top"/*.pdb
    if [ "$platform" = "$here" ]; then
        (cd "$work" && "$top/l2c" sample --count 2 --device cpu --no-progress --out "$work/two.png")
        "$top/weights-converter" --version
    fi
    rm -rf "${out:?}/$name" "$out/$name".{tar.gz,zip}
    if [ "${platform%%-*}" = win ]; then
        archive=$out/$name.zip
        (cd "$work" && python3 -m zipfile -c "$archive" "$name")
    else
        archive=$out/$name.tar.gz
        tar -C "$work" --owner=0 --group=0 --sort=name -czf "$archive" "$name"
    fi
    mv "$top" "$out/$name"
    [ "$platform" = "$here" ] && ran="run here" || ran="not run: this machine is $here"
    echo "publish.sh: $archive, $(($(stat -c %s "$archive") >> 20)) MiB, $ran"
done
