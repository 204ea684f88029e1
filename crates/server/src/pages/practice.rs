//! `/practice`: learning to enter the own words and any others, with words that are made up on the page and mean nothing.
//!
//! The true phrase is never asked for. The content policy lets this page connect to nobody, so the browser itself sees to it that nothing
//! that is typed here leaves; a browser test counts the requests.

use maud::{Markup, html};

use super::field::{drawn_words, phrase_field};
use super::shell::{Asked, Form, Page, Shell};

/// The page.
pub async fn show(asked: Asked) -> Page {
    let title = asked.pick("Practice", "Exercice");
    let shell = Shell { path: "/practice", title, scripts: &["/assets/practice.js"], form: Form::Local };
    shell.page(
        &asked,
        html! {
            (begin(&asked)) (learn(&asked)) (own(&asked)) (others(&asked)) (end(&asked))
            p { a href=(asked.link("/entry")) { (asked.pick("Back to sign-in", "Retour à la connexion")) } }
        },
    )
}

fn begin(asked: &Asked) -> Markup {
    html! {
        section.card id="begin" {
            p.warn { strong { (asked.pick("Never type your real words here.", "Ne tapez jamais vos vrais mots ici.")) } " "
                (asked.pick("This exercise uses words that are made up on this page. Nothing that you type leaves it, and nothing is kept.",
                    "Cet exercice utilise des mots inventés sur cette page. Rien de ce que vous tapez ne la quitte, et rien n'est conservé.")) }
            p { (asked.pick("In two minutes you will have done the one thing that matters when somebody forces you: enter three other words. Do it a few times, until it needs no thought.",
                "En deux minutes, vous aurez fait le seul geste qui compte si quelqu'un vous force : entrer trois autres mots. Refaites-le plusieurs fois, jusqu'à ne plus avoir à y penser.")) }
            div.row { button type="button" data-go="learn" { (asked.pick("Begin", "Commencer")) } }
        }
    }
}

fn learn(asked: &Asked) -> Markup {
    html! {
        section.card id="learn" hidden {
            h2 tabindex="-1" { (asked.pick("1. Pretend that these are your words", "1. Imaginez que ce sont vos mots")) }
            (drawn_words("made-up"))
            p { (asked.pick("Look at the picture too: your own words have their own picture, and you will know it after a few days.",
                "Regardez aussi l'image : vos propres mots ont la leur, et vous la reconnaîtrez après quelques jours.")) }
            div.row {
                button type="button" data-go="own" { (asked.pick("I have them", "Je les ai")) }
                button.quiet type="button" id="redraw" { (asked.pick("Other words", "D'autres mots")) }
            }
        }
    }
}

fn own(asked: &Asked) -> Markup {
    html! {
        section.card id="own" hidden {
            h2 tabindex="-1" { (asked.pick("2. An ordinary day", "2. Un jour ordinaire")) }
            p { (asked.pick("You act of your own free will. Enter the made-up words.", "Vous agissez librement. Entrez les mots inventés.")) }
            (phrase_field(asked, "own-words", asked.pick("The made-up words", "Les mots inventés")))
            p.status role="status" {}
            div.row {
                button type="button" id="try-own" { (asked.pick("Enter", "Entrer")) }
                button.quiet type="button" data-go="learn" { (asked.pick("Show them again", "Les revoir")) }
            }
        }
    }
}

fn others(asked: &Asked) -> Markup {
    html! {
        section.card id="others" hidden {
            h2 tabindex="-1" { (asked.pick("3. Somebody forces you", "3. Quelqu'un vous force")) }
            p { (asked.pick("Enter any other three words of the list: whatever comes to mind, different ones each time. Not your real ones.",
                "Entrez trois autres mots de la liste, n'importe lesquels : ceux qui vous viennent, différents à chaque fois. Pas vos vrais mots.")) }
            (phrase_field(asked, "other-words", asked.pick("Any other three words", "Trois autres mots")))
            p.status role="status" {}
            div.row { button type="button" id="try-others" { (asked.pick("Enter", "Entrer")) } }
        }
    }
}

fn end(asked: &Asked) -> Markup {
    let points = [
        (
            "The screen is the same, to the last dot. Nobody beside you can see a difference, and neither can you.",
            "L'écran est le même, au point près. Personne à côté de vous ne voit de différence, et vous non plus.",
        ),
        (
            "People far away are told at once, over several channels, and come to help.",
            "Des personnes éloignées sont prévenues aussitôt, par plusieurs canaux, et viennent vous aider.",
        ),
        (
            "Everything takes the time that it always takes. What is large waits, as on any other day, and does not happen in the end. What is small goes through: let it go.",
            "Tout prend le temps que cela prend toujours. Ce qui est grand attend, comme tous les jours, et n'a finalement pas lieu. Ce qui est petit passe : laissez passer.",
        ),
        (
            "Keep entering other words, the same or new ones, for as long as it lasts. Do what you are told. Be safe first.",
            "Continuez à entrer d'autres mots, les mêmes ou de nouveaux, aussi longtemps que cela dure. Faites ce qu'on vous dit. Votre sécurité d'abord.",
        ),
        (
            "If you ever enter other words by mistake, somebody calls you back, and that ends it. No harm is done.",
            "Si un jour vous entrez d'autres mots par erreur, quelqu'un vous rappelle, et c'est terminé. Il n'y a pas de mal.",
        ),
    ];
    html! {
        section.card id="end" hidden {
            h2 tabindex="-1" { (asked.pick("What would happen now", "Ce qui se passerait maintenant")) }
            p.status.good role="status" {}
            ul { @for (english, french) in points { li { (asked.pick(english, french)) } } }
            p { (asked.pick("This was practice: nothing was sent and nobody was told.", "C'était un exercice : rien n'a été envoyé et personne n'a été prévenu.")) }
            div.row { button type="button" data-go="learn" { (asked.pick("Once more, with new words", "Encore une fois, avec de nouveaux mots")) } }
        }
    }
}
