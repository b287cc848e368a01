#!/usr/bin/env python3
"""A worker that speaks HTTP only: runs the commands of one pool, one at a time.

    worker.py POOL        with BELFRY_URL, BELFRY_TOKEN, BELFRY_WORKER_ID and BELFRY_LEASE (seconds)

Whatever happens to it, its work is not lost: what it does not finish in its lease goes to another worker.
"""
import json, os, signal, socket, subprocess, sys, tempfile, time, urllib.error, urllib.request

URL = os.environ.get("BELFRY_URL", "http://127.0.0.1:7433")
LEASE = int(os.environ.get("BELFRY_LEASE", "30"))
ME = os.environ.get("BELFRY_WORKER_ID", f"{socket.gethostname()}-{os.getpid()}")


def call(path, body):
    """POSTs; the answer, or None where it was refused. Waits out a server that is away."""
    headers = {"Content-Type": "application/json"}
    if "BELFRY_TOKEN" in os.environ:
        headers["Authorization"] = "Bearer " + os.environ["BELFRY_TOKEN"]
    while True:
        try:
            request = urllib.request.Request(f"{URL}/v1/{path}", json.dumps(body).encode(), headers)
            with urllib.request.urlopen(request, timeout=60) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            if error.code < 500 and error.code != 429:
                print(f"{path}: {error.read().decode()}", file=sys.stderr)
                return None
        except OSError as error:
            print(f"{path}: {error}", file=sys.stderr)
        time.sleep(1)


def run(attempt):
    """Runs the command, with a heartbeat every third of the lease; how it ended."""
    command, path = attempt["target"]["command"], f"executions/{attempt['execution_id']}:heartbeat"
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as output:
        # A file, not a pipe: a command need not read its input.
        given.write(json.dumps(attempt["input"]).encode())
        given.seek(0)
        process = subprocess.Popen(command, shell=isinstance(command, str), stdin=given, stdout=output,
                                   stderr=output, start_new_session=True)
        while True:
            try:
                code = process.wait(timeout=LEASE / 3)
                break
            except subprocess.TimeoutExpired:
                pulse = call(path, {"token": attempt["token"], "lease_seconds": LEASE})
                if pulse is None or pulse["cancel_requested"]:
                    os.killpg(process.pid, signal.SIGKILL)
        output.seek(0)
        end = {"token": attempt["token"], "output": output.read().decode(errors="replace")}
    return {**end, "status": "success"} if code == 0 else {**end, "status": "failed", "error": f"exit code {code}"}


while True:
    lease = call(f"pools/{sys.argv[1]}:lease?wait=20", {"worker_id": ME, "lease_seconds": LEASE})
    if lease is None or lease["draining"]:
        sys.exit("refused" if lease is None else 0)
    for attempt in lease["attempts"]:
        call(f"executions/{attempt['execution_id']}:finish", run(attempt))
