//! From a request to a page: which page, who asks, and the headers (G3, G9).
//!
//! Without a session every path that is not for everybody leads to sign-in, whether there is anything at it or not; with one, what is not
//! for this person is answered exactly like what does not exist.

use api::{Code, Problem};
use axum::Extension;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use console::{Ask, Audience, Fields, Shown, Who, error_page, whole_page};
use jiff::tz::TimeZone;

use super::asked::{Asked, fields, kept};
use super::inside::{Asking, Inside};
use super::{SERVICE_WORKER, policy, posted};
use crate::http::{Failure, Http, Incoming, Peer, Size, session_cookie, token};

const SIGN_IN: &str = "/sign-in";
const SIGN_OUT: &str = "/sign-out";
/// The worker's file; it is served at the root so that it may receive for all pages.
const SERVICE_WORKER_FILE: &str = "/assets/service-worker.js";

/// One request for a page.
pub struct Requested {
    pub method: Method,
    pub path: String,
    pub query: String,
    pub headers: HeaderMap,
    pub peer: Option<Peer>,
}

/// Answers whatever is not an operation.
pub async fn show(
    State(http): State<Http>,
    Extension(inside): Extension<Inside>,
    request: Request,
) -> Response {
    let requested = Requested {
        method: request.method().clone(),
        path: request.uri().path().to_owned(),
        query: request.uri().query().unwrap_or_default().to_owned(),
        headers: request.headers().clone(),
        peer: request.extensions().get::<ConnectInfo<Peer>>().map(|info| info.0),
    };
    if requested.path == "/v1" || requested.path.starts_with("/v1/") {
        return Failure::not_found().into_response();
    }
    if let Some(file) = file(&requested) {
        return file;
    }
    let asked = Asked::read(&requested.query, &requested.headers);
    let body = if requested.method == Method::POST { Some(request) } else { None };
    let mut response = match answer(&http, inside, &requested, &asked, body).await {
        Ok(response) => response,
        Err(failure) => failed(&http, &requested, &asked, &failure.problem(asked.language)),
    };
    if let Some(cookie) = kept(asked.language, asked.look).filter(|_| asked.chosen) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

fn file(requested: &Requested) -> Option<Response> {
    let path = if requested.path == SERVICE_WORKER { SERVICE_WORKER_FILE } else { &requested.path };
    let asset = console::assets().find(|asset| asset.path == path)?;
    if requested.method != Method::GET {
        return None;
    }
    let mut response = asset.bytes().into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(asset.kind));
    Some(response)
}

async fn answer(
    http: &Http,
    inside: Inside,
    requested: &Requested,
    asked: &Asked,
    body: Option<Request>,
) -> Result<Response, Failure> {
    let mut ask = ask(http, requested, asked);
    let found = console::find(requested.method.as_str(), &requested.path);
    let Some((page, parameters)) = found.filter(|(page, _)| page.audience.admits(&ask)) else {
        return Ok(absent(requested, &ask));
    };
    ask.parameters = parameters;
    if page.local {
        // Nothing on it is anybody's own, and the form that signs out could not leave it.
        ask.who = None;
    }
    let mut asking = asking(http, inside, requested, &ask);
    if let Some(request) = body {
        let incoming = <Incoming as axum::extract::FromRequest<Http>>::from_request(request, http).await;
        let Ok(incoming) = incoming;
        let body = incoming.read(http, Size::Large).await?;
        let (fields, phrase) = posted::read(&body);
        drop(body);
        let expected = ask.who.as_ref().map(|who| who.token.clone());
        if page.audience != Audience::Anyone || expected.is_some() {
            let expected = expected.unwrap_or_default();
            if expected.is_empty() || !posted::is_own(&requested.headers, &fields, &expected) {
                return Err(posted::refused());
            }
        }
        ask.fields = fields;
        asking.phrase = phrase;
        asking.key = hex::encode(http.entropy.draw());
    }
    let shown = (page.show)(&ask, &asking).await;
    Ok(match shown {
        Ok(shown) => given(http, requested, &ask, shown)?,
        Err(problem) if problem.status == 401 => absent(requested, &Ask { who: None, ..ask }),
        Err(problem) => error(&ask, &problem),
    })
}

