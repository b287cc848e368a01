#!/bin/sh
set -eu
. ./directory.sh

awk -F, 'NR == 1 || $4 <= 0' "$out/orders.csv" > "$out/rejected.csv.part"
mv "$out/rejected.csv.part" "$out/rejected.csv"

rejected=$(($(wc -l < "$out/rejected.csv") - 1))
echo "$rejected orders rejected"
printf '{"rejected": %d}\n' "$rejected" > "$BELFRY_RESULT"
