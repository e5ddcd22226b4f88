change-title = Change of password
choose-title = Choose your password
change-account = Account:
change-current = Current password
change-new = New password
change-confirmation = New password again
change-submit = Next
change-onward = You will then go to { $service }.
change-code-accepted = Your code is accepted: the current password is not needed.
change-time-limit = This page is valid for { $minutes }. After that, just sign in again.
change-time-soon = This page will soon no longer be valid: less than two minutes are left.

# Why the password must change.
why-ordered = { $authority } has reset passwords. Before you continue, choose a new one.
why-ordered-on = { $authority } reset passwords on { $day }. Before you continue, choose a new one.
why-individual = The person in charge of your account asks you to change your password. Before you continue, choose a new one.
why-expired = Your password is older than allowed. Before you continue, choose a new one.
why-rules-tightened = The rules for passwords are stricter than before and yours no longer meets them. Before you continue, choose a new one.
why-compromised = Other people may know your password. To protect your account, choose a new one.
why-not-activated = This is your first time here. Choose the password you will use from now on.
why-voluntary = You asked to change your password.

authority-ministry = The Ministry of Education
authority-academie = The education authority (rectorat) { $of }
authority-departement = The education authority (département: { $name })
authority-school = Your school ({ $name })
authority-class = Your school (class { $name })

# The rules, before typing.
rules-title = Rules for the new password
rule-length = at least { $min } characters
rule-upper = 1 upper-case letter
rule-lower = 1 lower-case letter
rule-digit = 1 digit
rule-special = 1 special character, such as ! ? @ # - _
rule-login = without your login
rule-current = different from the current password
rule-code = different from your code
rule-done = done
rule-todo = to do
rules-missing = Still missing:
rules-tally = Rules met:
strength = Strength:
strength-names = Weak|Fair|Strong

# What was wrong.
errors-title = { $count ->
    [one] There is one error to correct
   *[other] There are { $count } errors to correct
}
problem-current-wrong = The current password is incorrect.
problem-empty = Type a new password.
violation-too-short = The password must have at least { $min } characters.
violation-too-long = The password must have at most { $max } characters.
violation-no-upper = The password must have at least one upper-case letter.
violation-no-lower = The password must have at least one lower-case letter.
violation-no-digit = The password must have at least one digit.
violation-no-special = The password must have at least one special character, such as ! ? @ # - _
violation-contains-login = The password must not contain your login.
violation-same-as-current = The new password must differ from the current one.
violation-is-code = The new password must differ from the code you were given.
problem-mismatch = The two passwords do not match.

changed-title = Your password was changed successfully
changed-valid = Your new password is in force.
changed-use-it = You can sign in to { $service } with your new password.
changed-use-it-here = You can sign in with your new password.
changed-elsewhere = If your account was open on another device, it has just been signed out there.
changed-continue = Continue to { $service }
changed-sign-in = Back to sign-in
changed-home = Back to the first page
