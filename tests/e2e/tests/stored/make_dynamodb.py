#!/usr/bin/env python3
"""Writes dynamodb.jsonl and dynamodb.json: all items of an installation of 8c9e479 whose functions were killed in the
middle. The functions are the real ones, called as Lambda calls them; DynamoDB and SQS are the emulator's.

    make_dynamodb.py DIRECTORY_OF_THE_OLD_FUNCTIONS MINISTACK
"""
import http.server, json, os, pathlib, queue, subprocess, sys, tempfile, threading, time, urllib.error, urllib.request

import scenario

HERE = pathlib.Path(__file__).parent
TABLES = {"jobs": [], "executions": ["recent", "status", "run", "due"], "timers": [], "dead-letters": [], "state": []}
INDEX = {"recent": "recent", "status": "by_status", "run": "by_run", "due": "by_due"}
POOLS = ["default", "command", "outside", "unserved"]
PRIORITIES = ["critical", "high", "normal", "low"]
QUEUES = ["belfry-dispatch", "belfry-dead-letters", *(f"belfry-{pool}-{priority}" for pool in POOLS for priority in PRIORITIES)]
let_go = threading.Event()


class Quiet(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def answer(self, status, body, headers={}):
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", "Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        try:
            self.wfile.write(body)
        except BrokenPipeError:
            pass  # Who asked was killed.

    def body(self):
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))


def serve(handler):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_address[1]


class Target(Quiet):
    """What the jobs call."""
    def do_POST(self):
        self.body()
        kind = self.path.strip("/")
        if kind == "held":
            let_go.wait()
        if kind == "slow":
            time.sleep(5)
        is_bad = kind == "bad" or kind == "fails_first" and self.headers["Belfry-Attempt"] == "1"
        self.answer((400 if kind == "bad" else 500) if is_bad else 200, b"[1, 2, 3]" if kind == "list" else b'{"done": true}')


class Function:
    """A function's process, and the runtime API that it asks for what to do."""
    def __init__(self, programs, name, variables):
        self.events, self.answers = queue.Queue(), queue.Queue()
        function = self

        class Runtime(Quiet):
            def do_GET(self):
                event = function.events.get()
                self.answer(200, json.dumps(event).encode(), {
                    "lambda-runtime-aws-request-id": "8476a536-e9f4-11e8-9739-2dfe598c3fcd",
                    "lambda-runtime-deadline-ms": str(int((time.time() + 600) * 1000)),
                    "lambda-runtime-invoked-function-arn": "arn:aws:lambda:us-east-1:123456789012:function:belfry"})

            def do_POST(self):
                function.answers.put((self.path.rsplit("/", 1)[1], self.body()))
                self.answer(202, b"")

        self.process = subprocess.Popen([os.path.join(programs, name)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={
            **variables, "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{serve(Runtime)}", "AWS_LAMBDA_FUNCTION_NAME": f"belfry-{name}",
            "AWS_LAMBDA_FUNCTION_VERSION": "1", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512", "AWS_LAMBDA_LOG_GROUP_NAME": "belfry",
            "AWS_LAMBDA_LOG_STREAM_NAME": f"stream-{id(self)}"})

    def invoke(self, event):
        self.events.put(event)
        outcome, body = self.answers.get()
        if outcome != "response":
            sys.exit(f"a function failed: {body.decode()}")
        return json.loads(body)


class Aws:
    def __init__(self, ministack, place):
        port = 20000 + os.getpid() % 20000
        self.url = f"http://127.0.0.1:{port}"
        self.process = subprocess.Popen([ministack], cwd=place, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={
            **os.environ, "BIND_HOST": "127.0.0.1", "GATEWAY_PORT": str(port), "TMPDIR": place, "LOG_LEVEL": "WARNING"})
        scenario_until("the emulator answers", self.is_up)

    def is_up(self):
        try:
            return urllib.request.urlopen(self.url + "/_ministack/health", timeout=2).status == 200
        except OSError:
            return False

    def call(self, service, version, action, **body):
        prefix = f"{service}_{version}" if service == "DynamoDB" else "AmazonSQS"
        scope = "dynamodb" if service == "DynamoDB" else "sqs"
        request = urllib.request.Request(self.url, json.dumps(body).encode(), {
            "Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": f"{prefix}.{action}", "X-Amz-Date": "20261130T000000Z",
            "Authorization": f"AWS4-HMAC-SHA256 Credential=test/20261130/us-east-1/{scope}/aws4_request, SignedHeaders=host, Signature=0"})
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.loads(answer.read() or "{}")

    def dynamodb(self, action, **body):
        return self.call("DynamoDB", "20120810", action, **body)

    def sqs(self, action, **body):
        return self.call("SQS", "", action, **body)

    def prepare(self):
        key = lambda prefix: [{"AttributeName": prefix + "pk", "KeyType": "HASH"}, {"AttributeName": prefix + "sk", "KeyType": "RANGE"}]
        for table, prefixes in TABLES.items():
            attributes = [{"AttributeName": prefix + part, "AttributeType": "S"}
                          for prefix in ["", *(f"{prefix}_" for prefix in prefixes)] for part in ["pk", "sk"]]
            indexes = [{"IndexName": INDEX[prefix], "KeySchema": key(f"{prefix}_"), "Projection": {"ProjectionType": "KEYS_ONLY"}}
                       for prefix in prefixes]
            self.dynamodb("CreateTable", TableName=f"belfry-{table}", BillingMode="PAY_PER_REQUEST", KeySchema=key(""),
                          AttributeDefinitions=attributes, **({"GlobalSecondaryIndexes": indexes} if indexes else {}))
        return {name: self.sqs("CreateQueue", QueueName=name)["QueueUrl"] for name in QUEUES}

    def items(self, table):
        start, items = {}, []
        while True:
            page = self.dynamodb("Scan", TableName=f"belfry-{table}", **start)
            items += page["Items"]
            if "LastEvaluatedKey" not in page:
                return sorted(items, key=lambda item: (item["pk"]["S"], item["sk"]["S"]))
            start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}


