"""Runs LocalStack's Lambda functions without Docker: one Python process per execution environment."""

import json
import os
import subprocess
import sys
import threading

from localstack.services.lambda_.invocation.lambda_models import InvocationResult
from localstack.services.lambda_.invocation.plugins import RuntimeExecutorPlugin
from localstack.services.lambda_.invocation.runtime_executor import RuntimeExecutor

RUNTIME = os.path.join(os.path.dirname(__file__), "executor_runtime.py")


class ProcessExecutor(RuntimeExecutor):
    process = None

    def start(self, env_vars):
        code = str(self.function_version.config.code.get_unzipped_code_location())
        environment = {name: str(value) for name, value in env_vars.items() if value is not None}
        environment["PATH"] = os.environ["PATH"]
        environment["LAMBDA_TASK_ROOT"] = code
        environment.pop("PYTHONPATH", None)
        self.lock = threading.Lock()
        self.process = subprocess.Popen(
            [sys.executable, "-u", RUNTIME],
            cwd=code,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def stop(self):
        if self.process:
            self.process.kill()
            self.process.wait()

    def get_address(self):
        return "127.0.0.1"

    def get_endpoint_from_executor(self):
        return "127.0.0.1"

    def get_runtime_endpoint(self):
        # The process speaks over its own pipes; nobody connects here.
        return "http://127.0.0.1:4566/none"

    def invoke(self, payload):
        with self.lock:
            self.process.stdin.write(json.dumps(payload) + "\n")
            self.process.stdin.flush()
            line = self.process.stdout.readline()
        answer = json.loads(line)
        return InvocationResult(payload["invoke-id"], answer["payload"].encode(), answer["error"], answer["logs"])

    def get_logs(self):
        return ""

    @classmethod
    def prepare_version(cls, function_version):
        if function_version.config.code:
            function_version.config.code.prepare_for_execution()

    @classmethod
    def cleanup_version(cls, function_version):
        if function_version.config.code:
            function_version.config.code.destroy_cached()


class ProcessExecutorPlugin(RuntimeExecutorPlugin):
    name = "process"

    def load(self, *args, **kwargs):
        return ProcessExecutor
