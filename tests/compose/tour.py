"""README's tour in Chromium, on what docker-compose.yml starts, while a replica and then Redis are killed: `make compose-tour`."""

import os
import re
import sys

from chromium import TOLD_TO_WAIT, Chromium
from stack import answered, compose, ecluse, get, is_ready, sign_ins, typed, until

PROVIDER, PORTAL, GRADEBOOK = "http://127.0.0.1:8080", "http://127.0.0.1:9001", "http://127.0.0.1:9002"
LINA, NOE, TOM = "lina.valombre", "noe.brumeville", "tom.sautereine"
PICTURES = os.environ["PICTURES"]
EVERYBODY_BELOW = ["--territory", "departement:086", "--profile", "National_ELV", "--profile", "National_TUT"]


def picture(browser, name):
    browser.picture(f"{PICTURES}/{name}.png")


def step(text):
    print(f"== {text}", flush=True)


def begin(browser, login):
    """From the portal's door to a sign-in page that waits for a press of the button."""
    browser.open(PORTAL)
    browser.press("#sign-in")
    browser.fill("#login", login)
    browser.fill("#password", passwords[login])


def sign_in(browser, login):
    begin(browser, login)
    browser.press("#sign-in")


def choose(browser, login, new):
    """The change page, from what is asked for to the page that says that it is done."""
    browser.see("#new_password")
    if browser.find("#current_password"):
        browser.fill("#current_password", passwords[login])
    browser.fill("#new_password", new)
    browser.fill("#confirmation", new)
    browser.press("#next")
    browser.see("#continue")
    assert browser.see("h1") == "Votre mot de passe a été changé avec succès"
    passwords[login] = new
    browser.press("#continue")


def both_replicas():
    step("Lina signs in, until both replicas have signed her in")
    for _ in range(20):
        with Chromium() as browser:
            sign_in(browser, LINA)
            assert browser.see("#who") == "Lina Valombre"
            picture(browser, "1-portal")
        counted = {replica: sign_ins(replica) for replica in ("provider-1", "provider-2")}
        if all(counted.values()):
            print(counted)
            return
    raise AssertionError(f"one replica does nothing: {counted}")


def comes_back(replica):
    compose("start", replica)
    until(lambda: is_ready(replica), "ready again")
    until(lambda: get(f"{PROVIDER}/healthz")[0] == 204 and answered(replica, "/healthz"), "sent requests again")


def killed_replica():
    step("Noé changes his password, and one replica and then the other is killed on the way")
    with Chromium() as browser:
        begin(browser, NOE)
        compose("kill", "-s", "KILL", "provider-1")
        browser.press("#sign-in")
        browser.see("#new_password")
        assert browser.see("h1") == "Changement du mot de passe"
        picture(browser, "2-change")
        comes_back("provider-1")
        compose("kill", "-s", "KILL", "provider-2")
        choose(browser, NOE, "Ronde_7-collines")
        assert browser.see("#who") == "Noé Brumeville"
        comes_back("provider-2")


def notice_of_the_gradebook():
    step("the gradebook says itself that Noé's password must change")
    ecluse("account", "force-change", "--level", "change", NOE, "--reason", "tour")
    with Chromium() as browser:
        browser.open(f"{GRADEBOOK}/notes")
        browser.fill("#login", NOE)
        browser.fill("#password", passwords[NOE])
        browser.press("#sign-in")
        browser.see("#notice")
        assert browser.address.startswith(GRADEBOOK)
        picture(browser, "3-notice")
        browser.press("#change-now")
        browser.press("#cancel")
        until(lambda: browser.address == f"{GRADEBOOK}/declined", "back at the gradebook")
        # The gradebook was told minutes ago, so the provider does not tell it again, and shows the page by itself.
        browser.open(f"{GRADEBOOK}/notes")
        choose(browser, NOE, "Canal+bleu12")
        assert "Noé Brumeville" in browser.see("#who")


def a_code_and_no_password():
    step("Odile has a code, and Marc a password that is too old")
    with Chromium() as browser:
        sign_in(browser, "odile.chantelauve")
        browser.see("#new_password")
        assert not browser.find("#current_password")
        choose(browser, "odile.chantelauve", "Peniche&rouge4")
        assert browser.see("#who") == "Odile Chantelauve"
    with Chromium() as browser:
        sign_in(browser, "marc.perchevent")
        browser.see("#current_password")
        assert "validité" in browser.see(".why")


