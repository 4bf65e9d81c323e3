#!/usr/bin/env bash
# The documentation site: manuals, how-to pages, and the API reference from the comments of the library projects.
# Usage: dev/docs.sh [OUT], default artifacts/docs. What is wrong with a page or a comment, a broken link for one, ends it non-zero.
# To look at it: python3 -m http.server --directory artifacts/docs
set -euo pipefail
cd "$(dirname "$0")/.."
out=$(realpath -m "${1:-artifacts/docs}")
if [ -e "$out" ] && [ ! -e "$out/xrefmap.yml" ]; then
    echo "dev/docs.sh: $out is there and is no documentation site; name a folder that may be replaced" >&2
    exit 1
fi

log=$(mktemp)
trap 'rm -f "$log"' EXIT
dotnet tool restore > /dev/null
rm -rf docs/obj "$out"

echo "== API reference"
dotnet docfx metadata docfx.json > "$log" || { cat "$log"; exit 1; }
# Two warnings say nothing of the comments: a parameter that <inheritdoc> and the member itself describe, and the lists of public members, which the
# analyzer's package names a second time.
if grep -i 'warning' "$log" | grep -v -e 'Duplicate parameter .* found in comments' -e 'Duplicate source file .*PublicAPI' -e 'warning(s)' -e 'succeeded with warning'; then
    exit 1
fi

echo "== site"
dotnet docfx build docfx.json --output "$out" --warningsAsErrors > "$log" || { cat "$log"; exit 1; }
echo "$out/index.html: $(find "$out" -name '*.html' | wc -l) pages"
