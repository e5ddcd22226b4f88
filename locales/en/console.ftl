# The console of operators.
console-title = Console
console-ways = Console
console-home = Home
console-hello = Hello, { $name }
console-roles = Your roles
console-few-codes = { $count ->
    [0] You have no code left that stands in for your second factor: take others below.
    [one] You have one code left that stands in for your second factor: take others below.
   *[other] You have { $count } codes left that stand in for your second factor: take others below.
}
console-codes-title = Recovery codes
console-codes-what = Other codes, if yours are running out or somebody may have seen them. The old ones are worth nothing once the new ones are shown.
console-codes-submit = Take new codes
role-auditor = Auditor
role-authority = Authority
role-class-teacher = Class teacher
role-helpdesk = Helpdesk
role-school-admin = School administrator

without-role-title = Nothing to do here
without-role-what = The account { $login } has no role in this console.
without-role-advice = Pupils, parents and staff need no console. If you should have a role, ask whoever manages your account.

factor-title = Your second factor
factor-app-what = Type the six digits that your authenticator app shows now.
factor-list-what = Type the next code of your list, then cross it out: each works once.
factor-app-code = Six digits of the app
factor-list-code = Code of the list
factor-again = For this, your second factor must have been shown within the last five minutes. What you typed is kept.
factor-wrong = This code is not right, or was used before.
factor-wrong-advice = Check that you are typing the code of this account. An app shows a new one every 30 seconds.
factor-lost = I do not have the app at hand
factor-lost-recovery = Type one of your recovery codes instead of the six digits. It works once.
factor-lost-all = Without any of them, ask whoever manages your account for a new second factor.

confirm-title = One more step
confirm-what = Your second factor is right.
confirm-submit = Go on with what you asked for

permit-title = Set up your second factor
permit-what = Your account has no second factor yet. To set one up, you need a code from whoever manages your account.
permit-how = The password alone is not enough: whoever had stolen it could otherwise put their own telephone in the place of yours.
permit-code = Code for setting up

enrol-title = Set up your second factor
enrol-why = From now on the console asks for your password and for a code from your telephone: a stolen password alone opens nothing.
enrol-app = Open an authenticator app (such as Aegis, FreeOTP, 2FAS, Microsoft or Google Authenticator).
enrol-scan = With it, scan the picture below.
enrol-type = Type the six digits that it shows.
enrol-picture = QR code for the authenticator app
enrol-by-hand = If you cannot scan it, type this key into the app:
enrol-list-title = No telephone?
enrol-list-what = As a class teacher you may use a list of 20 codes on paper instead.
enrol-list-submit = Use a list on paper

codes-title = Keep these codes
codes-done = Your second factor is set up.
codes-renewed = Here are your new codes. The old ones are worth nothing any more.
codes-recovery-what = If you lose your telephone, each of these codes lets you in once.
codes-list-what = At each sign-in, the console asks for one of these codes. Each works once: cross it out.
codes-once = Print this page or copy the codes now: they are not shown again. Keep them where nobody else comes, and not with your password.
codes-whose = Codes of the account { $login }
codes-continue = I have kept them

people-title = People
people-search = Name, login, class, or UAI of a school
people-submit = Search
people-nobody = Nobody was found inside your territory.
people-name = Name
people-places = School, class
people-next = Next page
people-profile = Profile
people-any = Any
people-found = People found
people-nobody-yet = Nobody on this page of the search; what follows may have some.
people-at = Only at:
people-everywhere = Search everywhere
people-require = Require a new password
people-require-chosen = Of the people chosen…
people-require-found = Of everybody found…
people-required = { $count ->
    [one] A new password is required of one person.
   *[other] A new password is required of { $count } people.
}

gate-open = This account can sign in.
gate-disabled = This account is disabled: nothing lets it in.
gate-not-activated = This account has never been activated: its first code is needed.
gate-ordered-change = An order asks for a change of password: the old password opens the change page.
gate-ordered-recover = An order asks for a change of password: only a code opens the change page.
gate-individual-change = A change of password is required of this account: the old password opens the change page.
gate-individual-recover = A change of password is required of this account: only a code opens the change page.
gate-expired = The password is older than allowed: it must be changed at the next sign-in.
gate-rules-tightened = The password does not meet today’s rules: it must be changed at the next sign-in.
gate-compromised = The password may be known to others: it must be changed at the next sign-in.

