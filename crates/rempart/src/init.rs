//! `rempart init` and `rempart enrol`: from policy files to a server that people have credentials for.
//!
//! Credentials are handed out while the organisation is new. Once anybody has acted, the gate refuses (G5): whoever controls the
//! host later cannot replace a person. Coercion at this moment is out of scope, and `docs/threats.md` says so.

use std::fs;
use std::io::{IsTerminal, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use bitcoin::Network;
use clap::Args;
use credentials::{Cost, DeviceKey, KeyFile, KeyKind, Phrase, Verifier};
use gate::{Ask, Command};
use journal::sqlite::Options;
use journal::{Origin, SqliteJournal};
use overt::Command as Overt;
use policy::{Chain, Policy, Severity, Source};
use server::clock::{Clock, SystemClock};
use server::config::{CONFIG_FILE, Config};
use server::engine::Engine;
use server::entropy::{Entropy, SystemEntropy};
use server::http::{DeviceCredential, Entry, encode_entry};
use server::keys::Secrets;
use signer::{FileSigner, KdfCost, Signer};
use std::sync::Arc;
use types::{ActorId, Secret, ServiceId};

use crate::data_folder::{CREDENTIAL, DataFolder, new_passphrase};
use crate::language::{Language, pick};

/// Arguments of `init`.
#[derive(Args, Debug)]
pub struct InitArgs {
    /// Policy files, merged: rules and register
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The new server's folder
    #[arg(long, value_name = "FOLDER")]
    data: PathBuf,
    /// A file with the passphrase that will protect the co-signer's key; asked for on the terminal otherwise
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
}

/// Arguments of `enrol`.
#[derive(Args, Debug)]
pub struct EnrolArgs {
    /// A person or service of the register
    #[arg(value_name = "NAME")]
    name: ActorId,
    /// The server's folder
    #[arg(long, value_name = "FOLDER")]
    data: PathBuf,
    /// Where to write the device key
    #[arg(long, value_name = "FILE")]
    key_file: PathBuf,
    /// A file with the co-signer's passphrase
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
}

/// Arguments of `feed`.
#[derive(Args, Debug)]
pub struct FeedArgs {
    /// The feed's name
    #[arg(value_name = "NAME")]
    name: ActorId,
    /// Where to write its key
    #[arg(long, value_name = "FILE")]
    key_file: PathBuf,
}

/// Makes the key of a program that reports prices or the chain, and says what to write into the settings.
pub fn feed(args: &FeedArgs, language: Language, out: &mut dyn Write) -> Result<u8> {
    let key = DeviceKey::from_entropy(SystemEntropy.draw());
    let public = key.public();
    write_key(&args.key_file, &KeyFile { person: args.name.clone(), kind: KeyKind::Feed, key })?;
    let explain =
        pick(language, "add to rempart.toml, then restart:", "à ajouter à rempart.toml, puis redémarrer :");
    writeln!(out, "{explain}\n\n[feed]\n{} = \"{public}\"", args.name)?;
    Ok(0)
}

/// Makes a server's folder for a policy.
pub fn init(args: &InitArgs, language: Language, out: &mut dyn Write, err: &mut dyn Write) -> Result<u8> {
    let Some((policy, sources)) = load(&args.files, err)? else { return Ok(2) };
    let folder = DataFolder::at(&args.data);
    make_empty(folder.path())?;
    let prompt = pick(
        language,
        "New passphrase of the co-signer's key: ",
        "Nouvelle phrase secrète de la clé du cosignataire : ",
    );
    let passphrase = new_passphrase(args.passphrase_file.as_deref(), CREDENTIAL, prompt, language)?;
    let secrets = Secrets::create(&folder.secrets(), &SystemEntropy)?;
    let seed = Secret::new(SystemEntropy.draw());
    let signer =
        FileSigner::create(&folder.cosigner(), network_of(&policy)?, &seed, &passphrase, KdfCost::DEFAULT)?;
    let (created_at, ..) = SystemClock::new(SystemEntropy.draw()).moment_parts();
    let origin = Origin { organisation: policy.organisation().name.clone(), created_at };
    drop(SqliteJournal::create(&folder.journal(), &origin, Options::default())?);
    let cosigner = signer.public_key();
    let config = Config::default();
    write_config(&folder, &config)?;
    let engine = folder.start_with(&config, secrets, Arc::new(signer))?;
    ask(&engine, Overt::Found { sources })?;
    engine.stop_blocking()?;
    writeln!(out, "{} {}", pick(language, "made", "créé :"), folder.path().display())?;
    writeln!(
        out,
        "{} {cosigner}",
        pick(language, "co-signer's public key:", "clé publique du cosignataire :")
    )?;
    writeln!(
        out,
        "{}",
        pick(
            language,
            "next: `rempart enrol NAME` for every person and service, then `rempart serve`; add alarm channels in rempart.toml",
            "ensuite : `rempart enrol NOM` pour chaque personne et service, puis `rempart serve` ; canaux d'alerte dans rempart.toml",
        )
    )?;
    Ok(0)
}

fn load(files: &[PathBuf], err: &mut dyn Write) -> Result<Option<(Policy, Vec<Source>)>> {
    let mut sources = Vec::with_capacity(files.len());
    for path in files {
        let text =
            fs::read_to_string(path).with_context(|| format!("`{}` cannot be read", path.display()))?;
        let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
        sources.push(Source { name, text });
    }
    let loaded = policy::load(&sources);
    for found in loaded.diagnostics.iter().filter(|found| found.severity == Severity::Error) {
        writeln!(err, "{found}")?;
    }
    Ok(loaded.policy.map(|policy| (policy, sources)))
}

fn make_empty(path: &Path) -> Result<()> {
    if fs::read_dir(path).is_ok_and(|mut entries| entries.next().is_some()) {
        bail!("`{}` is not empty: name a new folder", path.display());
    }
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .with_context(|| format!("`{}` cannot be made", path.display()))
}

fn network_of(policy: &Policy) -> Result<Network> {
    let mut networks: Vec<Network> = Vec::new();
    for vault in policy.vaults() {
        if let Chain::Bitcoin(network) = vault.chain {
            networks.push(server::coins::network_of(network));
        }
    }
    networks.dedup();
    match networks.as_slice() {
        [] => Ok(Network::Bitcoin),
        [only] => Ok(*only),
        _ => bail!("the vaults are on different networks: one server serves one network"),
    }
}

fn write_config(folder: &DataFolder, config: &Config) -> Result<()> {
    let head = "# Settings of this server. Alarm channels go here, at least two of them:\n\
                # [[channel]]\n# id = \"alarm-centre\"\n# kind = \"webhook\"\n# url = \"https://…\"\n# secret_file = \"alarm-centre.secret\"\n\n";
    let text = format!("{head}listen = \"{}\"\n", config.listen);
    fs::write(folder.path().join(CONFIG_FILE), text).context("the settings cannot be written")
}

/// Hands a person or a service its credential.
pub fn enrol(args: &EnrolArgs, language: Language, out: &mut dyn Write) -> Result<u8> {
    let folder = DataFolder::at(&args.data);
    let (engine, _) = folder.start(args.passphrase_file.as_deref())?;
    let key = DeviceKey::from_entropy(SystemEntropy.draw());
    let is_service = ServiceId::parse(args.name.as_str()).is_ok_and(|id| {
        engine.read(|state| state.overt().policy().is_some_and(|p| p.service(&id).is_some()))
    });
    let phrase = (!is_service).then(|| draw_phrase(language));
    let verifier = phrase.as_ref().map(|phrase| verifier(&engine, phrase)).transpose()?;
    let devices = vec![DeviceCredential::Key(key.public())];
    let credential = encode_entry(&Entry { devices, verifier })?;
    // The file first: a credential whose key was never written would be lost for good.
    let kind = if is_service { KeyKind::Service } else { KeyKind::Person };
    write_key(&args.key_file, &KeyFile { person: args.name.clone(), kind, key })?;
    if let Err(error) = ask(&engine, Overt::Enrol { actor: args.name.clone(), credential }) {
        fs::remove_file(&args.key_file)?;
        return Err(error);
    }
    engine.stop_blocking()?;
    writeln!(
        out,
        "{} {}",
        pick(language, "device key written to", "clé d'appareil écrite dans"),
        args.key_file.display()
    )?;
    if let Some(phrase) = phrase {
        show_phrase(&phrase, language, out)?;
    }
    Ok(0)
}

fn draw_phrase(language: Language) -> Phrase {
    let words = match language {
        Language::En => credentials::Language::English,
        Language::Fr => credentials::Language::French,
    };
    Phrase::draw(words, &SystemEntropy.draw())
}

fn verifier(engine: &Engine, phrase: &Phrase) -> Result<Verifier> {
    let drawn = SystemEntropy.draw();
    let salt = drawn.first_chunk().copied().context("a salt is half of what is drawn")?;
    Ok(Verifier::make(phrase, engine.secrets().pepper(), salt, Cost::PRODUCTION)?)
}

pub fn write_key(path: &Path, key: &KeyFile) -> Result<()> {
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .with_context(|| format!("`{}` cannot be made: name a new file", path.display()))?;
    file.write_all(key.render().as_bytes())?;
    file.sync_all()?;
    Ok(())
}

/// Shown once; on a terminal it is wiped again as soon as the person has it by heart.
pub fn show_phrase(phrase: &Phrase, language: Language, out: &mut dyn Write) -> Result<()> {
    let words = phrase.reveal_words().join(" ");
    let explain = pick(
        language,
        "Your phrase. Learn it by heart; it is shown only now. Any other three words of the list are accepted as well: they raise a silent alarm.",
        "Votre phrase. Apprenez-la par cœur ; elle n'est montrée que maintenant. Trois autres mots de la liste sont acceptés aussi : ils donnent l'alerte en silence.",
    );
    writeln!(out, "\n{explain}\n\n    {words}\n")?;
    if std::io::stdout().is_terminal() && std::io::stdin().is_terminal() {
        write!(out, "{}", pick(language, "Press Enter when you know it: ", "Entrée quand vous la savez : "))?;
        out.flush()?;
        std::io::stdin().read_line(&mut String::new())?;
        // Clears the screen and what the terminal remembers of it.
        write!(out, "\x1b[2J\x1b[3J\x1b[H")?;
    }
    Ok(())
}

fn ask(engine: &Engine, command: Overt) -> Result<()> {
    let outcome = engine.run_blocking(Command::system(Ask::Overt(command)))?;
    outcome.map(drop).map_err(anyhow::Error::from)
}
