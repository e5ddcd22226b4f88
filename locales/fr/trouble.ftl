trouble-status = Code HTTP :
trouble-reference = Référence :
trouble-detail = Pour l’équipe du service :

invalid-request-title = La demande n’a pas été comprise
invalid-request-what = Le service d’où vous venez a envoyé une demande incomplète ou fausse. Vous n’y êtes pour rien.
invalid-request-advice = Retournez à ce service et recommencez. Si cela se reproduit, signalez-le à votre établissement.

unknown-service-title = Ce service n’est pas reconnu
unknown-service-what = Le service d’où vous venez n’est pas inscrit ici, ou a demandé une réponse à une adresse qui n’est pas la sienne.
unknown-service-advice = N’écrivez pas votre mot de passe sur ce service. Partez plutôt de l’adresse donnée par votre établissement.

cookie-missing-title = Votre navigateur a perdu le fil
cookie-missing-what = Le témoin de connexion (cookie) de cette demande n’est pas revenu. C’est le cas si la page a été ouverte dans un autre navigateur, ou si les témoins sont refusés.
cookie-missing-advice = Autorisez les témoins pour ce site, puis repartez du service voulu.

cross-site-title = Cet envoi a été refusé
cross-site-what = Le formulaire n’a pas été envoyé depuis une page de ce site, ou la page était trop ancienne.
cross-site-advice = Rien n’a été changé. Repartez du service voulu et recommencez.

not-found-title = Cette page n’existe pas
not-found-what = Il n’y a rien à cette adresse.
not-found-advice = Vérifiez l’adresse, ou repartez du service voulu.

expired-title = La page a expiré
expired-what = Elle est restée ouverte trop longtemps, ou la demande a déjà reçu sa réponse.
expired-advice = Rien n’est perdu : repartez du service voulu et connectez-vous de nouveau.

internal-title = Une erreur s’est produite
internal-what = Le problème vient d’ici, pas de vous.
internal-advice = Réessayez dans quelques minutes. Si cela se reproduit, donnez la référence ci-dessous à votre établissement.

unavailable-title = Le service est momentanément indisponible
unavailable-what = Beaucoup de personnes se connectent en même temps, ou une opération est en cours.
unavailable-advice = Attendez une minute, puis rechargez la page. Votre mot de passe n’est pas en cause.
