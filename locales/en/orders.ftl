# Reset orders at the console.
orders-title = Reset orders
orders-new = New order
orders-none = No order reaches into your territory.
orders-older = Older orders
orders-waiting = Waits for your approval
orders-drafts = Drafts to look at
draft-came-back = It was put forward, and is a draft again: it was sent back, or too many people came or went.
draft-of-the-year = It is the yearly order: check it, and put it forward.
home-campaigns = Orders under way
home-begins = Begins on { $time }
home-deadline = To be done by { $time }
home-deadline-passed = The deadline passed on { $time }
home-counted = (counted at { $time }).
home-done = Everybody has chosen a new password.
home-close = Close the order
home-unprinted = { $count ->
    [one] One of those who need a code has none on paper yet.
   *[other] { $count } of those who need a code have none on paper yet.
}
home-of-part = { $place }: { $done }
home-print = Print the slips
home-failed = { $count ->
    [one] One notice to a service failed
   *[other] { $count } notices to services failed
}
home-find = Find somebody
home-nothing = Nothing waits for you.
order-title = Order: { $place }
order-everybody = Everybody
order-level-change = Change: the old password still opens the change page
order-level-recover = Recovery: the old password opens nothing any more, only a printed code does
order-draft = Draft
order-awaiting-approval = Waits for an approval
order-scheduled = Scheduled
order-in-force = In force
order-closed = Closed
order-cancelled = Cancelled
order-state = State
order-people = People
order-level = Level
order-since = From
order-at-once = Now
order-deadline = Deadline
order-deadline-closes = From then on the old password opens nothing any more for whoever was given a code.
order-deadline-only = A date for people: nothing closes by it.
order-codes = Codes
order-codes-until = They open the change page until { $time }.
order-codes-until-from = They open the change page until { $time }: { $span } from when it takes effect.
order-codes-early = They expire before the deadline: whoever has not changed by then needs another slip.
order-codes-days = { $count ->
    [one] one day
   *[other] { $count } days
}
order-covered = People covered when it was put forward
order-reason = Reason
order-author = Put forward by
order-spares = Spared by its author
order-spares-never-activated = Accounts that were never activated
order-spares-changed-since = Passwords chosen since { $time }
order-spares-reset-by-school = Accounts that their school has reset since { $time }
order-spares-nobody = Nobody. Operators and accounts without a password here are always left out.
order-named = Operators who are reached all the same
order-yearly = Every year
order-yearly-what = It leaves a draft of itself for the next year.
order-foreseen = What it would do if it took effect now
order-asked = { $name } asks a second person to approve this order. Until then it reaches nobody.
order-lift-asked = { $name } asks a second person to approve that it is cancelled. Until then the order stays in force.
order-progress = Progress
order-done = { $done } of { $all } have chosen a new password
order-as-of = Counted at { $time }. Somebody at two schools counts at both, and once in all.
order-place = Place
order-who = Profile
order-left = Must still change
order-printed = with a printed code
order-finished = Have changed
order-opens = { $count ->
    [0] To cancel it now would open access to nobody.
    [one] To cancel it now would open access to one person with the present password.
   *[other] To cancel it now would open access to { $count } people with their present passwords.
}
order-opens-change-page = { $count ->
    [one] For one person the old password, which opens nothing now, would open the change page again.
   *[other] For { $count } people the old password, which opens nothing now, would open the change page again.
}
order-opens-uncounted = For how many people it would open access has not been counted yet: wait a moment, and load the page again.
order-opens-as-of = Counted on { $time }.
order-why = Reason, for the audit log
order-approve-title = Approve
order-approve-what = You have checked the place, the people, the level and the dates above, and approve them as they are.
order-approve-submit = Approve
order-send-back-title = Send back
order-send-back-what = The request goes back to its author, with your reason.
order-send-back-submit = Send back
order-close-title = Close the campaign
order-close-what = The campaign ends with its report. Whoever has not changed yet must still do so.
order-close-submit = Close
order-cancel-title = Cancel the order
order-cancel-what = The order is lifted. If it was at level recovery and in force, the same people must still change, with their old passwords; no session comes back.
order-cancel-submit = Cancel the order
order-spared-changed-since = Spared: changed since the date
order-spared-never-activated = Spared: never activated
order-spared-no-local-password = Spared: no password here
order-spared-operator = Spared: have a role in the console
order-spared-reset-by-school = Spared: reset by the school already

