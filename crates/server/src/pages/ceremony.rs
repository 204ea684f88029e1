//! The private ceremony in which a new phrase is shown: are you alone, shown once, typed back once, gone.
//!
//! Part of the pages that bring a new phrase: `/entry` (another phrase) and `/enrol` (the first one). What was drawn is in the page for as
//! long as it is shown, then in a variable of the script until it was typed back, and is compared there, with nobody.

use maud::{Markup, html};

use super::field::{drawn_words, phrase_field};
use super::shell::Asked;

/// The question that comes before: the button it guards works once it was answered.
pub fn alone(asked: &Asked, id: &str) -> Markup {
    html! {
        p.warn { (asked.pick(
            "Your new words will be shown once. Nobody may see them, now or ever: no person, no camera, no shared screen.",
            "Vos nouveaux mots seront affichés une seule fois. Personne ne doit les voir, jamais : ni personne, ni caméra, ni écran partagé.")) }
        label.choice { input type="checkbox" id=(id) autocomplete="off";
            span { (asked.pick("I am alone, and nobody sees this screen.", "Je suis seul, et personne ne voit cet écran.")) } }
    }
}

/// From which list the words are drawn.
pub fn list_choice(asked: &Asked, name: &str) -> Markup {
    let french = asked.pick("en", "fr") == "fr";
    html! {
        fieldset {
            legend { (asked.pick("Words in", "Mots en")) }
            label.choice { input type="radio" name=(name) value="en" autocomplete="off" checked[!french]; span lang="en" { "English" } }
            label.choice { input type="radio" name=(name) value="fr" autocomplete="off" checked[french]; span lang="fr" { "français" } }
        }
    }
}

/// Shown, typed back, done.
pub fn steps(asked: &Asked) -> Markup {
    html! { (shown(asked)) (typed_back(asked)) (done(asked)) }
}

fn shown(asked: &Asked) -> Markup {
    html! {
        section.card id="shown" hidden {
            h2 tabindex="-1" { (asked.pick("Your new words", "Vos nouveaux mots")) }
            (drawn_words("drawn"))
            p { (asked.pick("Learn them and their picture. Do not write them down, do not photograph them, tell them to nobody, us included. They are shown this once.",
                "Apprenez-les, ainsi que leur image. Ne les notez pas, ne les photographiez pas, ne les dites à personne, pas même à nous. Ils ne sont affichés que cette fois.")) }
            div.row { button type="button" id="know" { (asked.pick("I know them: hide them", "Je les connais : masquer")) } }
        }
    }
}

fn typed_back(asked: &Asked) -> Markup {
    html! {
        section.card id="typed-back" hidden {
            h2 tabindex="-1" { (asked.pick("Type them once", "Tapez-les une fois")) }
            p { (asked.pick("Compared on this page only; nothing is sent.", "Comparés sur cette page seulement ; rien n'est envoyé.")) }
            (phrase_field(asked, "back-words", asked.pick("Your new words", "Vos nouveaux mots")))
            p.status role="status" {}
            div.row {
                button type="button" id="typed" { (asked.pick("Compare", "Comparer")) }
                button.quiet type="button" id="give-up" { (asked.pick("I do not know them any more", "Je ne les sais plus")) }
            }
        }
    }
}

fn done(asked: &Asked) -> Markup {
    html! {
        section.card id="done" hidden {
            h2 tabindex="-1" { (asked.pick("Not yet in force", "Pas encore en vigueur")) }
            p id="done-known" { (asked.pick("You know your new words. Your old words, if you have any, work until the change is in force: colleagues must agree and a wait must pass. Then, and only then, use the new ones.",
                "Vous connaissez vos nouveaux mots. Vos anciens mots, si vous en avez, restent valables jusqu'à l'entrée en vigueur : des collègues doivent accepter et une attente doit passer. Ensuite, et seulement ensuite, utilisez les nouveaux.")) }
            p id="done-lost" hidden { (asked.pick("The new words are gone. Ask a colleague to end the change; your old words, if you have any, still work.",
                "Les nouveaux mots sont perdus. Demandez à un collègue de mettre fin au changement ; vos anciens mots, si vous en avez, restent valables.")) }
            p { (asked.pick("When somebody calls you about it, read this out:", "Quand quelqu'un vous appelle à ce sujet, lisez-lui ceci :")) }
            p { strong.mono id="fingerprint" {} }
            p { (asked.pick("Practise entering other words today.", "Exercez-vous dès aujourd'hui à entrer d'autres mots.")) " "
                a href=(asked.link("/practice")) { (asked.pick("Practice", "Exercice")) } }
        }
    }
}
