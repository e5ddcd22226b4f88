home-title = Accueil
home-lead = Une seule connexion pour tous les services de votre établissement.
home-how = Pour aller vers un service, partez de son adresse habituelle : il vous amènera ici quand il faudra vous connecter.
home-change = Changer mon mot de passe

history-changed = Votre mot de passe a été changé le { $at }.
history-ordered = { $authority } a réinitialisé votre mot de passe le { $at }.
history-individual = La personne chargée de votre compte a réinitialisé votre mot de passe ou donné un nouveau code le { $at }.
history-not-you = Si quelque chose vous surprend, changez de mot de passe et prévenez votre établissement.

logout-title = Déconnexion
logout-question = Voulez-vous fermer la session du compte { $login } ?
logout-asked-by = { $service } demande à fermer la session du compte { $login }.
logout-what = Les services ouverts depuis ce navigateur vous demanderont de vous connecter de nouveau.
logout-submit = Se déconnecter
logout-stay = Rester connecté

logged-out-title = Vous êtes déconnecté
logged-out-what = Sur un ordinateur partagé, fermez aussi le navigateur.
