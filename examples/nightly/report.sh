#!/bin/sh
set -eu
. ./directory.sh

rejected=$(($(wc -l < "$out/rejected.csv") - 1))
awk -F, -v rejected="$rejected" 'NR > 1 { orders += $2; revenue += $3 }
    END { print "orders,revenue,rejected"; printf "%d,%.2f,%d\n", orders, revenue, rejected }' \
    "$out/revenue.csv" > "$out/report.csv"

{
    echo "# Sales"
    echo
    awk -F, '{ printf "| %s | %s | %s |\n", $1, $2, $3 } NR == 1 { print "|---|---|---|" }' "$out/revenue.csv"
    echo
    echo "Best sellers: $(sed -n '2,4s/,.*//p' "$out/products.csv" | paste -sd ' ' -). $rejected orders were rejected."
} > "$out/report.md"

cat "$out/report.md"
awk -F, 'NR == 2 { printf "{\"orders\": %d, \"revenue\": %.2f, \"rejected\": %d}\n", $1, $2, $3 }' \
    "$out/report.csv" > "$BELFRY_RESULT"
