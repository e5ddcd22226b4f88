# La console des opérateurs.
console-title = Console
console-ways = Console
console-home = Accueil
console-hello = Bonjour { $name }
console-roles = Vos rôles
console-few-codes = { $count ->
    [0] Il ne vous reste aucun code qui remplace votre second facteur. Demandez un nouveau second facteur à la personne qui gère votre compte.
    [one] Il vous reste un seul code qui remplace votre second facteur. Demandez bientôt un nouveau second facteur à la personne qui gère votre compte.
   *[other] Il vous reste { $count } codes qui remplacent votre second facteur. Demandez bientôt un nouveau second facteur à la personne qui gère votre compte.
}
role-auditor = Auditeur
role-authority = Autorité
role-class-teacher = Professeur principal
role-helpdesk = Assistance
role-school-admin = Administrateur d’établissement

without-role-title = Rien à faire ici
without-role-what = Le compte { $login } n’a aucun rôle dans cette console.
without-role-advice = Les élèves, les parents et les personnels n’ont pas besoin de console. Si vous devriez avoir un rôle, adressez-vous à la personne qui gère votre compte.

factor-title = Votre second facteur
factor-app-what = Tapez les six chiffres que votre application d’authentification affiche en ce moment.
factor-list-what = Tapez le prochain code de votre liste, puis barrez-le : chacun ne sert qu’une fois.
factor-app-code = Six chiffres de l’application
factor-list-code = Code de la liste
factor-again = Pour cela, votre second facteur doit avoir été montré depuis moins de cinq minutes. Ce que vous avez saisi est conservé.
factor-wrong = Ce code n’est pas le bon, ou il a déjà servi.
factor-wrong-advice = Vérifiez que vous tapez le code de ce compte. Une application en affiche un nouveau toutes les 30 secondes.
factor-lost = Je n’ai pas l’application sous la main
factor-lost-recovery = Tapez un de vos codes de secours à la place des six chiffres. Il ne sert qu’une fois.
factor-lost-all = Si vous n’en avez plus, demandez un nouveau second facteur à la personne qui gère votre compte.

confirm-title = Encore une étape
confirm-what = Votre second facteur est le bon.
confirm-submit = Continuer ce que vous avez demandé

permit-title = Installer votre second facteur
permit-what = Votre compte n’a pas encore de second facteur. Pour en installer un, il vous faut un code de la personne qui gère votre compte.
permit-how = Le mot de passe ne suffit pas : qui l’aurait volé pourrait sinon mettre son téléphone à la place du vôtre.
permit-code = Code d’installation

enrol-title = Installer votre second facteur
enrol-why = Désormais la console demande votre mot de passe et un code de votre téléphone : un mot de passe volé n’ouvre rien à lui seul.
enrol-app = Ouvrez une application d’authentification (par exemple Aegis, FreeOTP, 2FAS, Microsoft ou Google Authenticator).
enrol-scan = Avec elle, scannez l’image ci-dessous.
enrol-type = Tapez les six chiffres qu’elle affiche.
enrol-picture = Code QR pour l’application d’authentification
enrol-by-hand = Si vous ne pouvez pas la scanner, tapez cette clé dans l’application :
enrol-list-title = Pas de téléphone ?
enrol-list-what = Comme professeur principal, vous pouvez utiliser à la place une liste de 20 codes sur papier.
enrol-list-submit = Utiliser une liste sur papier

codes-title = Gardez ces codes
codes-done = Votre second facteur est installé.
codes-recovery-what = Si vous perdez votre téléphone, chacun de ces codes vous laisse entrer une fois.
codes-list-what = À chaque connexion, la console demande un de ces codes. Chacun ne sert qu’une fois : barrez-le.
codes-once = Imprimez cette page ou copiez les codes maintenant : ils ne seront plus affichés. Gardez-les là où personne d’autre n’accède, et pas avec votre mot de passe.
codes-whose = Codes du compte { $login }
codes-continue = Je les ai gardés
