"""Makes the calls that it is told on stdin, a JSON object a line, and answers each with a line on stdout."""

import json
import sys

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

client = boto3.client("lambda", config=Config(retries={"total_max_attempts": 1}))

for line in sys.stdin:
    call = json.loads(line)
    try:
        answer = getattr(client, call["method"])(**call["input"])
        answer.pop("ResponseMetadata", None)
        reply = {"answer": answer}
    except ClientError as error:
        reply = {"error": {"name": error.response["Error"]["Code"], "message": error.response["Error"]["Message"]}}
    print(json.dumps(reply, default=str), flush=True)
