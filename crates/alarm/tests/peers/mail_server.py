"""A mail server (aiosmtpd) that says each mail it takes, read by Python's own parser, as one line of JSON.

usage: mail_server.py none|starttls|implicit CERTIFICATE KEY [USER PASSWORD]
"""

import asyncio
import email
import email.policy
import json
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult

mode, certificate, key, *login = sys.argv[1:]


class Handler:
    async def handle_DATA(self, server, session, envelope):
        mail = email.message_from_bytes(envelope.content, policy=email.policy.strict)
        said = {
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "headers": {name: value for name, value in mail.items()},
            "names": [name for name, _ in mail.items()],
            "text": mail.get_content(),
            "type": mail.get_content_type(),
            "user": session.auth_data.decode() if session.authenticated else None,
            "tls": server.transport.get_extra_info("ssl_object") is not None,
        }
        print(json.dumps(said), flush=True)
        return "250 2.0.0 queued as 17"


def authenticate(server, session, envelope, mechanism, data):
    good = [data.login.decode(), data.password.decode()] == login
    return AuthResult(success=good, auth_data=data.login) if good else AuthResult(success=False, handled=False)


def context():
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(certificate, key)
    return made


def protocol():
    return SMTP(
        Handler(),
        hostname="relay.example",
        tls_context=context() if mode == "starttls" else None,
        require_starttls=mode == "starttls",
        authenticator=authenticate if login else None,
        auth_required=bool(login),
        auth_require_tls=mode == "starttls",
    )


async def main():
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        protocol, "127.0.0.1", 0, ssl=context() if mode == "implicit" else None
    )
    print("ready", server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


asyncio.run(main())
