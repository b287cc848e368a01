#!/usr/bin/env python3
"""Writes sqlite.sql and sqlite.json: the database of a `belfry up` of 8c9e479 that was killed in the middle.

    make_sqlite.py PATH_OF_THE_OLD_BELFRY
"""
import json, os, pathlib, signal, sqlite3, subprocess, sys, tempfile, time, urllib.error, urllib.request

import scenario

HERE = pathlib.Path(__file__).parent
SHELL = {
    "good": "echo done",
    "list": "echo '[1, 2, 3]' > \"$BELFRY_RESULT\"",
    "bad": "echo broken >&2; exit 3",
    "fails_first": 'test "$BELFRY_ATTEMPT" -gt 1',
    # Relative to where belfry was started: there is no such file where a test starts it.
    "held": "while test -e held; do sleep 0.1; done",
    "slow": "sleep 60",
}


def target(kind):
    return {"type": "command", "command": SHELL[kind]}


def until(what, look):
    for _ in range(600):
        if look():
            return
        time.sleep(0.1)
    sys.exit(f"never: {what}")


def main(belfry):
    with tempfile.TemporaryDirectory() as place:
        data = os.path.join(place, "data")
        pathlib.Path(place, "held").touch()
        token = subprocess.check_output([belfry, "token", "create", "ci", "--data", data], text=True).strip()
        up = [belfry, "up", "--data", data, "--listen", "127.0.0.1:0", "--lease", "30s",
              "--max-processes", "64"]
        log = open(os.path.join(place, "log"), "w")
        server = subprocess.Popen(up, cwd=place, stdout=subprocess.PIPE, stderr=log, text=True)
        url = server.stdout.readline().strip().removeprefix("listening on ")

        def call(method, path, body=None, headers={}):
            headers = {"Content-Type": "application/json", **headers}
            data = None if body is None else json.dumps(body).encode()
            request = urllib.request.Request(url + path, data, headers, method=method)
            try:
                with urllib.request.urlopen(request, timeout=60) as answer:
                    return json.loads(answer.read() or "null")
            except urllib.error.HTTPError as error:
                if (method, error.code) == ("GET", 404):
                    return {}
                server.kill()
                sys.exit(f"{method} {path}: {error.code} {error.read().decode()}")

        until("it leads", lambda: call("GET", "/v1/health")["role"] == "leader")
        facts = scenario.write(call, target, until)
        server.send_signal(signal.SIGKILL)
        server.wait()
        os.remove(os.path.join(place, "held"))
        facts |= {"token": token, "written_at": int(time.time() * 1000)}
        database = sqlite3.connect(os.path.join(data, "belfry.sqlite"))
        version = database.execute("PRAGMA user_version").fetchone()[0]
        lines = [*database.iterdump(), f"PRAGMA user_version = {version};"]
        (HERE / "sqlite.sql").write_text("\n".join(lines) + "\n")
        (HERE / "sqlite.json").write_text(json.dumps(facts, indent=1) + "\n")


main(os.path.abspath(sys.argv[1]))
