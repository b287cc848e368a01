#!/bin/sh
set -eu
. ./directory.sh

{
    echo "product,quantity"
    awk -F, 'NR > 1 && $4 > 0 { sold[$3] += $4 }
        END { for (product in sold) printf "%s,%d\n", product, sold[product] }' "$out/orders.csv" |
        sort -t, -k2,2nr -k1,1 | head -n 10
} > "$out/products.csv.part"
mv "$out/products.csv.part" "$out/products.csv"

best=$(sed -n '2s/,.*//p' "$out/products.csv")
echo "best seller: $best"
printf '{"best": "%s"}\n' "$best" > "$BELFRY_RESULT"