new-order-what = An order takes effect for everybody at once. At the next step you will see whom it reaches, before it is put forward.
new-order-place = Place
new-order-other = Another place
new-order-other-hint = A code such as uai:0860001J or class:0860001J/6A. It takes the place of the one chosen above.
new-order-who = Profiles
new-order-who-hint = Without a choice, all profiles.
new-order-spare = Spare
new-order-never-activated = Accounts that were never activated
new-order-at = Takes effect
new-order-at-hint = Empty: at once.
new-order-deadline = Deadline
new-order-deadline-hint = By when everybody should have changed. At level change the old password then opens nothing for whoever was given a code.
new-order-code-lifetime = Lifetime of the codes, in days
new-order-code-lifetime-hint = { $most } at most. Empty: as the settings say when it takes effect, { $setting } today.
new-order-code-lifetime-wrong = Write a whole number of days, { $most } at most, or nothing.
new-order-yearly = Prepare a draft of the same order for the next year
new-order-check = Check

check-order-title = Check before it is put forward
check-order-covered = People covered
check-order-bound = Must choose a new password
check-order-suspect = Reached although they changed, with nothing but the old password as proof
check-order-without-email = Of these, without an e-mail address
check-order-operators = Left out because they have a role:
check-order-more = { $count ->
    [one] and one more
   *[other] and { $count } more
}
check-order-told = Services that will be told:
check-order-type = To confirm, type the number of people covered
check-order-change = Change it
check-order-submit = Put the order forward


problem-account-state = The state of this account does not allow it.
problem-already-asked = Somebody asked for this already: a second person must approve it.
problem-answer-gone = What came of this request is there no more. Begin again.
problem-author-left = Whoever asked for this role may not give it any more: it must be asked for again.
problem-beholden = Within the last 30 days the author gave you a role, a code or a reset, or you gave them a code, or somebody gave a code to both of you: somebody else must approve.
problem-changed = The order was changed since you read it. Read it again.
problem-code-lifetime = The codes cannot have that lifetime.
problem-deadline = The deadline must come after the start.
problem-deadline-passed = The deadline of the order has passed meanwhile. Send it back, so that it gets another.
problem-drifted = Too many people came or went since it was put forward: the order is a draft again and must be put forward anew.
problem-factor-too-old = Show your second factor again.
problem-idempotency-key-used = This request was used for something else. Begin again.
problem-instant = The day and hour cannot be read.
problem-invalid-request = The request cannot be read. Begin again.
problem-involved = The order names its author or you: somebody else must approve.
problem-local = The command line cannot be the second person.
problem-nobody = Nobody has this profile at this place.
problem-names-and-more = { $names } and { $more } more
problem-names-author = An order does not name whoever puts it forward. Leave yourself out.
problem-nobody-left = Nobody could help any more in: { $names }. Every operator of the place itself who could give a code, or of those above where it has none, is named by the order or shut out already. Leave one of them out.
problem-not-alone = That is more people in a day than one person may keep from their account alone. Write an order, which a second person approves, or leave the others to a second operator.
problem-not-asked = Nothing about this order waits for approval.
problem-not-confirmed = That is not the number of people covered. Nothing was ordered.
problem-not-found = There is no such thing, or not in your territory.
problem-not-of-role = None of your roles allows this.
problem-not-pupils-alone = Your role reaches pupils and guardians only.
problem-oneself = You cannot do this to your own account.
problem-out-of-territory = This is outside your territory.
problem-own-wish = Somebody else must approve what you asked for.
problem-reason-missing = Give a reason.
problem-role-not-held = This role is not held there.
problem-selection-changed = These are not the same people any more. Read again before you confirm.
problem-start-in-past = The start is in the past.
problem-too-many = That is more than one request may reach.
problem-search-too-wide = The search went through many people without coming to its end. Choose a place, or say more of whom you look for.
problem-too-many-found = The search finds more than 10,000 people: write an order for the place instead.
problem-unknown-login = One of the logins does not exist.
problem-unknown-territory = There is no such place.
problem-wider-than-territory = This person also belongs to another school: whoever is above both can do it.
problem-wrong-state = The order is not in a state that allows this any more. Read it again.
problem-no-slips = There is no slip to print for this order: nobody here must change any more, or only people who get a code in person.
