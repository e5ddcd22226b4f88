# La console des opérateurs.
console-title = Console
console-ways = Console
console-home = Accueil
console-hello = Bonjour { $name }
console-roles = Vos rôles
console-few-codes = { $count ->
    [0] Il ne vous reste aucun code qui remplace votre second facteur : prenez-en d’autres ci-dessous.
    [one] Il vous reste un seul code qui remplace votre second facteur : prenez-en d’autres ci-dessous.
   *[other] Il vous reste { $count } codes qui remplacent votre second facteur : prenez-en d’autres ci-dessous.
}
console-codes-title = Codes de secours
console-codes-what = D’autres codes, si les vôtres s’épuisent ou si quelqu’un a pu les voir. Les anciens ne valent plus rien dès que les nouveaux sont affichés.
console-codes-submit = Prendre de nouveaux codes
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
codes-renewed = Voici vos nouveaux codes. Les anciens ne valent plus rien.
codes-recovery-what = Si vous perdez votre téléphone, chacun de ces codes vous laisse entrer une fois.
codes-list-what = À chaque connexion, la console demande un de ces codes. Chacun ne sert qu’une fois : barrez-le.
codes-once = Imprimez cette page ou copiez les codes maintenant : ils ne seront plus affichés. Gardez-les là où personne d’autre n’accède, et pas avec votre mot de passe.
codes-whose = Codes du compte { $login }
codes-continue = Je les ai gardés

people-title = Personnes
people-search = Nom, identifiant, classe ou UAI d’un établissement
people-submit = Rechercher
people-nobody = Personne n’a été trouvé dans votre ressort.
people-name = Nom
people-places = Établissement, classe
people-next = Page suivante
people-profile = Profil
people-any = Indifférent
people-found = Personnes trouvées
people-nobody-yet = Personne sur cette page de la recherche ; la suite peut en contenir.
people-at = Seulement ici :
people-everywhere = Chercher partout
people-require = Exiger un nouveau mot de passe
people-require-chosen = Des personnes cochées…
people-require-found = De toutes les personnes trouvées…
people-required = { $count ->
    [one] Un nouveau mot de passe est exigé d’une personne.
   *[other] Un nouveau mot de passe est exigé de { $count } personnes.
}

gate-open = Ce compte peut se connecter.
gate-disabled = Ce compte est désactivé : rien ne le laisse entrer.
gate-not-activated = Ce compte n’a jamais été activé : il lui faut son premier code.
gate-ordered-change = Une opération demande un changement de mot de passe : l’ancien ouvre la page de changement.
gate-ordered-recover = Une opération demande un changement de mot de passe : seul un code ouvre la page de changement.
gate-individual-change = Un changement de mot de passe est exigé de ce compte : l’ancien ouvre la page de changement.
gate-individual-recover = Un changement de mot de passe est exigé de ce compte : seul un code ouvre la page de changement.
gate-expired = Le mot de passe est plus ancien que permis : il devra être changé à la prochaine connexion.
gate-rules-tightened = Le mot de passe ne suit pas les règles d’aujourd’hui : il devra être changé à la prochaine connexion.
gate-compromised = D’autres connaissent peut-être le mot de passe : il devra être changé à la prochaine connexion.

person-role = Rôle
person-deeds = Ce que vous pouvez faire
person-reason = Motif (gardé au journal)
person-history = Historique
person-no-visit = Aucun en ce moment.
person-order = Voir l’ordre
person-visits = Services connectés
person-no-slip = Il n’y a pas de code à imprimer : il a servi ou n’ouvre plus rien, ou la personne a un rôle. « Nouveau code » en donne un.
person-elsewhere = Cette personne a aussi une place ailleurs, hors de votre ressort.
person-role-elsewhere = Cette personne a un rôle ailleurs, hors de votre ressort.
person-wider = Ce qui n’est pas proposé ici, seul un opérateur au-dessus de tout ce qu’est cette personne peut le faire : { $place }.
history-at = Quand
history-act = Quoi
history-by = Qui
by-owner = la personne
by-operator = un opérateur
by-host = la ligne de commande de l’hôte
by-system = le programme

