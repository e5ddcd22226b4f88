# Les ordres de réinitialisation à la console.
orders-title = Ordres de réinitialisation
orders-new = Nouvel ordre
orders-none = Aucun ordre ne touche votre territoire.
orders-older = Ordres plus anciens
orders-waiting = Attend votre approbation
orders-drafts = Brouillons à relire
draft-came-back = Il avait été déposé et redevient un brouillon : il a été renvoyé, ou trop de personnes sont arrivées ou parties.
draft-of-the-year = C’est l’ordre annuel : vérifiez-le, puis déposez-le.
home-campaigns = Ordres en cours
home-begins = Commence le { $time }
home-deadline = À faire avant le { $time }
home-deadline-passed = La date limite est passée le { $time }
home-counted = (compté à { $time }).
home-done = Tout le monde a choisi un nouveau mot de passe.
home-close = Clore l’ordre
home-unprinted = { $count ->
    [one] Une personne à qui il faut un code n’en a pas encore sur papier.
   *[other] { $count } personnes à qui il faut un code n’en ont pas encore sur papier.
}
home-of-part = { $place } : { $done }
home-print = Imprimer les bulletins
home-failed = { $count ->
    [one] Un avis à un service a échoué
   *[other] { $count } avis à des services ont échoué
}
home-find = Trouver une personne
home-nothing = Rien ne vous attend.
order-title = Ordre : { $place }
order-everybody = Tout le monde
order-level-change = Changement : l’ancien mot de passe ouvre encore la page de changement
order-level-recover = Récupération : l’ancien mot de passe n’ouvre plus rien, seul un code imprimé le fait
order-draft = Brouillon
order-awaiting-approval = Attend une approbation
order-scheduled = Programmé
order-in-force = En vigueur
order-closed = Clos
order-cancelled = Annulé
order-state = État
order-people = Personnes
order-level = Niveau
order-since = Prise d’effet
order-at-once = Tout de suite
order-deadline = Échéance
order-deadline-closes = Dès lors, l’ancien mot de passe n’ouvre plus rien pour qui a reçu un code.
order-deadline-only = Une date pour les personnes : rien ne se ferme par elle.
order-codes = Codes
order-codes-until = Ils ouvrent la page de changement jusqu’au { $time }.
order-codes-until-from = Ils ouvrent la page de changement jusqu’au { $time } : { $span } à partir de la prise d’effet.
order-codes-early = Ils expirent avant l’échéance : qui n’a pas changé d’ici là aura besoin d’un autre papier.
order-codes-days = { $count ->
    [one] un jour
   *[other] { $count } jours
}
order-covered = Personnes visées au dépôt
order-reason = Motif
order-author = Déposé par
order-spares = Épargnés par son auteur
order-spares-never-activated = Les comptes jamais activés
order-spares-changed-since = Les mots de passe choisis depuis le { $time }
order-spares-reset-by-school = Les comptes déjà réinitialisés par leur établissement depuis le { $time }
order-spares-nobody = Personne. Les opérateurs et les comptes sans mot de passe ici sont toujours laissés de côté.
order-named = Opérateurs visés malgré leur rôle
order-yearly = Chaque année
order-yearly-what = Il laisse un brouillon du même ordre pour l’année suivante.
order-foreseen = Ce qu’il ferait s’il prenait effet maintenant
order-asked = { $name } demande qu’une deuxième personne approuve cet ordre. D’ici là, il ne touche personne.
order-lift-asked = { $name } demande qu’une deuxième personne approuve l’annulation. D’ici là, l’ordre reste en vigueur.
order-progress = Avancement
order-done = { $done } sur { $all } ont choisi un nouveau mot de passe
order-as-of = Compté à { $time }. Une personne présente dans deux établissements compte dans chacun, et une fois au total.
order-place = Lieu
order-who = Profil
order-left = Doivent encore changer
order-printed = dont code imprimé
order-finished = Ont changé
order-opens = { $count ->
    [0] L’annuler maintenant n’ouvrirait l’accès à personne.
    [one] L’annuler maintenant ouvrirait l’accès à une personne avec son mot de passe actuel.
   *[other] L’annuler maintenant ouvrirait l’accès à { $count } personnes avec leur mot de passe actuel.
}
order-opens-change-page = { $count ->
    [one] Pour une personne, l’ancien mot de passe, qui n’ouvre plus rien, ouvrirait de nouveau la page de changement.
   *[other] Pour { $count } personnes, l’ancien mot de passe, qui n’ouvre plus rien, ouvrirait de nouveau la page de changement.
}
order-opens-uncounted = À combien de personnes l’accès s’ouvrirait n’est pas encore compté : attendez un instant, puis rechargez la page.
order-opens-as-of = Compté le { $time }.
order-why = Motif, pour le journal
order-approve-title = Approuver
order-approve-what = Vous vérifiez le lieu, les personnes, le niveau et les dates ci-dessus, et vous les approuvez tels quels.
order-approve-submit = Approuver
order-send-back-title = Renvoyer
order-send-back-what = La demande revient à son auteur, avec votre motif.
order-send-back-submit = Renvoyer
order-close-title = Clore la campagne
order-close-what = La campagne se termine avec son compte rendu. Qui n’a pas encore changé reste tenu de le faire.
order-close-submit = Clore
order-cancel-title = Annuler l’ordre
order-cancel-what = L’ordre est levé. S’il était au niveau récupération et en vigueur, les mêmes personnes restent tenues de changer, avec leur ancien mot de passe ; aucune session ne revient.
order-cancel-submit = Annuler l’ordre
order-spared-changed-since = Épargnées : ont changé depuis la date
order-spared-never-activated = Épargnées : jamais activées
order-spared-no-local-password = Épargnées : pas de mot de passe ici
order-spared-operator = Épargnées : ont un rôle dans la console
order-spared-reset-by-school = Épargnées : déjà réinitialisées par l’établissement

