# Pages for the developers of relying parties.
developer-eyebrow = For developers
developer-recognise = Recognise the signal
developer-do = What to do
developer-description = The text that goes with it in error_description:

required-title = The user must change their password
required-lead = The identity provider issues nothing for this account until its owner has chosen a new password, at the provider.
required-recognise = Compare error_uri, character by character, with the address of this page, or take its last segment:
required-json = JSON answers also carry this member, for libraries that hide error_uri:
required-never = The reason is never sent, and no address received in an answer is one to open.
required-surfaces = Where the signal appears
surface = Endpoint
surface-answer = Answer received
surface-action = What to do
surface-with = with
surface-authorize = Received if the request carried prompt=none, or if your client shows its own notice. Finish this transaction, show the notice, then send a fresh request.
surface-token = Drop the tokens and end the local session; the next sign-in leads to the change page.
surface-userinfo = As for the token endpoint.
surface-introspect = Treat the token as inactive: a resource server need not know why.
required-do-message = Tell the user that they must change their password, with a single button to continue. Never ask them for a password.
required-do-request = The button sends a fresh authorization request, with a new state, nonce and PKCE challenge, and
required-do-rest = The provider shows the change page, then answers that request with a code, as usual.
required-do-not = Do not repeat the request unless the user acts. A client that ignores the signal goes on working: at its next request the provider shows the page itself.

declined-title = The user chose not to change their password
declined-lead = The change page was shown and the user chose to cancel. No code is issued.
declined-recognise = The redirect carries:
declined-do-stop = Do not repeat the request by yourself: the user has just said no.
declined-do-message = Show a page that says that access waits for the change of password.
declined-do-again = Offer a button that sends a fresh authorization request; the change page will be offered again.
