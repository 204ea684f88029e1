//! The demo by hand: a third stage that is yours, and behind it the prompter's page, with everybody's keys and words, the simulated clock and
//! the simulated hardware keys. Only the demo has such a page; a real server knows no words and no clock but its own.

use std::sync::Arc;

use anyhow::{Context, Result, bail};
use api::{AttachPsbt, Draft, NewPrice, SessionGrant, SignIn, StatusWord, TransferList};
use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bitcoin::Psbt;
use maud::{DOCTYPE, Markup, html};
use tokio::net::TcpListener;
use types::{Currency, Rate, Span, VaultId};
use ureq::http::Method;

use crate::client::{Client, Endpoint, Signing};
use crate::demo::stage::{Actor, Stage};
use crate::language::{Language, pick};

/// Who brings the transactions that the hardware keys signed, and whose keys sign.
const BRINGS: &str = "paula";
const SIGN: [&str; 2] = ["omar", "paula"];
const VAULT: &str = "treasury";
/// What the network is paid, in satoshi per virtual byte.
const FEE_RATE: u32 = 5;
/// What a bitcoin is worth, in the organisation's currency.
pub const PRICE: &str = "90000";
/// How far the clock can be moved at once, in hours.
const SKIPS: [u64; 3] = [1, 24, 48];
/// The address of `exchange`, in the list `partners` of the example.
pub const PARTNER: &str = "bcrt1qaxxan86pyn9znw7gln6gum9prx6trvsvwcw969";

const STYLE: &str = "body{font:100%/1.5 system-ui,sans-serif;max-width:60rem;margin:0 auto;padding:1rem;color-scheme:light dark}\
    button,.b{font:inherit;font-weight:600;padding:.5rem 1rem;margin:0 .5rem .5rem 0;cursor:pointer}\
    table{border-collapse:collapse;width:100%}td,th{text-align:left;vertical-align:top;padding:.4rem .6rem .4rem 0;border-bottom:1px solid #8886}\
    textarea{width:100%;font:.8rem ui-monospace,monospace}code{overflow-wrap:anywhere}form{display:inline}";

/// The stage and its people, shared with the page.
#[derive(Clone)]
struct Prompter {
    stage: Arc<Stage>,
    language: Language,
}

/// Serves the page on a port of loopback until the demo ends; its address is returned.
pub async fn begin(stage: Arc<Stage>, language: Language) -> Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0").await.context("no port on loopback")?;
    let url = format!("http://localhost:{}/", listener.local_addr()?.port());
    let routes = Router::new()
        .route("/", get(page))
        .route("/skip/{hours}", post(skip))
        .route("/sign", post(sign))
        .with_state(Prompter { stage, language });
    tokio::spawn(async move { axum::serve(listener, routes).await });
    Ok(url)
}

async fn page(State(prompter): State<Prompter>) -> Response {
    let Prompter { stage, language } = &prompter;
    let markup = html! {
        (DOCTYPE)
        html lang=(pick(*language, "en", "fr")) {
            head { meta charset="utf-8"; meta name="viewport" content="width=device-width, initial-scale=1";
                title { "Rempart · " (pick(*language, "demo", "démo")) } style { (maud::PreEscaped(STYLE)) } }
            body { (head(stage, *language)) (clock(stage, *language)) (people(stage, *language)) (how(*language)) }
        }
    };
    let policy = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'";
    let headers: [(HeaderName, HeaderValue); 1] =
        [(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy))];
    (headers, Html(markup.into_string())).into_response()
}

fn head(stage: &Stage, language: Language) -> Markup {
    html! {
        h1 { (pick(language, "Behind the stage", "Dans les coulisses")) }
        p { (pick(language,
            "Here are everybody's keys and words, because this is a demo. The console beside it is the real one.",
            "Voici les clés et les mots de chacun, parce que c'est une démo. La console, elle, est la vraie.")) }
        p { a.b href=(stage.console()) target="_blank" { (pick(language, "Open the console", "Ouvrir la console")) } }
    }
}

fn clock(stage: &Stage, language: Language) -> Markup {
    html! {
        h2 { (pick(language, "The simulated clock and hardware keys", "L'horloge et les clés matérielles simulées")) }
        p { (pick(language, "Now: ", "Maintenant : ")) strong { (stage.engine.now()) } }
        p {
            @for hours in SKIPS {
                form method="post" action=(format!("/skip/{hours}")) { button { "+ " (hours) " h" } }
            }
            form method="post" action="/sign" { button { (pick(language, "Let the hardware keys of omar and paula sign what waits", "Faire signer ce qui attend par les clés matérielles d'omar et de paula")) } }
        }
    }
}

fn people(stage: &Stage, language: Language) -> Markup {
    html! {
        h2 { (pick(language, "People", "Personnes")) }
        table {
            thead { tr {
                th { (pick(language, "Name", "Nom")) } th { (pick(language, "Their three words", "Leurs trois mots")) }
                th { (pick(language, "With a gun at the head: any others, such as", "Sous la menace : n'importe quels autres, comme")) }
                th { (pick(language, "Their key file", "Leur fichier de clé")) }
            } }
            tbody { @for actor in stage.actors() { (person(actor, language)) } }
        }
    }
}

fn person(actor: &Actor, language: Language) -> Markup {
    let name = actor.key.person.to_string();
    let role = match name.as_str() {
        "vera" | "walid" => pick(language, "responder", "intervient en cas d'alerte"),
        _ => pick(language, "treasurer", "trésorerie"),
    };
    let text = actor.key.render();
    html! {
        tr {
            td { strong { (name) } br; (role) }
            td { code { (actor.phrase) } }
            td { code { (actor.panic_phrase) } }
            td { textarea readonly rows="3" aria-label=(name) { (text.trim_end()) } }
        }
    }
}

