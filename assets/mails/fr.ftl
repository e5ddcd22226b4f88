# Ce que les personnes reçoivent par courriel. Aucun lien, aucun secret, aucun nom : qui lit par-dessus une épaule n’apprend rien
# qui ouvre quoi que ce soit.
subject-changed = votre mot de passe a été changé
subject-change-asked = un nouveau mot de passe vous est demandé
subject-voided = votre mot de passe n’est plus valable
subject-code-issued = un nouveau code vous a été donné
subject-order-returned = un ordre est à relire

hello = Bonjour,
what-changed = Le mot de passe du compte { $login } a été changé le { $at }.
what-change-asked = Le { $at }, un changement du mot de passe du compte { $login } a été demandé par l’établissement ou l’académie.
what-voided = Le { $at }, le mot de passe du compte { $login } a été réinitialisé par l’établissement ou l’académie. Il n’ouvre plus rien.
what-code-issued = Le { $at }, un nouveau code a été donné pour le compte { $login }. Le code précédent n’est plus valable.
what-order-returned = Le { $at }, un ordre de réinitialisation que le compte { $login } avait déposé ou approuvé est redevenu un brouillon : il a été renvoyé, ou trop de personnes sont arrivées ou parties depuis. Tel quel, il n’aura pas lieu.

next-changed = Si c’était vous, vous n’avez rien à faire. Sinon, prévenez tout de suite votre établissement.
next-change-asked = À votre prochaine connexion, une page vous fera choisir un nouveau mot de passe. Allez au service comme vous en avez l’habitude.
next-voided = Votre établissement vous remettra un code, qui vous fera choisir un nouveau mot de passe.
next-code-issued = Votre établissement vous le remettra. Si vous n’avez rien demandé, dites-le-lui.
next-order-returned = La première page de la console le montre. Relisez-le, et déposez-le de nouveau s’il doit avoir lieu.

mind = Ce message ne contient aucun lien, et n’attend pas de réponse. Personne ne vous demandera votre mot de passe ni un code par courriel ou par téléphone.
