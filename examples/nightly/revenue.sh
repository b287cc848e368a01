#!/bin/sh
set -eu
. ./directory.sh

{
    echo "country,orders,revenue"
    awk -F, 'NR > 1 && $4 > 0 { orders[$2]++; revenue[$2] += $4 * $5 }
        END { for (country in orders) printf "%s,%d,%.2f\n", country, orders[country], revenue[country] }' \
        "$out/orders.csv" | sort
} > "$out/revenue.csv.part"
mv "$out/revenue.csv.part" "$out/revenue.csv"

total=$(awk -F, 'NR > 1 { sum += $3 } END { printf "%.2f", sum }' "$out/revenue.csv")
echo "revenue $total"
printf '{"revenue": %s}\n' "$total" > "$BELFRY_RESULT"
