# What people are sent by mail. No link, no secret, no name: whoever reads over a shoulder learns nothing that opens anything.
subject-changed = your password was changed
subject-change-asked = you are asked for a new password
subject-voided = your password is no longer valid
subject-code-issued = you were given a new code

hello = Hello,
what-changed = The password of the account { $login } was changed on { $at }.
what-change-asked = On { $at } your school or education authority asked for a new password for the account { $login }.
what-voided = On { $at } your school or education authority reset the password of the account { $login }. It no longer opens anything.
what-code-issued = On { $at } a new code was given for the account { $login }. The code before it is no longer valid.

next-changed = If it was you, there is nothing to do. If not, tell your school at once.
next-change-asked = The next time you sign in, a page will ask you to choose a new password. Go to the service as you usually do.
next-voided = Your school will hand you a code, with which you choose a new password.
next-code-issued = Your school will hand it to you. If you did not ask for it, tell them.

mind = This message holds no link and expects no answer. Nobody will ask you for your password or for a code by mail or by telephone.
