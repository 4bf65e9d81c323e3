# Part of run.sh: what this machine has. Reads root, bin, raw, emulator; sets LD_LIBRARY_PATH where CUDA's libraries need it, torch and sanitizer.

# The folder of a library that the system's search does not find: in Python's packages, then in the usual places.
folder_of() {
    local folders file
    folders=$(python3 -c 'import site, sys; print("\n".join(p for p in site.getsitepackages() + sys.path if p))' 2> /dev/null)
    file=$({
        while read -r folder; do
            [ -d "$folder" ] && find "$folder/nvidia" "$folder/torch/lib" -maxdepth 4 -name "$1*" 2> /dev/null
        done <<< "$folders"
        timeout 20 find /usr/local /opt /usr/lib /root /home -maxdepth 9 -name "$1*" -not -path '*/stubs/*' -not -path '*i386*' 2> /dev/null
    } | head -n 1)
    [ -n "$file" ] && dirname "$file"
}

# Why a library of `l2c devices --json` (one line of JSON: driver, cublasLt) cannot be used; nothing when it can.
problem_of() { sed -nE "s/.*\"$1\":\{[^}]*\"problem\":\"([^\"]*)\".*/\1/p" "$raw/devices.json" | sed "s/\\\\u0027/'/g"; }

add_library() {
    local folder
    if [ -n "$(problem_of "$1")" ] && folder=$(folder_of "$2"); then
        export LD_LIBRARY_PATH=$folder${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
        echo "run.sh: $2 found in $folder, which is now on LD_LIBRARY_PATH"
    fi
}

# Driver, clocks, power and heat before the work.
smi() {
    local driver most now power heat
    command -v nvidia-smi > /dev/null || return 0
    IFS=, read -r driver most now power heat < <(timeout 20 nvidia-smi -i 0 --format=csv,noheader,nounits \
        --query-gpu=driver_version,clocks.max.sm,clocks.sm,power.limit,temperature.gpu 2> /dev/null)
    printf '%s\n' "driver=$driver" "maxSmMhz=${most# }" "smMhz=${now# }" "powerLimitW=${power# }" "temperatureC=${heat# }"
}

# Ends with 1 when there is no GPU to run on.
probe() {
    local problem=""
    timeout 60 "$bin/l2c" devices --json > "$raw/devices.json"
    if [ "$emulator" = 0 ]; then
        add_library driver libcuda.so.1
        add_library cublasLt libcublasLt.so
        timeout 60 "$bin/l2c" devices --json > "$raw/devices.json"
        problem=$(problem_of driver) problem=${problem:-$(problem_of cublasLt)}
    fi

    torch=$(timeout 60 python3 -c 'import torch; print("cuda" if torch.cuda.is_available() else "cpu", torch.__version__)' 2> /dev/null || true)
    sanitizer=$(PATH=$PATH:/usr/local/cuda/bin:/usr/local/cuda/compute-sanitizer command -v compute-sanitizer || true)
    {
        cat "$root/L2c.archive"
        echo "date=$(date -u '+%Y-%m-%d %H:%M UTC')"
        echo "emulator=$emulator"
        echo "asked=$only"
        echo "kernel=$(uname -sr)"
        echo "torch=$torch"
        echo "sanitizer=$([ -n "$sanitizer" ] && timeout 20 "$sanitizer" --version 2> /dev/null | tail -n 1)"
        echo "load=$(cut -d' ' -f1 /proc/loadavg)"
        [ "$emulator" = 1 ] || smi
    } > "$raw/run.txt"
    [ -z "$problem" ] || { note device failed "$(now)" "$problem"; return 1; }
}
