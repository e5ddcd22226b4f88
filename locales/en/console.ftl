# The console of operators.
console-title = Console
console-ways = Console
console-home = Home
console-hello = Hello, { $name }
console-roles = Your roles
console-few-codes = { $count ->
    [0] No code is left that stands in for your second factor. Ask whoever manages your account for a new second factor.
    [one] One code is left that stands in for your second factor. Soon ask whoever manages your account for a new second factor.
   *[other] { $count } codes are left that stand in for your second factor. Soon ask whoever manages your account for a new second factor.
}
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
codes-recovery-what = If you lose your telephone, each of these codes lets you in once.
codes-list-what = At each sign-in, the console asks for one of these codes. Each works once: cross it out.
codes-once = Print this page or copy the codes now: they are not shown again. Keep them where nobody else comes, and not with your password.
codes-whose = Codes of the account { $login }
codes-continue = I have kept them
