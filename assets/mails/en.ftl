# What people are sent by mail. No link, no secret, no name: whoever reads over a shoulder learns nothing that opens anything.
subject-changed = your password was changed
subject-change-asked = you are asked for a new password
subject-voided = your password is no longer valid
subject-code-issued = you were given a new code
subject-order-returned = an order is to be looked at again

hello = Hello,
what-changed = The password of the account { $login } was changed on { $at }.
what-change-asked = On { $at } your school or education authority asked for a new password for the account { $login }.
what-voided = On { $at } your school or education authority reset the password of the account { $login }. It no longer opens anything.
what-code-issued = On { $at } a new code was given for the account { $login }. The code before it is no longer valid.
what-order-returned = On { $at } a reset order that the account { $login } had put forward or approved became a draft again: it was sent back, or too many people have come or gone since. As it stands it will not happen.

next-changed = If it was you, there is nothing to do. If not, tell your school at once.
next-change-asked = The next time you sign in, a page will ask you to choose a new password. Go to the service as you usually do.
next-voided = Your school will hand you a code, with which you choose a new password.
next-code-issued = Your school will hand it to you. If you did not ask for it, tell them.
next-order-returned = The first page of the console shows it. Look at it again, and put it forward once more if it is to happen.

mind = This message holds no link and expects no answer. Nobody will ask you for your password or for a code by mail or by telephone.
