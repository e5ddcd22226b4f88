"""A mail server for tests: aiosmtpd as published, on a free port of this machine.

What it does with mail is told on standard input, a line each: "take", "rcpt 550 no such user", "data 451 later". What happened
is told on standard output as JSON, a line each, of which the first is its port. It ends with its standard input.
"""

import asyncio
import email
import email.policy
import json
import ssl
import sys
import threading

from aiosmtpd.smtp import SMTP, AuthResult


def say(**told):
    print(json.dumps(told), flush=True)


class Handler:
    manner = "take"

    async def handle_RCPT(self, server, session, envelope, address, options):
        if self.manner.startswith("rcpt "):
            say(event="refused", to=address)
            return self.manner[5:]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        mail = {
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "headers": [[name, str(value)] for name, value in message.items()],
            "body": message.get_content(),
            "tls": session.ssl is not None,
            "authenticated": session.authenticated,
        }
        if self.manner.startswith("data "):
            say(event="refused", **mail)
            return self.manner[5:]
        say(event="taken", **mail)
        return "250 OK"


def authenticator(server, session, envelope, mechanism, data):
    right = (data.login, data.password) == (b"ecluse", b"Sel-de-mer-42")
    return AuthResult(success=right, handled=False)


async def serve():
    handler = Handler()
    wishes = {}
    if len(sys.argv) > 1:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(f"{sys.argv[1]}/server.pem", f"{sys.argv[1]}/server.key")
        wishes = {
            "tls_context": context,
            "require_starttls": True,
            "auth_required": True,
            "authenticator": authenticator,
        }
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(handler, hostname="mail.example", **wishes), "127.0.0.1", 0)
    say(event="listens", port=server.sockets[0].getsockname()[1])
    over = asyncio.Event()

    def obey(line):
        handler.manner = line
        say(event="obeys")

    def listen():
        for line in sys.stdin:
            loop.call_soon_threadsafe(obey, line.strip())
        loop.call_soon_threadsafe(over.set)

    threading.Thread(target=listen, daemon=True).start()
    await over.wait()


asyncio.run(serve())
