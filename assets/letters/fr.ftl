# Les mots des fiches. Chaque message peut être remplacé par un fichier à vous : voir [slips] dans config/default.toml.
# Un message vide, écrit { "" }, n’est pas imprimé.

# Le titre du document, dans la fenêtre du lecteur de PDF. $service, $place
document-title = { $service } : codes, { $place }

# Tout ce qui suit connaît : $service, $school, $class, $person, $pupils, $count (combien d’élèves), $address, $expires
headline = { $service } : votre code
guardian =
    { $count ->
        [one] Responsable de { $pupils }
       *[other] Responsable de : { $pupils }
    }
login-label = Identifiant
code-label = Code

# Sur une page ou une demi-page seulement.
intro = Votre établissement vous remet un code pour choisir votre mot de passe. Il n’ouvre que la page où vous le choisirez, et ne sert qu’une fois.

step-1 = Ouvrez { $address } ou scannez le carré.
step-2 = Tapez l’identifiant, et le code à la place du mot de passe.
step-3 = Choisissez votre mot de passe. Lui seul servira ensuite.
expires = À utiliser avant le { $expires }.

# Sur une page ou une demi-page seulement.
advice = Ce code est personnel : ne le montrez à personne. Personne ne vous demandera jamais votre mot de passe. Si ce papier est perdu, ou si le code n’est plus accepté, votre établissement vous en remettra un autre.

# Ce que dit le carré à qui ne le voit pas.
square = Code QR de l’adresse { $address }

# L’avis aux familles, sur la page de l’ordre. Il ne nomme personne. Il connaît : $service, $place, $address,
# $since (à partir de quand), $deadline (échéance, là où il y en a une), $expires (fin de validité des codes)
notice-title = { $service } : nouveau mot de passe
notice-intro = À partir du { $since }, chaque élève, responsable et personnel concerné ({ $place }) doit choisir un nouveau mot de passe pour { $service }.
notice-change = Connectez-vous comme d’habitude, en tapant vous-même l’adresse { $address } : après votre mot de passe actuel, la page vous en fait choisir un nouveau.
notice-recover = Votre ancien mot de passe ne fonctionne plus. L’établissement remet à chacun un code personnel sur papier. Tapez vous-même l’adresse { $address }, puis votre identifiant, et le code à la place du mot de passe : la page vous fait choisir un nouveau mot de passe.
notice-deadline = Faites-le avant le { $deadline }.
notice-hardens = Passé ce moment, seul un code remis par l’établissement ouvrira cette page à qui en a reçu un.
notice-expires = Le code est valable jusqu’au { $expires }. Passé ce jour, ou s’il est perdu, l’établissement en remet un autre.
notice-advice = Ni l’établissement ni l’académie ne vous demanderont jamais votre mot de passe ou votre code, par message, par téléphone ou de vive voix. Ne suivez aucun lien qui les demande.
