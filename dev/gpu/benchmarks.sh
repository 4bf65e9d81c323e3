# Part of run.sh: L2c and PyTorch on the same work. The work: DiT-XL/2 in bf16, random weights, guidance (so a batch is twice the images); a forward
# pass, and DDIM runs of 20 and 50 steps in full and with the published routers' schedules. Products are tuned, as the compiled peer's are; `untuned`
# is a forward pass without that, `apart` one with GELU in a kernel of its own. L2c alone also runs U-ViT-H/2: a forward pass, and DPM-Solver's 50
# evaluations, with guidance scale 1.4, in full and with the published router's schedule.
# File names tell the work: WHAT.SIZE.IMAGES[.STEPS].json, WHAT.SIZE.IMAGES.jsonl.

ours() { # STEP LIMIT
    local engine what size n steps program=("$bin/l2c") work=(--device cuda --dtype bf16 --json)
    IFS=. read -r engine what size n steps <<< "$1"
    if [ $emulator = 1 ]; then
        # As deep as DiT-XL/2 and U-ViT-H/2, so that the routers' schedules fit.
        program=("$bin/l2c-bench" emulated --)
        case $what in uvit-*) work+=(--model U-ViT-28x32x2/2) ;; *) work+=(--model 28x32x2/2) ;; esac
        work+=(--image-size "$size" --repeat 1)
    else
        case $what in uvit-*) work+=(--model "U-ViT-H/2 $size") ;; *) work+=(--model "DiT-XL/2 $size") ;; esac
    fi

    case $what in
        forward | uvit-forward) work=(forward "${work[@]}" --tune --batch $((2 * n))) ;;
        apart) work=(forward "${work[@]}" --tune --batch $((2 * n)) --fused-gelu off) ;;
        sample) work=(sample "${work[@]}" --tune --images "$n" --steps "$steps" --cache "$root/bench/schedules/ddim$steps-router.json") ;;
        uvit-sample)
            work=(sample "${work[@]}" --tune --images "$n" --steps "$steps" --cfg-scale 1.4 --cache "$root/bench/schedules/dpm$steps-router.json")
            ;;
        untuned)
            # With choices of its own: those of the others have won races.
            program=(env "L2C_CACHE=$L2C_CACHE/untuned" "${program[@]}")
            work=(forward "${work[@]}" --batch $((2 * n)))
            ;;
    esac
    step "$1" "$2" "$raw/bench/${1#bench.}.json" "${program[@]}" bench "${work[@]}"
}

# With the emulator the peer's own check runs on the CPU, where there is a torch.
peer_runs() { [ "${torch%% *}" = cuda ] || { [ $emulator = 1 ] && [ -n "$torch" ]; }; }

peer() { # STEP LIMIT
    local engine what size n work=(--model DiT-XL/2 --dtype bf16 --repeats 9 --steps 20,50)
    IFS=. read -r engine what size n <<< "$1"
    [ $emulator = 0 ] || work=(--tiny --device cpu --repeats 2 --steps 20)
    [ "$what" != eager ] || what=rates,eager
    step "$1" "$2" "$raw/peer/${1#peer.}.jsonl" python3 -u "$root/bench/peers/dit_torch.py" "${work[@]}" --parts "$what" \
        --image-size "$size" --images "$n" \
        --schedule "$root/bench/schedules/ddim20-router.json" --schedule "$root/bench/schedules/ddim50-router.json"
}