/// Who asks, from the session; nobody where there is none.
pub fn ask(http: &Http, requested: &Requested, asked: &Asked) -> Ask {
    let person = http.session(&requested.headers).ok().map(|session| session.person);
    let found = person.and_then(|person| {
        http.engine.read(|state| {
            let policy = state.overt().policy()?;
            policy.person(&person)?;
            let organisation = policy.organisation();
            let who = Who {
                organisation: organisation.name.clone(),
                responder: covert::State::is_responder(policy, &person),
                auditor: crate::http::is_auditor(policy, &person),
                token: token(&requested.headers).map(posted::token_for).unwrap_or_default(),
                person,
            };
            Some((who, organisation.time_zone.clone()))
        })
    });
    let (who, zone) = found.map_or((None, TimeZone::UTC), |(who, zone)| (Some(who), zone));
    Ask {
        language: asked.language,
        look: asked.look,
        path: requested.path.clone(),
        parameters: Fields::new(),
        query: fields(requested.query.as_bytes()),
        fields: Fields::new(),
        who,
        zone,
    }
}

/// The interface as this person sees it.
pub fn asking(http: &Http, inside: Inside, requested: &Requested, ask: &Ask) -> Asking {
    Asking {
        inside,
        language: ask.language,
        token: token(&requested.headers).map(str::to_owned),
        session: http.session(&requested.headers).ok(),
        peer: requested.peer,
        phrase: None,
        key: String::new(),
    }
}

fn given(http: &Http, requested: &Requested, ask: &Ask, shown: Shown) -> Result<Response, Failure> {
    Ok(match shown {
        Shown::Page { title, content, scripts, live } => {
            let page = whole_page(ask, &title, &content, scripts, live);
            html(StatusCode::OK, page.into_string(), &requested.path)
        }
        Shown::Go(to) => {
            let mut response = go(&to);
            if requested.path == SIGN_OUT {
                if let Some(token) = token(&requested.headers) {
                    http.sessions.end(token);
                }
                response.headers_mut().append(header::SET_COOKIE, session_cookie("", 0)?);
            }
            response
        }
        Shown::Keep { language, look, then } => {
            let mut response = go(&then);
            if let Some(cookie) = kept(language, look) {
                response.headers_mut().append(header::SET_COOKIE, cookie);
            }
            response
        }
        Shown::File { name, kind, bytes } => download(&name, kind, bytes),
    })
}

fn download(name: &str, kind: &'static str, bytes: Vec<u8>) -> Response {
    let safe: String =
        name.chars().filter(|letter| letter.is_ascii_alphanumeric() || "-_.".contains(*letter)).collect();
    let mut response = bytes.into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    if let Ok(value) = HeaderValue::from_str(&format!("attachment; filename=\"{safe}\"")) {
        response.headers_mut().insert(header::CONTENT_DISPOSITION, value);
    }
    response
}

/// Nothing is there for whoever asks. Without a session: to sign in, whatever the path.
fn absent(requested: &Requested, ask: &Ask) -> Response {
    if ask.who.is_none() && requested.method == Method::GET && wants_a_page(&requested.headers) {
        let next = form_urlencoded::byte_serialize(requested.path.as_bytes()).collect::<String>();
        return go(&if requested.path == "/" {
            SIGN_IN.to_owned()
        } else {
            format!("{SIGN_IN}?next={next}")
        });
    }
    if !wants_a_page(&requested.headers) {
        return Failure::not_found().into_response();
    }
    error(ask, &Problem::new(Code::NotFound, ask.language, None))
}

fn wants_a_page(headers: &HeaderMap) -> bool {
    let accepted = headers.get(header::ACCEPT).and_then(|accepted| accepted.to_str().ok());
    accepted.is_some_and(|accepted| accepted.contains("text/html"))
}

fn failed(http: &Http, requested: &Requested, asked: &Asked, problem: &Problem) -> Response {
    error(&ask(http, requested, asked), problem)
}

/// The path of a page that says what went wrong is not in it, so that every absent one is the same.
fn error(ask: &Ask, problem: &Problem) -> Response {
    let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let ask = Ask { path: String::new(), ..ask.clone() };
    html(status, error_page(&ask, problem).into_string(), "")
}

fn html(status: StatusCode, page: String, path: &str) -> Response {
    let mut response = (status, page).into_response();
    policy::protect(response.headers_mut(), path);
    response
}

/// To another page, with a request that has no body.
fn go(to: &str) -> Response {
    let to = HeaderValue::from_str(to).unwrap_or(HeaderValue::from_static("/"));
    let headers: [(HeaderName, HeaderValue); 1] = [(header::LOCATION, to)];
    (StatusCode::SEE_OTHER, headers).into_response()
}
