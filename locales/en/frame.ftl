# What every page has around its content.
skip = Skip to content
language-name = English
check-address = Before you type a password, check that the address of this page begins with
error-prefix = Error:
notice-title = Notice
cancel = Cancel
cancel-toward = Cancel and return to { $service }
back-toward = Return to { $service }
all-required = All fields must be filled in.
minutes = { $count ->
    [one] one minute
   *[other] { $count } minutes
}
throttled = Too many attempts on this account. Try again in { $minutes }, from { $clock }.
signed-in-as = You are signed in with the account { $login }.

# Days and hours.
date-and-time = { $date } at { $time }
date = { $day } { $month } { $year }
first-of-month = 1
month-1 = January
month-2 = February
month-3 = March
month-4 = April
month-5 = May
month-6 = June
month-7 = July
month-8 = August
month-9 = September
month-10 = October
month-11 = November
month-12 = December

# What the script says about a password field.
show = Show
hide = Hide
password-shown = The password is shown.
password-hidden = The password is hidden.
caps-lock = Caps Lock is on.