new-order-what = Un ordre prend effet pour tout le monde à la fois. À l’étape suivante, vous verrez qui il touche avant de le déposer.
new-order-place = Lieu
new-order-other = Autre lieu
new-order-other-hint = Un code comme uai:0860001J ou class:0860001J/6A. Il remplace le lieu choisi ci-dessus.
new-order-who = Profils
new-order-who-hint = Sans choix, tous les profils.
new-order-spare = Épargner
new-order-never-activated = Les comptes jamais activés
new-order-at = Prend effet
new-order-at-hint = Vide : tout de suite.
new-order-deadline = Échéance
new-order-deadline-hint = Quand tout le monde doit avoir changé. Au niveau changement, l’ancien mot de passe n’ouvre alors plus rien pour qui a reçu un code.
new-order-code-lifetime = Durée de validité des codes, en jours
new-order-code-lifetime-hint = { $most } au plus. Vide : selon le réglage à la prise d’effet, { $setting } aujourd’hui.
new-order-code-lifetime-wrong = Écrivez un nombre entier de jours, { $most } au plus, ou rien.
new-order-yearly = Préparer un brouillon du même ordre pour l’année suivante
new-order-check = Vérifier

check-order-title = Vérifier avant de déposer
check-order-covered = Personnes visées
check-order-bound = Doivent choisir un nouveau mot de passe
check-order-suspect = Touchées bien qu’elles aient changé, avec l’ancien mot de passe pour seule preuve
check-order-without-email = Parmi elles, sans adresse électronique
check-order-operators = Laissées de côté, car elles ont un rôle :
check-order-more = { $count ->
    [one] et un de plus
   *[other] et { $count } de plus
}
check-order-told = Services qui seront prévenus :
check-order-type = Pour confirmer, tapez le nombre de personnes visées
check-order-change = Modifier
check-order-submit = Déposer l’ordre


