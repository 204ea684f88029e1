"""A panel made of siadc09's frames and Python's sockets: sends what it reads, one JSON object a line, and says what came back.

usage: dc09_panel.py HOST PORT tcp|udp

Each line: {"data", "token", "account", "seq", "time" (ISO) or null, "key" (hexadecimal) or null, "spoil": "crc" or absent, "again": true}.
Each answer: {"answer", "seq", "encrypted", "time", "account"}, or {"answer": null}.
"""

import datetime
import json
import socket
import sys

from siadc09 import account, admcid, message, siadcs

host, port, transport = sys.argv[1:]
last = b""


def frame(asked):
    token = asked["token"]
    data = (asked.get("data") or "").encode()
    parsed = {"SIA-DCS": siadcs.parse_siadcs, "ADM-CID": admcid.parse_admcid}.get(token, lambda _: None)(data)
    whose = account.Account(acct=int(asked["account"], 16), pref=0xC0, rcvr=5, key=asked.get("key"))
    time = asked.get("time")
    stamp = datetime.datetime.fromisoformat(time) if time else None
    event = message.EventMessage(whose, {"idtoken": token, "data": parsed, "timestamp": stamp})
    made = event.encode(seq=asked["seq"], encrypt=bool(asked.get("key")))
    if asked.get("spoil") == "crc":
        made = made[:1] + (b"0" if made[1:2] != b"0" else b"1") + made[2:]
    return made


def exchange(sent):
    kind = socket.SOCK_DGRAM if transport == "udp" else socket.SOCK_STREAM
    with socket.socket(socket.AF_INET, kind) as line:
        line.settimeout(1.0)
        line.connect((host, int(port)))
        line.sendall(sent)
        received = b""
        try:
            while b"\r" not in received:
                piece = line.recv(4096)
                if not piece:
                    break
                received += piece
        except TimeoutError:
            pass
        return received


for line in sys.stdin:
    asked = json.loads(line)
    sent = last if asked.get("again") else frame(asked)
    last = sent
    received = exchange(sent)
    if not received:
        print(json.dumps({"answer": None}), flush=True)
        continue
    key = asked.get("key")
    # The library has no form for an answer without an account.
    read = message.parse_frame(received.replace(b"A0[", b"#0["), bytes.fromhex(key) if key else None) \
        if b'"NAK"' not in received else None
    if read is None:
        print(json.dumps({"answer": "NAK", "time": received.split(b"]_")[1][:19].decode()}), flush=True)
        continue
    said = {
        "answer": read.idtoken,
        "seq": read.seq,
        "encrypted": read.encrypted,
        "account": "%X" % read.account.acct,
        "time": read.timestamp.isoformat() if read.timestamp else None,
    }
    print(json.dumps(said), flush=True)
