"""Runs the query of docs/archive.md over an archive and prints its rows and its time as JSON."""

import json
import sys
import time

import duckdb

archive, query = sys.argv[1], open(sys.argv[2], encoding="utf-8").read()
connection = duckdb.connect()
connection.execute("SET enable_progress_bar = false")
began = time.monotonic()
answer = connection.execute(query.replace("ARCHIVE", archive))
names = [column[0] for column in answer.description]
rows = [dict(zip(names, row)) for row in answer.fetchall()]
seconds = time.monotonic() - began
print(json.dumps({"seconds": seconds, "rows": rows}, default=str))
