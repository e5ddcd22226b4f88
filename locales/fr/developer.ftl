# Pages for the developers of relying parties.
developer-eyebrow = Pour les développeurs
developer-recognise = Reconnaître le signal
developer-do = Que faire
developer-description = Le texte qui l’accompagne dans error_description :

required-title = L’utilisateur doit changer son mot de passe
required-lead = Le fournisseur d’identité ne délivre plus rien pour ce compte tant que son titulaire n’a pas choisi un nouveau mot de passe, chez le fournisseur.
required-recognise = Comparez error_uri, caractère par caractère, à l’adresse de cette page, ou prenez-en le dernier segment :
required-json = Les réponses JSON portent aussi ce membre, pour les bibliothèques qui cachent error_uri :
required-never = La raison n’est jamais transmise, et aucune adresse reçue dans une réponse n’est à ouvrir.
required-surfaces = Où le signal apparaît
surface = Point d’accès
surface-answer = Réponse reçue
surface-action = Conduite à tenir
surface-with = avec
surface-authorize = Reçu si la demande portait prompt=none, ou si votre client affiche son propre message. Terminez cette transaction, affichez le message, puis envoyez une nouvelle demande.
surface-token = Oubliez les jetons et fermez la session locale ; la prochaine connexion mènera à la page de changement.
surface-userinfo = Comme pour le point de jetons.
surface-introspect = Traitez le jeton comme inactif : un serveur de ressources n’a pas à savoir pourquoi.
required-do-message = Dites à l’utilisateur qu’il doit changer son mot de passe, avec un seul bouton pour continuer. Ne lui demandez jamais de mot de passe.
required-do-request = Le bouton envoie une nouvelle demande d’autorisation, avec un state, un nonce et un défi PKCE nouveaux, et
required-do-rest = Le fournisseur affiche la page de changement, puis répond à cette demande par un code, comme d’habitude.
required-do-not = Ne relancez pas la demande sans action de l’utilisateur. Un client qui ignore le signal continue de fonctionner : à la demande suivante, le fournisseur affiche lui-même la page.

declined-title = L’utilisateur a renoncé à changer son mot de passe
declined-lead = La page de changement a été affichée et l’utilisateur a choisi d’annuler. Aucun code n’est délivré.
declined-recognise = La redirection porte :
declined-do-stop = Ne relancez pas la demande de vous-même : l’utilisateur vient de refuser.
declined-do-message = Affichez une page qui dit que l’accès attend le changement du mot de passe.
declined-do-again = Proposez un bouton qui envoie une nouvelle demande d’autorisation ; la page de changement sera proposée de nouveau.
