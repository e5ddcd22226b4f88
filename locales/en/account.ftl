home-title = First page
home-lead = One sign-in for all the services of your school.
home-how = To reach a service, start from its usual address: it will bring you here when you need to sign in.
home-change = Change my password

history-changed = Your password was changed on { $at }.
history-ordered = { $authority } reset your password on { $at }.
history-individual = Whoever is in charge of your account reset your password or gave a new code on { $at }.
history-not-you = If anything surprises you, change your password and tell your school.

logout-title = Sign out
logout-question = Do you want to end the session of the account { $login }?
logout-asked-by = { $service } asks to end the session of the account { $login }.
logout-what = The services opened from this browser will ask you to sign in again.
logout-submit = Sign out
logout-stay = Stay signed in

logged-out-title = You are signed out
logged-out-what = On a shared computer, close the browser too.
