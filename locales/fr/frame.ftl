# What every page has around its content.
skip = Aller au contenu
language-name = Français
check-address = Avant d’écrire un mot de passe, vérifiez que l’adresse de cette page commence par
error-prefix = Erreur :
notice-title = Information
cancel = Annuler
cancel-toward = Annuler et revenir à { $service }
back-toward = Revenir à { $service }
all-required = Tous les champs sont à remplir.
minutes = { $count ->
    [one] une minute
   *[other] { $count } minutes
}
throttled = Trop d’essais pour ce compte. Réessayez dans { $minutes }, à partir de { $clock }.
signed-in-as = Vous êtes connecté avec le compte { $login }.

# Days and hours.
date-and-time = { $date } à { $time }
date = { $day } { $month } { $year }
first-of-month = 1er
month-1 = janvier
month-2 = février
month-3 = mars
month-4 = avril
month-5 = mai
month-6 = juin
month-7 = juillet
month-8 = août
month-9 = septembre
month-10 = octobre
month-11 = novembre
month-12 = décembre

# What the script says about a password field.
show = Afficher
hide = Masquer
password-shown = Le mot de passe est affiché.
password-hidden = Le mot de passe est masqué.
caps-lock = La touche Verr. Maj. est activée.
