"""One execution environment: takes invocations as lines of JSON on stdin, answers each with a line on stdout."""

import contextlib
import importlib
import io
import json
import os
import sys
import time

sys.path.insert(0, os.getcwd())
answers = sys.stdout
module_name, _, function_name = os.environ["_HANDLER"].rpartition(".")
handler = None


class Context:
    def __init__(self, invocation):
        self.aws_request_id = invocation["invoke-id"]
        self.invoked_function_arn = invocation["invoked-function-arn"]
        self.function_name = os.environ.get("AWS_LAMBDA_FUNCTION_NAME")
        self.function_version = os.environ.get("AWS_LAMBDA_FUNCTION_VERSION")


for line in sys.stdin:
    invocation = json.loads(line)
    context = Context(invocation)
    log = io.StringIO()
    request_id = context.aws_request_id
    log.write(f"START RequestId: {request_id} Version: {context.function_version}\n")
    began = time.time()
    failed = False
    try:
        with contextlib.redirect_stdout(log):
            if handler is None:
                handler = getattr(importlib.import_module(module_name.replace("/", ".")), function_name)
            payload = json.dumps(handler(json.loads(invocation["payload"]), context))
    except BaseException as error:
        failed = True
        kind = type(error).__name__
        payload = json.dumps(
            {"errorMessage": str(error), "errorType": kind, "requestId": request_id, "stackTrace": []}
        )
        log.write(f"[ERROR] {kind}: {error}\n")
    log.write(f"END RequestId: {request_id}\nREPORT RequestId: {request_id}\t")
    log.write(f"Duration: {(time.time() - began) * 1e3:.2f} ms\n")
    answers.write(json.dumps({"payload": payload, "error": failed, "logs": log.getvalue()}) + "\n")
    answers.flush()
