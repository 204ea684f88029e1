//! `/entry`: sign in, see what waits, approve exactly what is shown.
//!
//! Called by the router. The page is empty of anything personal until its script has a token (G9).

use maud::html;

use super::shell::{Asked, Form, Page, Shell};

/// The page.
pub async fn show(asked: Asked) -> Page {
    let title = asked.pick("Sign in", "Connexion");
    Shell { path: "/entry", title, scripts: &[], form: Form::None }.page(&asked, html! {})
}
