# Places: schools, classes, and the slips of those who are there.
places-title = Places
places-browse = Choose a school or a class
places-below = Below
places-classes = Classes: pupils and guardians
places-profiles = By profile
places-new-order = New order here
places-none = Nothing lies below.
places-nobody = There is no slip to print here: nobody must change, or nobody has a code that is still good.
places-others = { $count ->
    [one] One person has a role or also belongs elsewhere: they get a code of their own, on their page or from whoever is responsible for all of it.
   *[other] { $count } people have a role or also belong elsewhere: they get a code of their own, on their page or from whoever is responsible for all of it.
}
places-handed-over = { $count ->
    [0] No slip was ticked: none was chosen, or all were ticked already.
    [one] One slip is ticked as handed over.
   *[other] { $count } slips are ticked as handed over.
}
places-taken-back = { $count ->
    [0] No tick was taken away: none was chosen, or none was ticked.
    [one] One slip is not ticked as handed over any more.
   *[other] { $count } slips are not ticked as handed over any more.
}

roll-caption = Who is here, and their slips
roll-class = Class
roll-people = People
roll-left = Must still change
roll-printed = Code printed
roll-lapsed = Slips that open nothing any more
roll-waiting = Failed too often, and have to wait (“Unlock” on their page)
roll-require = Require a change of some of them
roll-slip-lapsed = printed on { $time }, opens nothing any more
person-waits = Too many attempts: nothing that is typed is looked at before { $time }. “Unlock” ends that.
person-slip-lapsed = The code given on { $time } opens nothing any more. Another one is needed.
roll-handed = Handed over
roll-used = Used
roll-box = Choose
roll-choose = Choose { $name }
roll-state = Password
roll-handed-by = { $at }, by { $name }
roll-operator = Has a role: gets a code in person, no slip.
roll-uncounted = too many to be counted here
roll-too-many = There are too many people here to count them on this page. The page of each class has its numbers.
roll-nobody = Nobody is here.
roll-hand-over = Tick the chosen as handed over
roll-hand-over-all = Tick all that were printed
roll-take-back = Take the tick of the chosen away

standing-open = Up to date
standing-disabled = Disabled
standing-not-activated = Must choose the first password, with a code
standing-change = Must change
standing-recover = Must change, with a code

print-title = Slips
print-what = For everybody here who must change and has no slip that was used: sorted by class, then by name. A slip that was printed before shows the same code. Each print is written down. Keep the file where nobody else comes, and delete it once it is on paper.
print-leaves-operators = { $count ->
    [one] One person here must change and has a role: they get a code in person, and no slip:
   *[other] { $count } people here must change and have a role: they get a code in person, and no slip:
}
print-leaves-elsewhere = { $count ->
    [one] One person here must change and also belongs elsewhere: their code is printed higher up, their page says where:
   *[other] { $count } people here must change and also belong elsewhere: their codes are printed higher up, the page of each says where:
}
print-leaves-out = No slip comes from here for whoever has a role, or also belongs outside your territory.
print-order-what = For everybody in your territory whom this order still binds: sorted by class, then by name. A slip that was printed before shows the same code. Each print is written down. Keep the file where nobody else reads, and delete it once it is on paper.
print-layout = Form
print-language = Language of the slips
print-submit = Print the slips
layout-pdf-8 = PDF, 8 slips a page
layout-pdf-2 = PDF, 2 slips a page
layout-pdf-1 = PDF, a letter each
layout-zip-8 = A PDF for each class (ZIP), 8 slips a page
layout-zip-2 = A PDF for each class (ZIP), 2 slips a page
layout-zip-1 = A PDF for each class (ZIP), a letter each
layout-csv = Table for an office program (CSV)
language-fr = French
language-en = English

slip-again = You may load this page again for five minutes: it shows the same code.

state-closed = Must change, or disabled
state-not-activated = Never activated
state-ordered = Must change: an order
state-individual = Must change: required of this person
state-expired = Must change: too old
state-rules-tightened = Must change: stricter rules
state-compromised = Must change: may be known to others

selection-title = Check before it is required
selection-people = People who will have to choose a new password
selection-names = Who
selection-more = { $count ->
    [one] and one other person
   *[other] and { $count } other people
}
selection-nobody = This is about nobody: nothing will be required.
selection-back = Back to the search
selection-what = Their sessions end at once, and codes that they were given open nothing any more. Each person is written down in the audit log with your reason.
selection-type = To confirm, type the number of people
selection-submit = Require the change
left-out-disabled = Left out: the account is disabled
left-out-must-already = Left out: must change already, and their code stays good
left-out-never-activated = Left out: never activated, the first code is enough
left-out-no-local-password = Left out: they sign in elsewhere
left-out-not-allowed = Left out: you may not do this to them
left-out-operator = Left out because they have a role: choose them one by one
