change-title = Changement du mot de passe
choose-title = Choix de votre mot de passe
change-account = Compte :
change-current = Mot de passe actuel
change-new = Nouveau mot de passe
change-confirmation = Confirmation du nouveau mot de passe
change-submit = Suivant
change-onward = Vous irez ensuite vers { $service }.
change-code-accepted = Votre code est accepté : le mot de passe actuel n’est pas demandé.
change-time-limit = Cette page reste valable { $minutes }. Passé ce délai, il suffira de vous connecter de nouveau.
change-time-soon = Cette page ne sera bientôt plus valable : il reste moins de deux minutes.

# Why the password must change.
why-ordered = { $authority } a réinitialisé les mots de passe. Avant de continuer, choisissez-en un nouveau.
why-ordered-on = { $authority } a réinitialisé les mots de passe le { $day }. Avant de continuer, choisissez-en un nouveau.
why-individual = La personne chargée de votre compte vous demande de changer de mot de passe. Avant de continuer, choisissez-en un nouveau.
why-expired = Votre mot de passe a dépassé sa durée de validité. Avant de continuer, choisissez-en un nouveau.
why-rules-tightened = Les règles des mots de passe sont devenues plus strictes et le vôtre n’y répond plus. Avant de continuer, choisissez-en un nouveau.
why-compromised = Votre mot de passe est peut-être connu d’autres personnes. Pour protéger votre compte, choisissez-en un nouveau.
why-not-activated = C’est votre première connexion. Choisissez le mot de passe que vous utiliserez désormais.
why-voluntary = Vous avez demandé à changer de mot de passe.

authority-ministry = Le ministère de l’Éducation nationale
authority-academie = Le rectorat { $of }
authority-departement = La direction académique (département : { $name })
authority-school = Votre établissement ({ $name })
authority-class = Votre établissement (classe : { $name })

# The rules, before typing.
rules-title = Règles du nouveau mot de passe
rule-length = { $min } caractères minimum
rule-upper = 1 majuscule
rule-lower = 1 minuscule
rule-digit = 1 chiffre
rule-special = 1 caractère spécial, comme ! ? @ # - _
rule-login = sans votre identifiant
rule-current = différent du mot de passe actuel
rule-code = différent de votre code
rule-done = validé
rule-todo = à faire
rules-missing = Il manque :
rules-tally = Règles respectées :
strength = Sécurité :
strength-names = Faible|Modérée|Forte

# What was wrong.
errors-title = { $count ->
    [one] Une erreur est à corriger
   *[other] { $count } erreurs sont à corriger
}
problem-current-wrong = Le mot de passe actuel est incorrect.
problem-empty = Écrivez un nouveau mot de passe.
violation-too-short = Le mot de passe doit comporter au moins { $min } caractères.
violation-too-long = Le mot de passe doit comporter au plus { $max } caractères.
violation-no-upper = Le mot de passe doit comporter au moins une majuscule.
violation-no-lower = Le mot de passe doit comporter au moins une minuscule.
violation-no-digit = Le mot de passe doit comporter au moins un chiffre.
violation-no-special = Le mot de passe doit comporter au moins un caractère spécial, comme ! ? @ # - _
violation-contains-login = Le mot de passe ne doit pas contenir votre identifiant.
violation-same-as-current = Le nouveau mot de passe doit être différent du mot de passe actuel.
violation-is-code = Le nouveau mot de passe doit être différent du code que vous avez reçu.
problem-mismatch = Les deux mots de passe ne concordent pas.

changed-title = Votre mot de passe a été changé avec succès
changed-valid = Votre nouveau mot de passe est validé.
changed-use-it = Vous pouvez vous connecter avec votre nouveau mot de passe à { $service }.
changed-use-it-here = Vous pouvez vous connecter avec votre nouveau mot de passe.
changed-elsewhere = Si votre compte était ouvert sur un autre appareil, il vient d’y être déconnecté.
changed-continue = Continuer vers { $service }
changed-sign-in = Retour à la connexion
changed-home = Retour à l’accueil
