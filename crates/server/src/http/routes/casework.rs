//! What responders do with an incident, drills, and who is on duty. For everybody else nothing is here (G3, G8, G9).

use api::{
    Accepted, Acknowledge, AcknowledgeCode, Await, Called, CalledBack, Callee, ChannelState, Code, Drill,
    Duty, EndDrill, Envelope, Follow, HandOver, Language, Note, OnDuty, Override, Problem, Step,
};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, header};
use covert::{Command, Procedure};

use super::response::{NO_INCIDENT, act, in_room, incident_id, responder};
use super::{Answer, Done};
use crate::dispatch::ChannelHealth;
use crate::http::facts;
use crate::http::failure::Failure;
use crate::http::incoming::Incoming;
use crate::http::shared::Http;

/// Says that somebody has taken charge.
#[utoipa::path(post, path = "/v1/response/incidents/{id}/acknowledge", tag = "response",
    request_body = Envelope<Acknowledge>, params(("id" = u32, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 202, body = Accepted), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
pub async fn acknowledge(State(http): State<Http>, Path(id): Path<String>, incoming: Incoming) -> Done {
    let incident = incident_id(&http, &id);
    let command =
        move |acknowledge: Acknowledge, _| Ok(Command::Acknowledge { incident, from: acknowledge.from });
    act(&http, incoming, command).await
}

/// The same, by the call-back code of a message.
#[utoipa::path(post, path = "/v1/response/acknowledge", tag = "response",
    request_body = Envelope<AcknowledgeCode>, params(("Idempotency-Key" = String, Header)),
    responses((status = 202, body = Accepted), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
pub async fn acknowledge_code(State(http): State<Http>, incoming: Incoming) -> Done {
    let engine = http.engine.clone();
    let command = move |acknowledge: AcknowledgeCode, _| {
        let AcknowledgeCode { code, from } = acknowledge;
        let incident = engine.read(|state| state.covert().open_by_code(&code)).unwrap_or(NO_INCIDENT);
        Ok(Command::Acknowledge { incident, from })
    };
    act(&http, incoming, command).await
}

/// Says what kind of attack it is, and so which procedure to follow.
#[utoipa::path(post, path = "/v1/response/incidents/{id}/procedure", tag = "response", request_body = Envelope<Follow>,
    params(("id" = u32, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 202, body = Accepted), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
pub async fn follow(State(http): State<Http>, Path(id): Path<String>, incoming: Incoming) -> Done {
    let incident = incident_id(&http, &id);
    let command = move |follow: Follow, _| {
        let procedure = Procedure::parse(&follow.procedure).ok_or(Failure::new(Code::NoSuchProcedure))?;
        Ok(Command::Follow { incident, procedure })
    };
    act(&http, incoming, command).await
}

/// Ticks a step of the procedure, or takes the tick away.
#[utoipa::path(post, path = "/v1/response/incidents/{id}/step", tag = "response", request_body = Envelope<Step>,
    params(("id" = u32, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 202, body = Accepted), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
pub async fn step(State(http): State<Http>, Path(id): Path<String>, incoming: Incoming) -> Done {
    let incident = incident_id(&http, &id);
    let command = move |step: Step, _| Ok(Command::Step { incident, step: step.step, done: step.done });
    act(&http, incoming, command).await
}

/// Writes something down.
#[utoipa::path(post, path = "/v1/response/incidents/{id}/note", tag = "response", request_body = Envelope<Note>,
    params(("id" = u32, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 202, body = Accepted), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
pub async fn note(State(http): State<Http>, Path(id): Path<String>, incoming: Incoming) -> Done {
    let incident = incident_id(&http, &id);
    act(&http, incoming, move |note: Note, _| Ok(Command::Note { incident, text: note.text })).await
}

/// Writes down that somebody was called.
#[utoipa::path(post, path = "/v1/response/incidents/{id}/called", tag = "response", request_body = Envelope<Called>,
    params(("id" = u32, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 202, body = Accepted), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
pub async fn called(State(http): State<Http>, Path(id): Path<String>, incoming: Incoming) -> Done {
    let incident = incident_id(&http, &id);
    let command = move |called: Called, _| {
        let whom = match called.whom {
            Callee::Police => covert::Callee::Police,
            Callee::Person(person) => covert::Callee::Person(person),
            Callee::Other(name) => covert::Callee::Other(name),
        };
        Ok(Command::Called { incident, whom, note: called.note })
    };
    act(&http, incoming, command).await
}

/// Writes down that a person concerned was called back.
#[utoipa::path(post, path = "/v1/response/incidents/{id}/called-back", tag = "response", request_body = Envelope<CalledBack>,
    params(("id" = u32, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 202, body = Accepted), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
pub async fn called_back(State(http): State<Http>, Path(id): Path<String>, incoming: Incoming) -> Done {
    let incident = incident_id(&http, &id);
    let command = move |called: CalledBack, _| {
        let CalledBack { person, all_clear, private } = called;
        Ok(Command::CalledBack { incident, person, all_clear, private })
    };
    act(&http, incoming, command).await
}

/// Hands the lead over to another responder.
#[utoipa::path(post, path = "/v1/response/incidents/{id}/hand-over", tag = "response", request_body = Envelope<HandOver>,
    params(("id" = u32, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 202, body = Accepted), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
pub async fn hand_over(State(http): State<Http>, Path(id): Path<String>, incoming: Incoming) -> Done {
    let incident = incident_id(&http, &id);
    act(&http, incoming, move |hand: HandOver, _| Ok(Command::HandOver { incident, to: hand.to })).await
}

/// Says that nothing can be done until then, so that nobody is called again before.
#[utoipa::path(post, path = "/v1/response/incidents/{id}/await", tag = "response", request_body = Envelope<Await>,
    params(("id" = u32, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 202, body = Accepted), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
pub async fn wait(State(http): State<Http>, Path(id): Path<String>, incoming: Incoming) -> Done {
    let incident = incident_id(&http, &id);
    act(&http, incoming, move |wait: Await, _| Ok(Command::Await { incident, until: wait.until })).await
}

/// Tries everything on the same people, as an exercise.
#[utoipa::path(post, path = "/v1/response/drills", tag = "response", request_body = Envelope<Drill>,
    params(("Idempotency-Key" = String, Header)),
    responses((status = 202, body = Accepted), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
pub async fn drill(State(http): State<Http>, incoming: Incoming) -> Done {
    act(&http, incoming, |drill: Drill, seed| Ok(Command::Drill { who: drill.who, seed })).await
}

/// Ends an exercise.
#[utoipa::path(post, path = "/v1/response/incidents/{id}/end-drill", tag = "response",
    request_body = Envelope<EndDrill>, params(("id" = u32, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 202, body = Accepted), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
pub async fn end_drill(State(http): State<Http>, Path(id): Path<String>, incoming: Incoming) -> Done {
    let incident = incident_id(&http, &id);
    act(&http, incoming, move |_: EndDrill, _| Ok(Command::EndDrill { incident })).await
}

/// Takes somebody's turn on a schedule.
#[utoipa::path(post, path = "/v1/response/overrides", tag = "response", request_body = Envelope<Override>,
    params(("Idempotency-Key" = String, Header)),
    responses((status = 202, body = Accepted), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
pub async fn override_turn(State(http): State<Http>, incoming: Incoming) -> Done {
    let plan = http.engine.call_plan();
    let command = move |turn: Override, _| {
        let Override { schedule, person, from, until } = turn;
        let turn = rota::Override { schedule, person, from, until };
        plan.accepts(&turn).map_err(|why| Failure::because(Code::NoSuchTurn, why.to_string()))?;
        let rota::Override { schedule, person, from, until } = turn;
        Ok(Command::Override { schedule, person, from, until })
    };
    act(&http, incoming, command).await
}

/// Who is on duty, how the channels do, and what is wrong with the call plan.
#[utoipa::path(get, path = "/v1/response/duty", tag = "response",
    responses((status = 200, body = Duty), (status = 404, body = Problem)))]
pub async fn duty(State(http): State<Http>, headers: HeaderMap) -> Answer<Duty> {
    responder(&http, &headers)?;
    let (now, plan) = (http.now(), http.engine.call_plan());
    let overrides = http.engine.read(|state| state.covert().overrides());
    let schedule = |schedule: &rota::Schedule| OnDuty {
        schedule: schedule.id.clone(),
        people: plan.on_call(&rota::Tell::Schedule(schedule.id.clone()), &overrides, &[], now),
        until: plan.next_change(&schedule.id, &overrides, now),
    };
    let channel = |health: ChannelHealth| ChannelState {
        channel: health.id,
        alive: health.alive,
        last_success: health.last_success,
        error: health.last_error.map(|error| error.to_string()),
    };
    let accepted = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    let language = match Language::preferred(accepted.unwrap_or_default()) {
        Language::English => rota::Language::En,
        Language::French => rota::Language::Fr,
    };
    Ok(Json(Duty {
        schedules: plan.schedules().map(schedule).collect(),
        channels: http.engine.channels_health().into_iter().map(channel).collect(),
        warnings: warnings(&http, language),
        overrides: overrides.into_iter().filter(|turn| now < turn.until).map(turn).collect(),
    }))
}

/// What is wrong with the way out, and panels from which nothing is heard.
fn warnings(http: &Http, language: rota::Language) -> Vec<String> {
    let (civil, _, _) = http.engine.clock().moment_parts();
    let silent = http.engine.panels().silent(civil).into_iter().map(|(panel, since)| match language {
        rota::Language::En => {
            format!("panel `{panel}` has been silent since {since}: check its line and power")
        }
        rota::Language::Fr => {
            format!("le panneau `{panel}` est muet depuis {since} : vérifiez sa ligne et son alimentation")
        }
    });
    let alarms = http.engine.alarm_warnings();
    alarms.iter().map(|warning| warning.text(language)).chain(silent).collect()
}

fn turn(turn: rota::Override) -> Override {
    let rota::Override { schedule, person, from, until } = turn;
    Override { schedule, person, from, until }
}

/// What is known of an incident, signed: from this, `rempart alarm pack` makes the folder for the police.
#[utoipa::path(get, path = "/v1/response/incidents/{id}/pack", tag = "response", params(("id" = u32, Path)),
    responses((status = 200, body = serde_json::Value), (status = 404, body = Problem), (status = 503, body = Problem)))]
pub async fn pack(
    State(http): State<Http>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Answer<response::SignedFacts> {
    let id = incident_id(&http, &id);
    let gathered = in_room(&http, &headers, |state, views| {
        let view = views.into_iter().find(|view| view.id == id)?;
        facts::gather(state, &view)
    })?;
    let gathered = gathered.ok_or(Failure::not_found())?;
    let engine = http.engine.clone();
    let signed = tokio::task::spawn_blocking(move || gathered.sign(&engine)).await;
    let signed = signed.ok().and_then(Result::ok).ok_or(Failure::new(Code::Internal))?;
    Ok(Json(signed))
}
