"""Stands in for `python`: the fork server runs the command line, and this process ends as that one did.

It is executed with the socket's path before the arguments, and imports little, since it starts as often as commands do.
"""

import json
import os
import socket
import sys


def main(path: str, *arguments: str) -> int:
    request = {"arguments": arguments, "cwd": os.getcwd(), "environment": dict(os.environ)}
    with socket.socket(socket.AF_UNIX) as server:
        server.connect(path)
        socket.send_fds(server, [b"\0"], [0, 1, 2])
        server.sendall(json.dumps(request).encode())
        server.shutdown(socket.SHUT_WR)
        code = int(server.makefile().read())
    if code < 0:
        os.kill(os.getpid(), -code)
    return code


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
