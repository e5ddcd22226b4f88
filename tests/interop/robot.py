"""authlib, as published: a program that acts for itself and proves itself with its key."""

import os
from pathlib import Path

from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc7523 import PrivateKeyJWT

ISSUER = os.environ["ISSUER"]

# This library writes the token endpoint as the audience unless it is told another one: the issuer.
method = PrivateKeyJWT(ISSUER, headers={"kid": "rsa"}, alg="RS256")
program = OAuth2Session(
    "robot",
    Path("robot.rsa.pem").read_text(),
    token_endpoint_auth_method="private_key_jwt",
    revocation_endpoint_auth_method="private_key_jwt",
    scope="orders:read",
)
program.register_client_auth_method(method)
token = program.fetch_token(f"{ISSUER}/token", grant_type="client_credentials")
assert token["scope"] == "orders:read" and "refresh_token" not in token, token
told = program.introspect_token(f"{ISSUER}/introspect", token=token["access_token"]).json()
assert (told["active"], told["client_id"]) == (True, "robot"), told
print("ok  a program was given a token by private_key_jwt, and asked about it")