def scenario_until(what, look):
    for _ in range(1200):
        if look():
            return
        time.sleep(0.1)
    sys.exit(f"never: {what}")


def deliver(aws, url, function, stopped):
    """What an event source mapping does, one message at a time."""
    while not stopped.is_set():
        found = aws.sqs("ReceiveMessage", QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=900).get("Messages", [])
        for message in found:
            threading.Thread(target=handle, args=(aws, url, function, message), daemon=True).start()
        time.sleep(0.2)


def handle(aws, url, function, message):
    event = {"Records": [{"messageId": "m", "receiptHandle": "h", "body": message["Body"], "attributes": {}, "messageAttributes": {},
                          "eventSource": "aws:sqs", "awsRegion": "us-east-1"}]}
    answer = function().invoke(event)
    if not answer.get("batchItemFailures"):
        aws.sqs("DeleteMessage", QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])


def main(programs, ministack):
    with tempfile.TemporaryDirectory() as place:
        aws = Aws(ministack, place)
        queues = aws.prepare()
        target_port, started, stopped = serve(Target), [aws.process], threading.Event()
        variables = {"AWS_ENDPOINT_URL": aws.url, "AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
                     "BELFRY_POOLS": ",".join(POOLS), "BELFRY_ALLOW_PRIVATE_ADDRESSES": "1"}

        def function(name):
            made = Function(programs, name, variables)
            started.append(made.process)
            return made

        for name, url in queues.items():
            if name == "belfry-dispatch":
                threading.Thread(target=deliver, args=(aws, url, lambda: function("dispatcher"), stopped), daemon=True).start()
            elif name.startswith("belfry-default-"):
                threading.Thread(target=deliver, args=(aws, url, lambda: function("worker"), stopped), daemon=True).start()
        tick, api, one = function("tick"), function("api"), threading.Lock()

        def tick_for_ever():
            while not stopped.is_set():
                tick.invoke({"lane": 0, "lanes": 1})
                time.sleep(1)
        threading.Thread(target=tick_for_ever, daemon=True).start()

        def call(method, path, body=None, headers={}):
            path, _, query = path.partition("?")
            event = {"version": "2.0", "routeKey": "$default", "rawPath": path, "rawQueryString": query, "isBase64Encoded": False,
                     "headers": {"content-type": "application/json", **{name.lower(): value for name, value in headers.items()}},
                     "requestContext": {"accountId": "123456789012", "apiId": "api", "domainName": "api.example.com", "domainPrefix": "api",
                                        "http": {"method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1", "userAgent": "make"},
                                        "requestId": "id", "routeKey": "$default", "stage": "$default", "time": "24/Nov/2026:00:00:00 +0000",
                                        "timeEpoch": int(time.time() * 1000)}}
            if body is not None:
                event["body"] = json.dumps(body)
            with one:
                answer = api.invoke(event)
            if (method, answer["statusCode"]) == ("GET", 404):
                return {}
            if answer["statusCode"] >= 300:
                sys.exit(f"{method} {path}: {answer}")
            return json.loads(answer.get("body") or "null")

        try:
            target = lambda kind: {"type": "http", "url": f"http://127.0.0.1:{target_port}/{kind}"}
            facts = scenario.write(call, target, scenario_until)
            stopped.set()
            for process in started[1:]:
                process.kill()
                process.wait()
            facts["written_at"] = int(time.time() * 1000)
            lines = [json.dumps({"table": table, "item": item}, sort_keys=True) for table in TABLES for item in aws.items(table)]
            # Where nothing listens.
            text = "\n".join(lines).replace(f"127.0.0.1:{target_port}", "127.0.0.1:9") + "\n"
            (HERE / "dynamodb.jsonl").write_text(text)
            (HERE / "dynamodb.json").write_text(json.dumps(facts, indent=1) + "\n")
        finally:
            for process in started:
                process.kill()


main(os.path.abspath(sys.argv[1]), sys.argv[2])
