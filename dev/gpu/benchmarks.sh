# Part of run.sh: L2c and PyTorch on the same work, in turn: for each size and number of images first one, then the other.
# The work: DiT-XL/2 in bf16, random weights, guidance (so a batch is twice the images); a forward pass, and DDIM runs of 20 and 50 steps in full and
# with the published routers' schedules. Products are tuned, as the compiled peer's are; `untuned` is a forward pass without that, `apart` one with
# GELU in a kernel of its own.
# File names tell the work: WHAT.SIZE.IMAGES[.STEPS].json, SIZE.IMAGES.jsonl.

# What a size still ahead needs for L2c's own figures; a compiling peer may not eat it.
reserve=40

benchmarks() {
    local size n ahead=0
    for size in $sizes; do for n in $images; do ahead=$((ahead + 1)); done; done
    if wanted peer && ! peer_runs; then
        note peer skipped 0 "$([ -n "$torch" ] && echo "python3 has torch ${torch#* } without CUDA" || echo "python3 has no torch")"
        only=${only/peer/}
    fi

    for size in $sizes; do
        for n in $images; do
            ahead=$((ahead - 1))
            if wanted bench; then ours "$size" "$n"; fi
            if wanted peer; then peer "$size" "$n" $(($(remaining) - $(wanted bench && echo $((ahead * reserve)) || echo 0))); fi
        done
    done
}

ours() { # SIZE IMAGES
    local size=$1 n=$2 steps
    local program=("$bin/l2c") work=(--model "DiT-XL/2 $size" --device cuda --dtype bf16 --json) counts="20 50"
    if [ $emulator = 1 ]; then
        # As deep as DiT-XL/2, so that the routers' schedules fit.
        program=("$bin/l2c-bench" emulated --) work=(--model 28x32x2/2 --image-size "$size" --device cuda --dtype bf16 --repeat 1 --json) counts=20
    fi

    step "bench.untuned.$size.$n" 60 "$raw/bench/untuned.$size.$n.json" "${program[@]}" bench forward "${work[@]}" --batch $((2 * n))
    work+=(--tune)
    step "bench.forward.$size.$n" 60 "$raw/bench/forward.$size.$n.json" "${program[@]}" bench forward "${work[@]}" --batch $((2 * n))
    step "bench.apart.$size.$n" 60 "$raw/bench/apart.$size.$n.json" "${program[@]}" bench forward "${work[@]}" --fused-gelu off --batch $((2 * n))
    for steps in $counts; do
        step "bench.sample.$size.$n.$steps" 90 "$raw/bench/sample.$size.$n.$steps.json" \
            "${program[@]}" bench sample "${work[@]}" --images "$n" --steps "$steps" --cache "$root/bench/schedules/ddim$steps-router.json"
    done
}

# With the emulator the peer's own check runs on the CPU, where there is a torch.
peer_runs() { [ "${torch%% *}" = cuda ] || { [ $emulator = 1 ] && [ -n "$torch" ]; }; }

peer() { # SIZE IMAGES LIMIT
    local work=(--model DiT-XL/2 --image-size "$1" --images "$2" --dtype bf16 --repeats 9 --steps 20,50)
    [ $emulator = 0 ] || work=(--tiny --image-size "$1" --images "$2" --device cpu --repeats 2 --steps 20)
    step "peer.$1.$2" "$3" "$raw/peer/$1.$2.jsonl" python3 -u "$root/bench/peers/dit_torch.py" "${work[@]}" \
        --schedule "$root/bench/schedules/ddim20-router.json" --schedule "$root/bench/schedules/ddim50-router.json"
}
