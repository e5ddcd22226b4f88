login-title = Connexion
login-toward = Pour continuer vers { $service }
login-login = Identifiant
login-password = Mot de passe
login-submit = Se connecter
login-incorrect = L’identifiant ou le mot de passe est incorrect.
login-incorrect-advice = Si votre établissement vous a remis un code, tapez-le dans le champ du mot de passe.
login-throttled-advice = En attendant, rien n’est vérifié : inutile de réessayer avant. Si vous avez oublié votre mot de passe, demandez un code à votre établissement.

code-summary = J’ai un code
code-where = Votre établissement vous a remis un code sur papier ? Tapez-le à la place du mot de passe, dans le champ du mot de passe.
code-how = Le code a trois groupes de quatre signes. Avec ou sans tirets, en majuscules ou en minuscules, il est accepté.
code-then = Vous choisirez ensuite votre nouveau mot de passe. Le code ne sert qu’à cela.

forgotten-title = Mot de passe oublié ?
forgotten-help = Demandez un nouveau code à votre établissement : le secrétariat ou le professeur principal peut vous le remettre. Personne ne vous demandera jamais votre mot de passe.
