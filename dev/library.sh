#!/usr/bin/env bash
# The program of docs/library.md in an empty folder: opens the demo model through the library and writes a PNG. Ends non-zero unless it does.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
{
    echo "#:project $root/src/L2c.Engine/L2c.Engine.csproj"
    echo "#:property PublishAot=false"
    sed -n '/^```csharp$/,/^```$/p' "$root/docs/library.md" | sed '1d;$d'
} > "$folder/program.cs"
cd "$folder"
dotnet run -c Release program.cs
[ "$(head -c 8 demo.png | od -An -tx1 | tr -d ' \n')" = 89504e470d0a1a0a ] || { echo "demo.png is no PNG" >&2; exit 1; }
echo "demo.png: $(stat -c %s demo.png) bytes"
