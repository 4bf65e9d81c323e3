#!/usr/bin/env bash
# Packs everything that proves and measures the CUDA engine on a Linux x86-64 machine with a GPU and no .NET: README.md beside this file says how.
# Usage: dev/gpu/pack.sh OUT.tar.gz
# More recorded cases than the committed ones travel along where L2C_GOLDENS and L2C_CHECKPOINTS (else ../shared) have them.
set -euo pipefail
[ $# -eq 1 ] || { echo "usage: dev/gpu/pack.sh OUT.tar.gz" >&2; exit 2; }
out=$(realpath -m "$1")
cd "$(dirname "$0")/../.."
readonly limit=$((56 << 20))

work=$(mktemp -d)
# Publishing without BenchmarkDotNet writes the lock file of bench anew.
readonly lock=bench/L2c.Bench/packages.lock.json
cp "$lock" "$work/lock"
trap 'cp "$work/lock" "$lock"; rm -rf "$work"' EXIT
commit=$(git describe --always --abbrev=12 --exclude='*' --dirty=' with uncommitted changes')
top=$work/l2c-gpu
mkdir -p "$top"/{lib,tests,bench/peers}

# One folder, so that the runtime is there once. Not trimmed (ILGPU reflects) and not one file (xunit v3 looks for its assemblies). Without
# BenchmarkDotNet, which `l2c-bench kernels` loads: that measures the CPU.
for project in src/L2c.Cli bench/L2c.Bench tests/L2c.Kernels.Tests tests/L2c.Model.Tests; do
    echo "pack.sh: $project"
    dotnet publish "$project" -c Release -r linux-x64 --self-contained -p:PublishTrimmed=false -p:PublishSingleFile=false \
        -p:L2cWithoutKernels=true -p:EmbedAllSources=false -p:DebugType=none -o "$top/bin" > "$work/log" || { tail -n 20 "$work/log" >&2; exit 1; }
done
# What only a debugger or a configuration of the runtime asks for.
rm -f "$top"/bin/{createdump,libmscordaccore.so,libmscordbi.so,libcoreclrtraceptprovider.so,libclrgc.so,libclrgcexp.so} "$top"/bin/*.xml
# The CPU's opponent, which `l2c-bench forward` loads when it runs: no business of a GPU, and half of an archive.
rm -f "$top"/bin/{Microsoft.ML.OnnxRuntime.dll,libonnxruntime*.so,onnxruntime*}
# Draw and decode pictures and plots, which no stage does; loaded when that is done.
rm -f "$top"/bin/{SkiaSharp*.dll,libSkiaSharp.so,HarfBuzzSharp.dll,libHarfBuzzSharp.so,ScottPlot.dll}

cp dev/gpu/run.sh dev/gpu/README.md LICENSE "$top"
cp dev/gpu/{probe,plan,stages,benchmarks}.sh "$top/lib"
cp bench/peers/dit_torch.py "$top/bench/peers"
cp -r bench/schedules "$top/bench"
cp -r tests/fixtures "$top/tests"
# Tests find the demo model where the repository has it.
mkdir -p "$top/src/L2c.Engine"
ln -s ../../bin/models "$top/src/L2c.Engine/models"
goldens=${L2C_GOLDENS:-../shared/goldens} checkpoints=${L2C_CHECKPOINTS:-../shared/checkpoints}
if [ -d "$goldens" ] && [ -d "$checkpoints" ]; then
    dev/make-golden-subset.py "$goldens" "$checkpoints" "$top/tests/fixtures" dit_c_weights dit_c_forward \
        dit_a_ddim20_nocfg dit_a_ddpm25_nocfg dit_a_l2c_ddim20_thr0.5_nocfg dit_a_l2c_ddpm10_thr0.5_cfg1.5 \
        inception_features
fi

{
    echo "commit=$commit"
    echo "packed=$(date -u '+%Y-%m-%d %H:%M UTC')"
} > "$top/L2c.archive"

mkdir -p "$(dirname "$out")"
tar -C "$work" --owner=0 --group=0 --sort=name -c l2c-gpu | gzip -9 > "$out.partial"
size=$(stat -c %s "$out.partial")
if [ "$size" -ge $limit ]; then
    rm "$out.partial"
    echo "pack.sh: the archive has $((size >> 20)) MiB; less than $((limit >> 20)) MiB are allowed" >&2
    exit 1
fi
mv "$out.partial" "$out"
echo "pack.sh: $out, $(awk "BEGIN { printf \"%.1f\", $size / 1048576 }") MiB"