problem-account-state = L’état de ce compte ne le permet pas.
problem-already-asked = C’est déjà demandé : une deuxième personne doit l’approuver.
problem-answer-gone = Ce que cette demande avait donné n’existe plus. Recommencez.
problem-author-left = Qui a demandé ce rôle ne peut plus le donner : il faut le redemander.
problem-beholden = Depuis moins de 30 jours, l’auteur vous a donné un rôle, un code ou une réinitialisation, ou vous lui avez donné un code, ou quelqu’un vous en a donné un à tous deux : une autre personne doit approuver.
problem-changed = L’ordre a changé depuis que vous l’avez lu. Relisez-le.
problem-code-lifetime = Les codes ne peuvent pas avoir cette durée de validité.
problem-deadline = L’échéance doit venir après la prise d’effet.
problem-deadline-passed = L’échéance de l’ordre est passée entre-temps. Renvoyez-le, pour qu’il en reçoive une autre.
problem-drifted = Trop de personnes sont arrivées ou parties depuis le dépôt : l’ordre est redevenu un brouillon et doit être déposé de nouveau.
problem-factor-too-old = Montrez de nouveau votre second facteur.
problem-idempotency-key-used = Cette demande a déjà servi à autre chose. Recommencez.
problem-instant = La date et l’heure ne se lisent pas.
problem-invalid-request = La demande ne se lit pas. Recommencez.
problem-involved = L’ordre nomme son auteur ou vous-même : quelqu’un d’autre doit approuver.
problem-local = La ligne de commande ne peut pas être la deuxième personne.
problem-nobody = Personne n’a ce profil à cet endroit.
problem-names-and-more = { $names } et { $more } autres
problem-names-author = Un ordre ne nomme pas la personne qui le soumet. Retirez-vous de la liste.
problem-nobody-left = Plus personne ne pourrait aider dans : { $names }. Chaque opérateur du lieu même qui pourrait donner un code, ou de plus haut s’il n’en a pas, est nommé par l’ordre ou déjà écarté. Retirez-en un de la liste.
problem-not-alone = C’est plus de personnes en un jour qu’une seule personne ne peut en écarter de leur compte. Rédigez un ordre, qu’une deuxième personne approuvera, ou laissez les autres à un deuxième opérateur.
problem-not-asked = Rien n’attend d’approbation pour cet ordre.
problem-not-confirmed = Ce n’est pas le nombre de personnes visées. Rien n’a été ordonné.
problem-not-found = Cela n’existe pas, ou pas dans votre territoire.
problem-not-of-role = Aucun de vos rôles ne le permet.
problem-not-pupils-alone = Votre rôle ne touche que les élèves et leurs responsables.
problem-oneself = Vous ne pouvez pas le faire pour votre propre compte.
problem-out-of-territory = C’est hors de votre territoire.
problem-own-wish = Quelqu’un d’autre doit approuver ce que vous avez demandé.
problem-reason-missing = Donnez un motif.
problem-role-not-held = Ce rôle n’est pas détenu à cet endroit.
problem-selection-changed = Ce ne sont plus les mêmes personnes. Relisez avant de confirmer.
problem-start-in-past = La prise d’effet est dans le passé.
problem-too-many = C’est plus qu’une demande ne peut en toucher.
problem-search-too-wide = La recherche a parcouru beaucoup de personnes sans arriver au bout. Choisissez un lieu, ou précisez qui vous cherchez.
problem-too-many-found = La recherche trouve plus de 10 000 personnes : rédigez plutôt un ordre pour le lieu.
problem-unknown-login = Un des identifiants n’existe pas.
problem-unknown-territory = Ce lieu n’existe pas.
problem-wider-than-territory = Cette personne relève aussi d’un autre établissement : l’échelon qui les réunit peut le faire.
problem-wrong-state = L’ordre n’est plus dans un état qui le permet. Relisez-le.
problem-no-slips = Il n’y a pas de bulletin à imprimer pour cet ordre : personne d’ici ne doit encore changer, ou seulement des personnes qui reçoivent un code en personne.