fn how(language: Language) -> Markup {
    let steps = match language {
        Language::En => STEPS_EN,
        Language::Fr => STEPS_FR,
    };
    html! {
        h2 { (pick(language, "Both stories, by hand", "Les deux histoires, à la main")) }
        ol { @for step in steps { li { (step.replace("{address}", PARTNER)) } } }
    }
}

const STEPS_EN: [&str; 6] = [
    "In the console sign in as omar: choose “I have a key file”, paste his, and type his three words.",
    "Propose a transfer of 2 BTC from the treasury to {address}, fee at most 0.0001 BTC. It waits for two approvals and 48 hours.",
    "Sign out; sign in as paula, approve; then as nora, approve. Come back here and let the hardware keys sign.",
    "Move the clock 48 hours. In the console the transfer is signed: that is the free story.",
    "Do the same again, but as omar with other words than his. Every page is the same; after 48 hours the transfer is declined, as if a colleague had objected.",
    "Sign in as vera, then as walid: under “Response” an incident is open since the first false word.",
];
const STEPS_FR: [&str; 6] = [
    "Dans la console, connectez-vous en omar : « J'ai un fichier de clé », collez le sien et tapez ses trois mots.",
    "Proposez un transfert de 2 BTC du coffre treasury vers {address}, frais au plus 0.0001 BTC. Il attend deux approbations et 48 heures.",
    "Déconnectez-vous ; connectez-vous en paula, approuvez ; puis en nora, approuvez. Revenez ici et faites signer les clés matérielles.",
    "Avancez l'horloge de 48 heures. Dans la console, le transfert est signé : c'est l'histoire libre.",
    "Recommencez, mais en omar avec d'autres mots que les siens. Chaque page est la même ; après 48 heures, le transfert est refusé, comme si un collègue s'y était opposé.",
    "Connectez-vous en vera, puis en walid : sous « Intervention », un incident est ouvert depuis le premier mot faux.",
];

async fn skip(State(prompter): State<Prompter>, Path(hours): Path<u64>) -> Response {
    if !SKIPS.contains(&hours) {
        return StatusCode::NOT_FOUND.into_response();
    }
    done(prompter, move |stage| {
        stage.clock.advance(Span::from_hours(hours));
        stage.engine.tick();
        fresh_price(stage)
    })
    .await
}

/// Does something on the stage and shows the page again, or what is wrong.
async fn done(prompter: Prompter, act: impl FnOnce(&Stage) -> Result<()> + Send + 'static) -> Response {
    match tokio::task::spawn_blocking(move || act(&prompter.stage)).await {
        Ok(Ok(())) => Redirect::to("/").into_response(),
        Ok(Err(error)) => (StatusCode::CONFLICT, format!("{error:#}\n")).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// The feed says the price again: one that is an hour old values nothing.
fn fresh_price(stage: &Stage) -> Result<()> {
    let now = stage.engine.now();
    let price = NewPrice { asset: Currency::parse("BTC")?, at: now, rate: Rate::parse(PRICE)? };
    let signing = Signing { key: &stage.feed, phrase: None };
    let to = format!("prompter-price-{now}");
    let answer =
        Client::new(&stage.url, "en").command(&signing, Endpoint::post("/v1/feed/prices", &to), &price)?;
    if answer.is_success() { Ok(()) } else { bail!("price: {}", answer.problem()) }
}

async fn sign(State(prompter): State<Prompter>) -> Response {
    done(prompter, sign_what_waits).await
}

/// Brings a transaction, signed by two hardware keys, for every pending transfer of the vault that has none.
fn sign_what_waits(stage: &Stage) -> Result<()> {
    let brings = stage.actor(BRINGS)?;
    let client = Client::new(&stage.url, "en");
    let signing = Signing { key: &brings.key, phrase: Some(&brings.phrase) };
    let key = format!("prompter-{}", stage.engine.now());
    let session = client.command(&signing, Endpoint::post("/v1/session", &key), &SignIn::default())?;
    let token = session.read::<SessionGrant>()?.token;
    let list: TransferList = client.get("/v1/transfers", Some(&token))?.read()?;
    for transfer in list.transfers.iter().filter(|transfer| needs_transaction(transfer)) {
        let path = format!("/v1/transfers/{}", transfer.id);
        let draft: Draft = client.get(&format!("{path}/draft?fee_rate={FEE_RATE}"), Some(&token))?.read()?;
        let command = AttachPsbt { psbt: signed(stage, &draft.psbt)? };
        let (path, key) = (format!("{path}/psbt"), format!("prompter-{}", transfer.id));
        let to = Endpoint { method: Method::PUT, path: &path, idempotency_key: &key };
        let answer = client.command(&signing, to, &command)?;
        if !answer.is_success() {
            bail!("{path}: {}", answer.problem());
        }
    }
    Ok(())
}

fn needs_transaction(transfer: &api::Transfer) -> bool {
    matches!(transfer.status, StatusWord::Pending | StatusWord::Ready)
        && transfer.vault.as_str() == VAULT
        && !transfer.members_signed
}

/// The draft with the signatures of two hardware keys.
fn signed(stage: &Stage, draft: &str) -> Result<String> {
    let vault = VaultId::parse(VAULT)?;
    let holdings =
        stage.engine.book(|book| book.holdings(&vault).cloned()).context("the vault holds nothing")?;
    let mut psbt = Psbt::deserialize(&BASE64.decode(draft)?)?;
    for name in SIGN {
        let member = stage.actor(name)?.member.as_ref().context("a member without a hardware key")?;
        vault::signing::sign_member(&mut psbt, &holdings, member)?;
    }
    Ok(BASE64.encode(psbt.serialize()))
}