def mass_reset_and_lost_redis():
    step("the rectorat orders a mass reset, and Redis is killed and started again")
    with Chromium() as lina, Chromium() as tom:
        sign_in(lina, LINA)
        lina.see("#who")
        sign_in(tom, TOM)
        tom.see("#who")
        print(ecluse("reset-order", "preview", *EVERYBODY_BELOW, "--level", "change"))
        reason = ["--reason", "Réouverture des messageries"]
        order = ecluse("reset-order", "issue", "--yes", *EVERYBODY_BELOW, "--level", "change", *reason)

        # A press on the button would ask the provider, who says as much itself: the token may come later.
        def is_out():
            lina.open(PORTAL)
            return bool(lina.find("[data-result=ended]"))

        until(is_out, "out of the portal by a logout token")
        picture(lina, "6-ended")
        tom.press("#refresh")
        assert tom.see("#refresh-result") == "Jetons renouvelés."

        compose("kill", "-s", "KILL", "redis")
        until(lambda: not is_ready("provider-1") and not is_ready("provider-2"), "noticed")
        status, headers, _ = get(f"{PROVIDER}/login")
        assert status == 503 and headers["Retry-After"], (status, headers)
        lina.open(f"{PORTAL}/login")
        assert lina.see("h1") == TOLD_TO_WAIT, lina.source
        picture(lina, "6-redis-away")
        for button in ("refresh", "userinfo"):
            tom.press(f"#{button}")
            tom.see("[data-result=renewed]" if button == "refresh" else "[data-result=read]")
        picture(tom, "6-tom-goes-on")

        compose("start", "redis")
        until(lambda: is_ready("provider-1") and is_ready("provider-2"), "ready again")
        step("with Redis back, empty, Tom is asked to sign in again, and Lina to change her password")
        tom.press("#open-gradebook")
        tom.see("#login")
        tom.fill("#login", TOM)
        tom.fill("#password", passwords[TOM])
        tom.press("#sign-in")
        assert "Tom Sautereine" in tom.see("#who")
        sign_in(lina, LINA)
        assert "a réinitialisé les mots de passe" in lina.see(".why")
        choose(lina, LINA, "Tilleul-2027!")
        assert lina.see("#who") == "Lina Valombre"
        print(ecluse("reset-order", "show", order))


def passwords_believed_stolen():
    step("passwords are believed stolen: the old one opens nothing, the slip opens the change page")
    words = ["--territory", "uai:0860001J", "--profile", "National_ELV", "--level", "recover"]
    order = ecluse("reset-order", "issue", "--yes", *words, "--reason", "Annuaire volé")
    slips = ecluse("slips", "--order", order)
    (slip,) = [line for line in slips.splitlines() if LINA in line]
    code = re.search(r"[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}", slip)[0]
    with Chromium() as browser:
        sign_in(browser, LINA)
        assert browser.see("#refusal") == "L’identifiant ou le mot de passe est incorrect.", browser.see("#refusal")
        passwords[LINA] = code
        browser.fill("#password", code)
        browser.press("#sign-in")
        browser.see("#new_password")
        picture(browser, "7-slip")
        choose(browser, LINA, "Peuplier-2028!")
        assert browser.see("#who") == "Lina Valombre"
    ecluse("account", "disable", NOE, "--reason", "tour")
    ecluse("account", "enable", NOE, "--reason", "tour over", "--yes")
    ecluse("reset-order", "cancel", order, "--reason", "tour over", "--yes")
    assert order in ecluse("reset-order", "list")


people = [LINA, NOE, TOM, "odile.chantelauve", "marc.perchevent"]
passwords = {login: typed(login) for login in people}
both_replicas()
killed_replica()
notice_of_the_gradebook()
a_code_and_no_password()
mass_reset_and_lost_redis()
passwords_believed_stolen()
step("the doctor finds nothing wrong, and every door is tried through both replicas")
print(ecluse("doctor"))
print(compose("run", "--rm", "-T", "doors"))
print(f"The tour is over. Pictures: {PICTURES}", file=sys.stderr)
