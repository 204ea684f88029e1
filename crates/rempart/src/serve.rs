//! `rempart serve`: the engine on its data folder, the API on its address, until asked to stop.

use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, Result};
use clap::Args;
use server::config::Config;
use server::engine::Engine;
use server::entropy::{Entropy, SystemEntropy};
use server::http;
use server::intake;
use server::pages::AlarmPage;
use tokio::net::{TcpListener, UdpSocket};
use tracing_subscriber::EnvFilter;

use crate::data_folder::DataFolder;
use crate::language::{Language, pick};

/// Arguments of `serve`.
#[derive(Args, Debug)]
pub struct ServeArgs {
    /// The server's folder
    #[arg(long, value_name = "FOLDER")]
    data: PathBuf,
    /// Listen here instead of where the settings say
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
    /// A file with the co-signer's passphrase
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
}

/// Serves until it is asked to stop.
pub fn run(args: &ServeArgs, language: Language, out: &mut dyn Write) -> Result<u8> {
    start_log();
    let folder = DataFolder::at(&args.data);
    let (engine, config) = folder.start(args.passphrase_file.as_deref())?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let address = args.listen.unwrap_or(config.listen);
        let listener =
            TcpListener::bind(address).await.with_context(|| format!("cannot listen on {address}"))?;
        let at = listener.local_addr()?;
        writeln!(out, "{} http://{at}/v1", pick(language, "serving at", "à l'écoute sur"))?;
        if !at.ip().is_loopback() {
            writeln!(out, "{}", pick(language, PLAIN_HTTP_EN, PLAIN_HTTP_FR))?;
        }
        listen_to_panels(&engine, &config, out).await?;
        out.flush()?;
        warn_of_alarms(&engine, language, out);
        let page = AlarmPage::new(config.alarm_page.clone(), Some(folder.path().to_owned()));
        serve_until_asked(engine, &config, page, listener).await
    })?;
    writeln!(out, "{}", pick(language, "stopped", "arrêté"))?;
    Ok(0)
}

/// Whoever started us may have stopped reading after the address; that ends no server.
fn warn_of_alarms(engine: &Engine, language: Language, out: &mut dyn Write) {
    let word = pick(language, "warning", "attention");
    let own = match language {
        Language::En => server::dispatch::Language::En,
        Language::Fr => server::dispatch::Language::Fr,
    };
    for warning in engine.alarm_warnings() {
        let _unread = writeln!(out, "{word} [{}]: {}", warning.code(), warning.text(own));
    }
    let _unread = out.flush();
}

const PLAIN_HTTP_EN: &str =
    "warning: this is plain HTTP and not loopback: put a TLS proxy in front, or phrases travel in the clear";
const PLAIN_HTTP_FR: &str = "attention : HTTP en clair hors de la boucle locale : placez un proxy TLS devant, sinon les phrases circulent en clair";

/// Where the settings say so, panels are listened to as long as the server runs.
async fn listen_to_panels(engine: &Engine, config: &Config, out: &mut dyn Write) -> Result<()> {
    let entropy: Arc<dyn Entropy> = Arc::new(SystemEntropy);
    if let Some(address) = config.intake.dc09 {
        let panels = TcpListener::bind(address).await;
        let panels = panels.with_context(|| format!("cannot listen to panels on {address}"))?;
        writeln!(out, "panels: tcp {}", panels.local_addr()?)?;
        tokio::spawn(intake::serve_tcp(engine.clone(), Arc::clone(&entropy), panels, asked_to_stop()));
    }
    if let Some(address) = config.intake.dc09_udp {
        let panels = UdpSocket::bind(address).await;
        let panels = panels.with_context(|| format!("cannot listen to panels on {address}"))?;
        writeln!(out, "panels: udp {}", panels.local_addr()?)?;
        tokio::spawn(intake::serve_udp(engine.clone(), entropy, panels, asked_to_stop()));
    }
    Ok(())
}

async fn serve_until_asked(
    engine: Engine,
    config: &Config,
    alarm_page: AlarmPage,
    listener: TcpListener,
) -> Result<()> {
    let settings = http::Settings {
        feeds: config.feeds.clone(),
        entropy: Arc::new(SystemEntropy),
        alarm_page,
        phrase_cost: credentials::Cost::PRODUCTION,
        relying_party: config.relying_party(listener.local_addr()?.port())?,
    };
    http::serve(engine.clone(), settings, listener, asked_to_stop()).await?;
    engine.stop().await?;
    Ok(())
}

/// Completes on Ctrl-C, or when the system asks politely.
pub async fn asked_to_stop() {
    use tokio::signal::unix::{SignalKind, signal};
    let terminate = async {
        match signal(SignalKind::terminate()) {
            Ok(mut signals) => drop(signals.recv().await),
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        _interrupted = tokio::signal::ctrl_c() => {}
        () = terminate => {}
    }
}

/// JSON lines on standard error; `REMPART_LOG` chooses how many.
fn start_log() {
    let filter = EnvFilter::try_from_env("REMPART_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    let log = tracing_subscriber::fmt().json().with_env_filter(filter).with_writer(std::io::stderr);
    // Already set only if somebody embeds this; then theirs counts.
    let _ = log.try_init();
}
