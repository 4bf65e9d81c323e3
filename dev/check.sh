#!/usr/bin/env bash
# What CI runs: format, build with warnings as errors, documentation site, tests. Ends non-zero on the first failure.
set -euo pipefail
cd "$(dirname "$0")/.."

echo "== format"
dotnet restore L2c.sln --locked-mode
dotnet format L2c.sln --no-restore --verify-no-changes

echo "== build"
dotnet build L2c.sln -c Release --no-restore

echo "== documentation"
dev/docs.sh artifacts/docs-check

echo "== test"
dotnet test L2c.sln -c Release
