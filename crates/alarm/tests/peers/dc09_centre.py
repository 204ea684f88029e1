"""An alarm-receiving centre that speaks SIA DC-09 and says each frame it takes as one line of JSON.

usage: dc09_centre.py pysiaalarm|siadc09 ACCOUNT KEY|-

pysiaalarm is a whole receiver. siadc09 reads and writes frames and has no sockets of its own: those are Python's.
"""

import json
import socketserver
import sys
import threading

library, account, key = sys.argv[1:]
key = None if key == "-" else key


def say(**what):
    print(json.dumps(what), flush=True)


def with_pysiaalarm():
    from pysiaalarm import SIAAccount, SIAClient

    def taken(event):
        say(
            account=event.account,
            code=event.code,
            zone=event.ri,
            text=event.message,
            time=event.timestamp.isoformat() if event.timestamp else None,
            encrypted=event.encrypted,
            sequence=event.sequence,
            kind=event.message_type.value,
        )

    text = bytes.fromhex(key).decode() if key else None
    client = SIAClient("127.0.0.1", 0, [SIAAccount(account, text)], taken)
    print("ready", client.sia_server.server_address[1], flush=True)
    client.start()
    threading.Event().wait()


def with_siadc09():
    from siadc09 import message

    class Handler(socketserver.BaseRequestHandler):
        def handle(self):
            received = b""
            while b"\r" not in received:
                piece = self.request.recv(4096)
                if not piece:
                    return
                received += piece
            read = message.parse_frame(received, bytes.fromhex(key) if key else None)
            say(
                account="%X" % read.account.acct,
                data=read.data.content.decode() if read.data is not None else "",
                events=str(read.data),
                time=read.timestamp.isoformat() if read.timestamp else None,
                encrypted=read.encrypted,
                sequence="%04d" % read.seq,
                kind=read.idtoken,
            )
            answer = message.AckMessage(read.account, read.seq, message.now(), read.encrypted)
            self.request.sendall(answer.encode())

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        print("ready", server.server_address[1], flush=True)
        server.serve_forever()


{"pysiaalarm": with_pysiaalarm, "siadc09": with_siadc09}[library]()
