"""authlib, as published, in its Flask form: sign-in, userinfo, refresh, the signal, the change, sign-out."""

import os
import subprocess
from urllib.parse import parse_qs, urlsplit

import requests
from authlib.integrations.base_client import OAuthError
from authlib.integrations.flask_client import OAuth
from authlib.integrations.requests_client import OAuth2Session
from flask import Flask, redirect, request, session

from browser import Browser

ISSUER, CLIENT_ID, CLIENT_SECRET = os.environ["ISSUER"], os.environ["CLIENT_ID"], os.environ["CLIENT_SECRET"]
REDIRECT_URI, POST_LOGOUT_REDIRECT_URI = os.environ["REDIRECT_URI"], os.environ["POST_LOGOUT_REDIRECT_URI"]
REQUIRED = f"{ISSUER}/errors/password_change_required"

person = {
    "login": os.environ["LOGIN"],
    "password": os.environ["PASSWORD"],
    "new_password": os.environ["NEW_PASSWORD"],
}
browser = Browser(ISSUER, [REDIRECT_URI, POST_LOGOUT_REDIRECT_URI])

app = Flask(__name__, static_folder=None)
# The key seals a cookie of this very process; TESTING lets exceptions through to the caller.
app.config.update(SECRET_KEY=os.urandom(32), TESTING=True)
oauth = OAuth(app)
oauth.register(
    "ecluse",
    client_id=CLIENT_ID,
    client_secret=CLIENT_SECRET,
    server_metadata_url=f"{ISSUER}/.well-known/openid-configuration",
    client_kwargs={"scope": "openid profile email ent offline_access", "code_challenge_method": "S256"},
)


@app.get("/login")
def login():
    return oauth.ecluse.authorize_redirect(REDIRECT_URI, **request.args.to_dict())


# What docs/relying-parties.md tells Python developers to write.
@app.get("/callback")
def callback():
    try:
        session["user"] = oauth.ecluse.authorize_access_token()["userinfo"]
    except OAuthError as error:
        if error.description.startswith("password_change_required:"):
            return redirect("/notice")  # its button: authorize_redirect(..., prompt="change_password")
        if error.description.startswith("password_change_declined:"):
            return redirect("/declined")
        raise
    return redirect(session.pop("wanted", "/"))


relying_party = app.test_client()


def sign_in(**extra):
    """Where the relying party sends the browser in the end, and the tokens it got, if any."""
    leaves = relying_party.get("/login", query_string=extra)
    door = urlsplit(browser.go_as_far_as_possible(leaves.headers["Location"], person))
    with relying_party:
        page = relying_party.get(f"{door.path}?{door.query}").headers["Location"]
        return page, oauth.ecluse.token


def refresh(token):
    """The token endpoint's answer, or the library's error and the body that it was made from."""
    bodies = []
    tokens = OAuth2Session(CLIENT_ID, CLIENT_SECRET)
    tokens.register_compliance_hook("refresh_token_response", lambda answer: bodies.append(answer.json()) or answer)
    try:
        endpoint = oauth.ecluse.load_server_metadata()["token_endpoint"]
        return tokens.refresh_token(endpoint, refresh_token=token), None, bodies[0]
    except OAuthError as error:
        return None, error, bodies[0]


def refused(error_class, act, *args, **kwargs):
    try:
        act(*args, **kwargs)
    except error_class as error:
        return error
    raise AssertionError("this should have been refused")


page, token = sign_in()
assert page == "/"
subject = token["userinfo"]["sub"]
print(f"ok  signed in; id token of {subject}")

with app.test_request_context():
    claims = oauth.ecluse.userinfo(token=token)
assert claims["sub"] == subject
assert claims["name"], "userinfo has no name"
print(f"ok  userinfo says {claims['name']}")

renewed, error, _ = refresh(token["refresh_token"])
assert renewed and renewed["access_token"], error
print("ok  refreshed")
refresh_token = renewed.get("refresh_token") or token["refresh_token"]

subprocess.run(os.environ["CLOSE_GATE"], shell=True, check=True, stdout=subprocess.DEVNULL)

# The library's error has no room for `error_uri`; that is why the description says the same, and the body again.
_, error, body = refresh(refresh_token)
assert error.error == "invalid_grant"
assert error.description.startswith("password_change_required:")
assert body["error_uri"] == REQUIRED
assert body["ecluse_interaction"] == "password_change_required"
print("ok  refresh refused, with the signal")

with app.test_request_context():
    error = refused(requests.HTTPError, oauth.ecluse.userinfo, token=dict(renewed))
assert error.response.status_code == 401
challenge = error.response.headers["WWW-Authenticate"]
assert 'error="invalid_token"' in challenge and f'error_uri="{REQUIRED}"' in challenge, challenge
print("ok  userinfo refused, with the signal")

assert sign_in(prompt="none")[0] == "/notice"
print("ok  prompt=none refused, with the signal")

person["gives_up"] = True
assert sign_in()[0] == "/declined"
person["gives_up"] = False
print("ok  ten lines tell apart who must change and who gave up")

page, token = sign_in()
assert page == "/"
person["password"] = person["new_password"]
assert token["userinfo"]["sub"] == subject, "the subject changed with the password"
print("ok  changed the password on the provider, and came back signed in as the same subject")

_, error, body = refresh(refresh_token)
assert error.error == "invalid_grant" and "error_uri" not in body, body
print("ok  the old refresh token is dead, without the signal")

with app.test_request_context():
    assert oauth.ecluse.userinfo(token=token)["sub"] == subject
    logout = oauth.ecluse.create_logout_url(
        post_logout_redirect_uri=POST_LOGOUT_REDIRECT_URI, id_token_hint=token["id_token"]
    )
door = urlsplit(browser.go_as_far_as_possible(logout["url"], person))
assert f"{door.scheme}://{door.netloc}{door.path}" == POST_LOGOUT_REDIRECT_URI
assert parse_qs(door.query)["state"] == [logout["state"]]
assert refused(OAuthError, sign_in, prompt="none").error == "login_required"
print("ok  signed out")
