#!/bin/sh
# Writes the same 5,000 orders each time, so that the report's numbers can be checked.
set -eu
. ./directory.sh

awk 'BEGIN {
    split("DE FR IT ES NL PL", countries, " ")
    split("anvil bell clapper dial escapement finial gear hammer index jewel key lever", products, " ")
    print "order_id,country,product,quantity,unit_price"
    seed = 20261123
    for (id = 1; id <= 5000; id++) {
        seed = (seed * 16807) % 2147483647; country = countries[seed % 6 + 1]
        seed = (seed * 16807) % 2147483647; product = seed % 12 + 1
        seed = (seed * 16807) % 2147483647; quantity = seed % 9 + 1
        if (id % 997 == 0) quantity = -1
        printf "%d,%s,%s,%d,%.2f\n", id, country, products[product], quantity, 3.5 * product
    }
}' > "$out/orders.csv.part"
mv "$out/orders.csv.part" "$out/orders.csv"

orders=$(($(wc -l < "$out/orders.csv") - 1))
echo "wrote $orders orders to $out/orders.csv"
printf '{"orders": %d}\n' "$orders" > "$BELFRY_RESULT"
