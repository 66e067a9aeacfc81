"""The function of the bench: says how many records it got, and nothing else. A datagram costs it next to nothing."""

import os
import socket

bench = ("127.0.0.1", int(os.environ["BENCH_PORT"]))
out = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)


def handler(event, context):
    out.sendto(str(len(event["Records"])).encode(), bench)