person-role = Role
person-deeds = What you can do
person-reason = Reason (kept in the log)
person-history = History
person-no-visit = None at the moment.
person-order = See the order
person-visits = Connected services
person-no-slip = There is no code to print: it was used or opens nothing any more, or this person has a role. “New code” gives one.
person-elsewhere = This person also belongs elsewhere, outside your territory.
person-role-elsewhere = This person has a role elsewhere, outside your territory.
person-wider = What is not offered here can be done only by an operator above all that this person is: { $place }.
history-at = When
history-act = What
history-by = Who
by-owner = the person
by-operator = an operator
by-host = the host’s command line
by-system = the program

deed-code = New code
deed-code-what = For a forgotten password or somebody who has just arrived. The code before it, and all that is open, end.
deed-code-done = A new code was given.
deed-print = Print the slip
deed-print-what = The slip of the code that is good now, as a PDF: printed again, it bears the same code. Each print is written down.
deed-print-done = The slip was printed.
deed-force = Require a change of password
deed-force-what = The password must be changed at the next sign-in; the old one opens the change page.
deed-force-done = A change of password is required from now on.
deed-recover = Require a change by code
deed-recover-what = If the password is believed stolen: it opens nothing any more, only a code does.
deed-recover-done = From now on only a code opens this account.
deed-unlock = Unlock
deed-unlock-what = For somebody who failed too often and stands in front of you: they can try again at once.
deed-unlock-done = The failed attempts are forgotten.
deed-end-sessions = Sign out everywhere
deed-end-sessions-what = Ends everything that is open on any device. The password stays.
deed-end-sessions-done = This account is signed out everywhere.
deed-disable = Disable
deed-disable-what = Nothing lets this account in any more, and all that is open ends.
deed-disable-done = This account is disabled.
deed-enable = Enable again
deed-enable-what = The account can sign in again. Nothing that ended comes back.
deed-enable-done = This account is enabled again.
deed-factor = New second factor
deed-factor-what = Takes the second factor away, ends all that is open, and gives a code for setting up another.
deed-factor-done = The second factor was taken away.

refused-disabled = This account is disabled: enable it first.
refused-federated = This account signs in elsewhere and has no password here.
refused-unknown = There is no such account inside your territory.
refused-not-of-role = None of your roles allows this.
refused-not-pupils-alone = Your role reaches pupils and guardians only.
refused-wider = This person also belongs elsewhere: only an operator above all of it can do this: { $place }.
refused-oneself = Nobody does this to their own account: ask somebody else.

slip-title = Code to hand over
slip-code = Code
slip-address = Address
slip-1 = Go to the service as usual, or to the address above.
slip-2 = Type the login, and the code in the place of the password.
slip-3 = Choose a password that you alone know.
slip-leave-1 = Sign in at the address above with your login and password.
slip-leave-2 = Type this code, then set up your second factor.
slip-until = This code works until { $until }.
slip-once = Print this page or copy the code now. Hand it over in person.
slip-print-what = The whole slip as a PDF: the school, the class, the children of a guardian, and the QR code of the sign-in page.
slip-back = Back to this person

profile-academic = Staff of the authority
profile-administration = Administrative staff
profile-guardian = Guardian
profile-head = Head
profile-inspector = Inspector
profile-internship-tutor = Internship tutor
profile-librarian = Librarian
profile-local-authority = Local authority
profile-pupil = Pupil
profile-school-life = School life
profile-teacher = Teacher

roles-title = Roles
roles-waiting = Waiting for a second person
roles-wait = A role waits for a second person.
roles-asked = Asked for by { $name }, { $at }. It lapses after seven days.
roles-approve = Approve
roles-refuse = Refuse
roles-take-back = Take the request back
roles-approved = The role is given.
roles-refused = The request is answered: no role was given.
roles-held = Who holds a role
roles-how = Roles are given and taken away on the page of a person.
roles-later = More requests
roles-none = Nobody holds a role here.
person-roles = Roles
person-no-role = This person has no role in the console.
role-take = Take away
role-taken-done = The role is taken away.
role-give = Give a role
role-give-what = A role lets its holder act on others, at this place and below it. The person signs in at the console with a second factor. “Authority”, and what orders or prints for more than a school, waits until another operator approves it.
role-given-done = The role is given. At the console the person sets up a second factor.
role-asked-done = The role is asked for. Another operator must approve it.
