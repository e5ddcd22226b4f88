# Les lieux : établissements, classes, et les bulletins de ceux qui y sont.
places-title = Lieux
places-browse = Choisir un établissement ou une classe
places-below = En dessous
places-classes = Classes : élèves et responsables
places-profiles = Par profil
places-new-order = Nouvel ordre pour ce lieu
places-none = Rien en dessous.
places-nobody = Il n’y a ici aucun bulletin à imprimer : personne ne doit changer, ou personne n’a de code encore valable.
places-others = { $count ->
    [one] Une personne a un rôle ou une place ailleurs : elle reçoit un code à elle, depuis sa fiche ou de qui est responsable de l’ensemble.
   *[other] { $count } personnes ont un rôle ou une place ailleurs : elles reçoivent un code à elles, depuis leur fiche ou de qui est responsable de l’ensemble.
}
places-handed-over = { $count ->
    [0] Aucun bulletin n’a été coché : aucun n’était choisi, ou tous l’étaient déjà.
    [one] Un bulletin est coché comme remis.
   *[other] { $count } bulletins sont cochés comme remis.
}
places-taken-back = { $count ->
    [0] Aucune coche n’a été retirée : rien n’était choisi, ou rien n’était coché.
    [one] Un bulletin n’est plus coché comme remis.
   *[other] { $count } bulletins ne sont plus cochés comme remis.
}

roll-caption = Les personnes et leurs bulletins
roll-class = Classe
roll-people = Personnes
roll-left = Doivent encore changer
roll-printed = Code imprimé
roll-lapsed = Bulletins qui n’ouvrent plus rien
roll-waiting = Ont échoué trop souvent et doivent attendre (« Débloquer » sur leur fiche)
roll-require = Imposer un changement à certains
roll-slip-lapsed = imprimé le { $time }, n’ouvre plus rien
person-waits = Trop d’essais : rien de ce qui est tapé n’est vérifié avant { $time }. « Débloquer » y met fin.
person-slip-lapsed = Le code donné le { $time } n’ouvre plus rien. Il en faut un nouveau.
roll-handed = Remis
roll-used = Utilisé
roll-box = Choisir
roll-choose = Choisir { $name }
roll-state = Mot de passe
roll-handed-by = { $at }, par { $name }
roll-operator = A un rôle : reçoit un code en personne, pas de bulletin.
roll-uncounted = trop nombreux pour être comptés ici
roll-too-many = Il y a ici trop de personnes pour les compter sur cette page. La page de chaque classe a ses nombres.
roll-nobody = Il n’y a personne ici.
roll-hand-over = Cocher les choisis comme remis
roll-hand-over-all = Cocher tout ce qui est imprimé
roll-take-back = Retirer la coche des choisis

standing-open = En règle
standing-disabled = Désactivé
standing-not-activated = Doit choisir son premier mot de passe, avec un code
standing-change = Doit changer
standing-recover = Doit changer, avec un code

print-title = Bulletins
print-what = Pour toutes les personnes d’ici qui doivent changer et dont le code n’a pas servi, dans l’ordre des classes puis des noms. Un bulletin déjà imprimé montre le même code. Chaque impression est écrite au journal. Gardez le fichier là où personne d’autre n’accède, et supprimez-le une fois sur papier.
print-leaves-operators = { $count ->
    [one] Une personne d’ici doit changer et a un rôle : elle reçoit un code en personne, pas de bulletin :
   *[other] { $count } personnes d’ici doivent changer et ont un rôle : elles reçoivent un code en personne, pas de bulletin :
}
print-leaves-elsewhere = { $count ->
    [one] Une personne d’ici doit changer et a aussi une place ailleurs : ses codes s’impriment plus haut, sa page dit où :
   *[other] { $count } personnes d’ici doivent changer et ont aussi une place ailleurs : leurs codes s’impriment plus haut, la page de chacune dit où :
}
print-leaves-out = Pas de bulletin d’ici pour qui a un rôle, ou a aussi une place hors de votre ressort.
print-order-what = Pour toutes les personnes de votre ressort que cet ordre oblige encore : triées par classe, puis par nom. Un bulletin déjà imprimé montre le même code. Chaque impression est notée. Gardez le fichier où personne d’autre ne lit, et supprimez-le une fois sur papier.
print-layout = Forme
print-language = Langue des bulletins
print-submit = Imprimer les bulletins
layout-pdf-8 = PDF, 8 bulletins par page
layout-pdf-2 = PDF, 2 bulletins par page
layout-pdf-1 = PDF, une lettre chacun
layout-zip-8 = Un PDF par classe (ZIP), 8 bulletins par page
layout-zip-2 = Un PDF par classe (ZIP), 2 bulletins par page
layout-zip-1 = Un PDF par classe (ZIP), une lettre chacun
layout-csv = Tableau pour un logiciel de bureau (CSV)
language-fr = Français
language-en = Anglais

slip-again = Vous pouvez recharger cette page pendant cinq minutes : elle montre le même code.

state-closed = Doit changer, ou désactivé
state-not-activated = Jamais activé
state-ordered = Doit changer : un ordre
state-individual = Doit changer : exigé de cette personne
state-expired = Doit changer : trop ancien
state-rules-tightened = Doit changer : règles plus strictes
state-compromised = Doit changer : peut-être connu d’autrui

selection-title = Vérifier avant d’exiger
selection-people = Personnes qui devront choisir un nouveau mot de passe
selection-names = Qui
selection-more = { $count ->
    [one] et une autre personne
   *[other] et { $count } autres personnes
}
selection-nobody = Personne n’est concerné : rien ne sera exigé.
selection-back = Retour à la recherche
selection-what = Leurs sessions prennent fin aussitôt, et les codes déjà donnés n’ouvrent plus rien. Chaque personne est inscrite au journal avec votre motif.
selection-type = Pour confirmer, tapez le nombre de personnes
selection-submit = Exiger le changement
left-out-disabled = Laissées de côté : compte désactivé
left-out-must-already = Laissées de côté : doivent déjà changer, et leur code reste valable
left-out-never-activated = Laissées de côté : compte jamais activé, le premier code suffit
left-out-no-local-password = Laissées de côté : se connectent ailleurs
left-out-not-allowed = Laissées de côté : vous n’y êtes pas autorisé
left-out-operator = Laissées de côté, car elles ont un rôle : à cocher une par une
