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
