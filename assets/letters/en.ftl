# The words of the slips. Each message can be replaced by a file of yours: see [slips] in config/default.toml.
# An empty message, written { "" }, is not printed.

# The title of the document, in the window of whatever shows the PDF. $service, $place
document-title = { $service }: codes, { $place }

# All that follows knows: $service, $school, $class, $person, $pupils, $count (how many pupils), $address, $expires
headline = { $service }: your code
guardian =
    { $count ->
        [one] Responsible for { $pupils }
       *[other] Responsible for: { $pupils }
    }
login-label = Login
code-label = Code

# On a page or half a page only.
intro = Your school gives you a code to choose your password with. It opens the page on which you choose it and nothing else, and works once.

step-1 = Open { $address } or scan the square.
step-2 = Type the login, and the code in place of the password.
step-3 = Choose your password. It is all you need from then on.
expires = To be used before { $expires }.

# On a page or half a page only.
advice = This code is yours alone: show it to nobody. Nobody will ever ask you for your password. If this paper is lost, or the code is not accepted any more, your school gives you another.

# What the square says to who does not see it.
square = QR code of the address { $address }

# The notice for families, on the order's page. It names nobody. It knows: $service, $place, $address, $since (from when on),
# $deadline (where there is one), $expires (until when codes are valid)
notice-title = { $service }: a new password
notice-intro = From { $since } on, every pupil, guardian and member of staff concerned ({ $place }) must choose a new password for { $service }.
notice-change = Sign in as usual, typing the address { $address } yourself: after your present password, the page lets you choose a new one.
notice-recover = Your old password does not work any more. The school gives everybody a personal code on paper. Type the address { $address } yourself, then your login, and the code in place of the password: the page lets you choose a new password.
notice-deadline = Do so before { $deadline }.
notice-hardens = After that, for whoever was given a code by the school, nothing but that code opens the page.
notice-expires = The code is valid until { $expires }. After that day, or where it is lost, the school gives you another.
notice-advice = Neither your school nor the education authority will ever ask you for your password or your code, in a message, on the telephone or in person. Follow no link that asks for them.
