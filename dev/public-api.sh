#!/usr/bin/env bash
# Writes down the public members of the packed libraries as they are now: PublicAPI.Unshipped.txt beside each project, which the build compares with the code
# (RS0016: a member is missing there; RS0017: a member is gone). Run it after a change that is meant, and look at its diff.
# PublicAPI.Shipped.txt has what the last release had: at a release the lines of the other file go there. Members gone since then are written *REMOVED*.
set -euo pipefail
shopt -s inherit_errexit
export LC_ALL=C
cd "$(dirname "$0")/.."
projects=(src/L2c.Native src/Kernels src/L2c.Weights src/L2c.Model src/L2c.Engine)
readonly header='#nullable enable' log=obj/public-api.sarif
work=$(mktemp -d)
restore() {
    local status=$?
    for project in "${projects[@]}"; do
        [ $status -eq 0 ] || cp -r "$work/$project"/. "$project"
    done
    rm -rf "$work"
    exit $status
}
trap restore EXIT

for project in "${projects[@]}"; do
    mkdir -p "$work/$project" "$project/obj"
    cp "$project"/PublicAPI.*.txt "$work/$project"
    echo "$header" | tee "$project/PublicAPI.Shipped.txt" > "$project/PublicAPI.Unshipped.txt"
    rm -f "$project/$log"
done

# With nothing written down, the compiler's log names every public member. The last project references all others.
dotnet build "${projects[-1]}" -c Release -v q -nologo -p:TreatWarningsAsErrors=false "-p:ErrorLog=$log%2Cversion=2.1" > "$work/log" \
    || { tail -n 20 "$work/log" >&2; exit 1; }

for project in "${projects[@]}"; do
    jq -r '.runs[].results[] | select(.ruleId == "RS0016").properties.customProperties.APIName' "$project/$log" | sort -u > "$work/now"
    cp "$work/$project/PublicAPI.Shipped.txt" "$project"
    grep -v '^#' "$project/PublicAPI.Shipped.txt" | sort -u > "$work/shipped" || true
    {
        echo "$header"
        comm -23 "$work/now" "$work/shipped"
        comm -13 "$work/now" "$work/shipped" | sed 's/^/*REMOVED*/'
    } > "$project/PublicAPI.Unshipped.txt"
    echo "$project: $(wc -l < "$work/now") public members"
    rm "$project/$log"
done
