"""A receiver of webhooks that believes what the library of Standard Webhooks believes, and says each result as one line of JSON.

usage: webhook_server.py SECRET   (`whsec_` and base64)
"""

import json
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer

from standardwebhooks.webhooks import Webhook, WebhookVerificationError

webhook = Webhook(sys.argv[1])


class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        try:
            said = {"believed": True, "id": headers["webhook-id"], "body": webhook.verify(body, headers)}
        except WebhookVerificationError as error:
            said = {"believed": False, "why": str(error)}
        self.send_response(204 if said["believed"] else 401)
        self.send_header("Content-Length", "0")
        self.end_headers()
        print(json.dumps(said), flush=True)

    def log_message(self, *_):
        pass


server = HTTPServer(("127.0.0.1", 0), Handler)
print("ready", server.server_port, flush=True)
server.serve_forever()