deed-code = Nouveau code
deed-code-what = Pour un mot de passe oublié ou une personne qui vient d’arriver. Le code précédent, et tout ce qui est ouvert, prennent fin.
deed-code-done = Un nouveau code a été donné.
deed-print = Imprimer le bulletin
deed-print-what = Le bulletin du code qui vaut en ce moment, en PDF : imprimé de nouveau, il porte le même code. Chaque impression est notée.
deed-print-done = Le bulletin a été imprimé.
deed-force = Exiger un changement
deed-force-what = Le mot de passe devra être changé à la prochaine connexion ; l’ancien ouvre la page de changement.
deed-force-done = Un changement de mot de passe est désormais exigé.
deed-recover = Exiger un changement par code
deed-recover-what = Si le mot de passe semble volé : il n’ouvre plus rien, seul un code le fait.
deed-recover-done = Désormais, seul un code ouvre ce compte.
deed-unlock = Débloquer
deed-unlock-what = Pour une personne qui s’est trompée trop souvent et se trouve devant vous : elle peut réessayer aussitôt.
deed-unlock-done = Les essais manqués sont oubliés.
deed-end-sessions = Déconnecter partout
deed-end-sessions-what = Met fin à tout ce qui est ouvert, sur tous les appareils. Le mot de passe reste.
deed-end-sessions-done = Ce compte est déconnecté partout.
deed-disable = Désactiver
deed-disable-what = Plus rien ne laisse entrer ce compte, et tout ce qui est ouvert prend fin.
deed-disable-done = Ce compte est désactivé.
deed-enable = Réactiver
deed-enable-what = Le compte peut se connecter de nouveau. Rien de ce qui a pris fin ne revient.
deed-enable-done = Ce compte est réactivé.
deed-factor = Nouveau second facteur
deed-factor-what = Retire le second facteur, met fin à tout ce qui est ouvert, et donne un code pour en installer un autre.
deed-factor-done = Le second facteur a été retiré.

refused-disabled = Ce compte est désactivé : réactivez-le d’abord.
refused-federated = Ce compte se connecte ailleurs et n’a pas de mot de passe ici.
refused-unknown = Il n’y a pas de tel compte dans votre ressort.
refused-not-of-role = Aucun de vos rôles ne le permet.
refused-not-pupils-alone = Votre rôle n’atteint que les élèves et les responsables.
refused-wider = Cette personne relève aussi d’ailleurs : seul un opérateur au-dessus de l’ensemble peut le faire : { $place }.
refused-oneself = Personne ne le fait pour son propre compte : adressez-vous à quelqu’un d’autre.

slip-title = Code à remettre
slip-code = Code
slip-address = Adresse
slip-1 = Allez au service comme d’habitude, ou à l’adresse ci-dessus.
slip-2 = Tapez l’identifiant, et le code à la place du mot de passe.
slip-3 = Choisissez un mot de passe que vous seul connaissez.
slip-leave-1 = Connectez-vous à l’adresse ci-dessus avec votre identifiant et votre mot de passe.
slip-leave-2 = Tapez ce code, puis installez votre second facteur.
slip-until = Ce code est valable jusqu’au { $until }.
slip-once = Imprimez cette page ou copiez le code maintenant. Remettez-le en mains propres.
slip-print-what = Le bulletin complet, en PDF : l’établissement, la classe, les enfants d’un responsable, et le QR code de la page de connexion.
slip-back = Retour à cette personne

profile-academic = Personnel académique
profile-administration = Personnel administratif
profile-guardian = Responsable
profile-head = Direction
profile-inspector = Inspecteur
profile-internship-tutor = Maître de stage
profile-librarian = Documentaliste
profile-local-authority = Collectivité
profile-pupil = Élève
profile-school-life = Vie scolaire
profile-teacher = Enseignant

roles-title = Rôles
roles-waiting = Attendent une deuxième personne
roles-wait = Un rôle attend une deuxième personne.
roles-asked = Demandé par { $name }, { $at }. La demande tombe au bout de sept jours.
roles-approve = Approuver
roles-refuse = Refuser
roles-take-back = Retirer la demande
roles-approved = Le rôle est donné.
roles-refused = La demande a reçu sa réponse : aucun rôle n’est donné.
roles-held = Qui a un rôle
roles-how = Les rôles se donnent et se retirent sur la page d’une personne.
roles-later = Demandes suivantes
roles-none = Personne n’a de rôle ici.
person-roles = Rôles
person-no-role = Cette personne n’a aucun rôle dans la console.
role-take = Retirer
role-taken-done = Le rôle est retiré.
role-give = Donner un rôle
role-give-what = Un rôle permet d’agir sur d’autres personnes, à ce lieu et en dessous. La personne se connecte à la console avec un second facteur. « Autorité », et ce qui ordonne ou imprime au-delà d’un établissement, attend qu’un autre opérateur l’approuve.
role-given-done = Le rôle est donné. À la console, la personne installe un second facteur.
role-asked-done = Le rôle est demandé. Un autre opérateur doit l’approuver.
