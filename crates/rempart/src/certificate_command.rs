//! `rempart certificate key | make | verify`: the signed statement that coercion is worthless here.
//!
//! Called by `main`. Exit status: 0 done or believed, 1 refused, 2 wrong usage or a file that is not what it should be.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::{Args, Subcommand, ValueEnum};
use exposure::{
    Adversary, CERTIFICATE_BYTES_MAX, CERTIFICATE_KEY_BYTES_MAX, CertificateKey, CertificatePublic, Holdings,
    LIFETIME_USUAL, MakeRefusal, Making, OPENING_BYTES_MAX, Opening, OpeningError, Standing, Statement,
    Thresholds, Unit,
};
use serde_json::json;
use server::clock::{Clock, SystemClock};
use server::entropy::{Entropy, SystemEntropy};
use types::{Hash, Span, Timestamp};

use crate::language::{Language, pick};
use crate::policy_command::{load_valid, read};

const DONE: u8 = 0;
const REFUSED: u8 = 1;
const INVALID: u8 = 2;
/// Readable by everybody, since it is to be published.
const MODE_PUBLIC: u32 = 0o644;
/// Readable by its owner only.
const MODE_PRIVATE: u32 = 0o600;

/// What to do with a certificate.
#[derive(Subcommand, Debug)]
pub enum CertificateCommand {
    /// Make the key that signs certificates, and print its public half for publication
    Key(KeyArgs),
    /// Make a certificate for a policy, unless it would promise too little
    Make(Box<MakeArgs>),
    /// Check a certificate offline; exit 0 when it is to be believed, 1 when not
    Verify(VerifyArgs),
}

/// Arguments of `certificate key`.
#[derive(Args, Debug)]
pub struct KeyArgs {
    /// Where to write the private key
    #[arg(long, value_name = "FILE")]
    key_file: PathBuf,
    /// Where to write the public key
    #[arg(long, value_name = "FILE")]
    public: Option<PathBuf>,
}

/// As what figures are published.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum As {
    /// A share of everything held
    Share,
    /// A sum of money
    Amount,
}

/// What the adversary takes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum Takes {
    /// Homes, with everyone there
    Homes,
    /// Homes, offices and other places
    Places,
    /// Single people
    People,
}

/// Arguments of `certificate make`.
#[derive(Args, Debug)]
pub struct MakeArgs {
    /// Policy files, merged: rules and register
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The private key
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// Where to write the certificate
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Where to write what opens its commitment to the policy; `OUT.opening` otherwise. Keep it, do not publish it
    #[arg(long, value_name = "FILE")]
    opening: Option<PathBuf>,
    /// Publish shares of what is held, or sums
    #[arg(long = "as", value_enum, default_value = "share")]
    unit: As,
    /// What the adversary takes
    #[arg(long, value_enum, default_value = "homes")]
    adversary: Takes,
    /// No certificate above this: `10%`, `50000 EUR`, or three of them for one, two and three taken
    #[arg(long, value_name = "LIMIT", default_value = "10%,25%,50%", value_parser = Thresholds::parse)]
    refuse_above: Thresholds,
    /// For how long it is valid, up to 90d
    #[arg(long, value_name = "DURATION", default_value_t = LIFETIME_USUAL)]
    expires: Span,
    #[command(flatten)]
    show: ShowArgs,
}

/// Arguments of `certificate verify`.
#[derive(Args, Debug)]
pub struct VerifyArgs {
    /// The certificate
    #[arg(value_name = "FILE")]
    certificate: PathBuf,
    /// The organisation's published key: a file, or 64 hexadecimal digits
    #[arg(long, value_name = "KEY")]
    key: String,
    /// The policy in force: is the certificate void because it loosened? Needs `--opening`
    #[arg(long, value_name = "FILE", num_args = 1.., requires = "opening")]
    policy: Vec<PathBuf>,
    /// The hash of the policy in force, as `rempart policy check --json` prints it. Needs `--opening`
    #[arg(long, value_name = "HASH", requires = "opening", value_parser = Hash::parse)]
    policy_hash: Option<Hash>,
    /// What opens the certificate's commitment to the policy
    #[arg(long, value_name = "FILE")]
    opening: Option<PathBuf>,
    /// Judge as of another time than now
    #[arg(long, value_name = "TIME")]
    at: Option<Timestamp>,
    #[command(flatten)]
    show: ShowArgs,
}

/// How a certificate is shown.
#[derive(Args, Debug)]
struct ShowArgs {
    /// Write a page for a web site
    #[arg(long, value_name = "PATH")]
    html: Option<PathBuf>,
    /// Write a badge for a web site
    #[arg(long, value_name = "PATH")]
    svg: Option<PathBuf>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// Runs a command and says with which status to exit.
///
/// # Errors
/// When something cannot be read or written.
pub fn run(
    command: &CertificateCommand,
    language: Language,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> Result<u8> {
    match command {
        CertificateCommand::Key(args) => key(args, language, out),
        CertificateCommand::Make(args) => make(args, language, out, err),
        CertificateCommand::Verify(args) => verify(args, language, out, err),
    }
}

fn key(args: &KeyArgs, language: Language, out: &mut dyn Write) -> Result<u8> {
    let key = CertificateKey::from_entropy(SystemEntropy.draw());
    write_new(&args.key_file, key.render().as_bytes())?;
    let jwk = key.public().jwk();
    if let Some(path) = &args.public {
        write_whole(path, format!("{jwk}\n").as_bytes(), MODE_PUBLIC)?;
    }
    writeln!(out, "{jwk}")?;
    let explain = pick(
        language,
        "publish this key where visitors of your site expect it; keep the private one away from the server",
        "publiez cette clé là où les visiteurs de votre site l’attendent ; gardez la clé privée loin du serveur",
    );
    writeln!(out, "{explain}")?;
    Ok(DONE)
}

fn make(args: &MakeArgs, language: Language, out: &mut dyn Write, err: &mut dyn Write) -> Result<u8> {
    let Some(policy) = load_valid(&args.files, err)? else { return Ok(INVALID) };
    let Some(text) = read(&args.key, u64::try_from(CERTIFICATE_KEY_BYTES_MAX)?, err)? else {
        return Ok(INVALID);
    };
    let key = match CertificateKey::parse(&zeroize::Zeroizing::new(text)) {
        Ok(key) => key,
        Err(error) => return invalid(&args.key.display(), &error, err),
    };
    let making = Making {
        policy: &policy,
        holdings: &Holdings::from_policy(&policy),
        adversary: args.adversary.into(),
        unit: args.unit.into(),
        thresholds: args.refuse_above,
        at: now(),
        lifetime: args.expires,
        program: env!("CARGO_PKG_VERSION"),
        salt: SystemEntropy.draw(),
    };
    let made = match exposure::make(&making, &key) {
        Ok(made) => made,
        Err(refusal) => return not_made(&refusal, args.show.json, language, out, err),
    };
    let opening = args.opening.clone().unwrap_or_else(|| beside(&args.out));
    write_whole(&opening, made.opening.render()?.as_bytes(), MODE_PRIVATE)?;
    write_whole(&args.out, format!("{}\n", made.text).as_bytes(), MODE_PUBLIC)?;
    show(&made.statement, &made.text, &key.public(), &args.show, language)?;
    if args.show.json {
        let (certificate, opening) = (&made.text, opening.display().to_string());
        writeln!(
            out,
            "{}",
            json!({ "certificate": certificate, "statement": made.statement, "opening": opening })
        )?;
    } else {
        write!(out, "{}", made.statement.text(language))?;
        let keep = pick(language, "keep, do not publish:", "à garder, à ne pas publier :");
        writeln!(out, "{keep} {}", opening.display())?;
    }
    Ok(DONE)
}

fn not_made(
    refusal: &MakeRefusal,
    as_json: bool,
    language: Language,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> Result<u8> {
    if as_json {
        writeln!(out, "{}", json!({ "refused": refusal.code(), "message": refusal.text(language) }))?;
    } else {
        writeln!(err, "{}", refusal.text(language))?;
    }
    Ok(REFUSED)
}

fn verify(args: &VerifyArgs, language: Language, out: &mut dyn Write, err: &mut dyn Write) -> Result<u8> {
    let Some(key) = published(&args.key, err)? else { return Ok(INVALID) };
    let Some(text) = read(&args.certificate, u64::try_from(CERTIFICATE_BYTES_MAX)?, err)? else {
        return Ok(INVALID);
    };
    let text = text.trim();
    let statement = match exposure::verify(text, &key, args.at.unwrap_or_else(now)) {
        Ok(statement) => statement,
        Err(refusal) => {
            return refused(refusal.code(), &refusal.text(language), args.show.json, language, out);
        }
    };
    match against(args, &statement, err)? {
        Against::Invalid => return Ok(INVALID),
        Against::Nothing => {}
        Against::OtherOpening(error) => {
            return refused("certificate-other-opening", &error.to_string(), args.show.json, language, out);
        }
        Against::OtherHash => {
            let message = pick(
                language,
                "the policy in force is not the certified one: give its files with `--policy` to see whether it only tightens",
                "la politique en vigueur n’est pas celle du certificat : donner ses fichiers avec `--policy` pour voir si elle ne fait que durcir",
            );
            return refused("certificate-other-policy", message, args.show.json, language, out);
        }
        Against::Standing(standing) if standing.holds() => {}
        Against::Standing(standing) => {
            return refused("certificate-void", &standing.text(language), args.show.json, language, out);
        }
    }
    show(&statement, text, &key, &args.show, language)?;
    if args.show.json {
        writeln!(out, "{}", json!({ "valid": true, "statement": statement }))?;
    } else {
        writeln!(out, "{}", pick(language, "the certificate is valid", "le certificat est valable"))?;
        write!(out, "{}", statement.text(language))?;
    }
    Ok(DONE)
}

fn refused(code: &str, message: &str, as_json: bool, language: Language, out: &mut dyn Write) -> Result<u8> {
    if as_json {
        writeln!(out, "{}", json!({ "valid": false, "refused": code, "message": message }))?;
    } else {
        let not = pick(language, "not to be believed", "à ne pas croire");
        writeln!(out, "{not} [{code}]: {message}")?;
    }
    Ok(REFUSED)
}

/// What the policy in force makes of the certificate.
enum Against {
    Nothing,
    Standing(Standing),
    OtherHash,
    OtherOpening(OpeningError),
    /// A file cannot be used; said already.
    Invalid,
}

fn against(args: &VerifyArgs, statement: &Statement, err: &mut dyn Write) -> Result<Against> {
    let Some(path) = &args.opening else { return Ok(Against::Nothing) };
    let Some(text) = read(path, u64::try_from(OPENING_BYTES_MAX)?, err)? else { return Ok(Against::Invalid) };
    let opening = match Opening::parse(&text) {
        Ok(opening) => opening,
        Err(error) => {
            invalid(&path.display(), &error, err)?;
            return Ok(Against::Invalid);
        }
    };
    let certified = match opening.policy(&statement.policy) {
        Ok(certified) => certified,
        Err(error) => return Ok(Against::OtherOpening(error)),
    };
    if args.policy_hash.is_some_and(|hash| !statement.is_of(&opening, &hash)) {
        return Ok(Against::OtherHash);
    }
    let in_force = match args.policy.as_slice() {
        [] => certified,
        files => match load_valid(files, err)? {
            Some(policy) => policy,
            None => return Ok(Against::Invalid),
        },
    };
    let standing = statement.standing(&opening, &in_force, &Holdings::from_policy(&in_force));
    Ok(standing.map_or_else(Against::OtherOpening, Against::Standing))
}

fn published(key: &str, err: &mut dyn Write) -> Result<Option<CertificatePublic>> {
    if let Ok(key) = CertificatePublic::parse(key) {
        return Ok(Some(key));
    }
    let path = Path::new(key);
    let Some(text) = read(path, u64::try_from(CERTIFICATE_KEY_BYTES_MAX)?, err)? else { return Ok(None) };
    match CertificatePublic::parse(&text) {
        Ok(key) => Ok(Some(key)),
        Err(error) => {
            invalid(&path.display(), &error, err)?;
            Ok(None)
        }
    }
}

fn invalid(name: &dyn std::fmt::Display, error: &dyn std::error::Error, err: &mut dyn Write) -> Result<u8> {
    writeln!(err, "{name}: error: {error}")?;
    Ok(INVALID)
}

fn show(
    statement: &Statement,
    text: &str,
    key: &CertificatePublic,
    args: &ShowArgs,
    language: Language,
) -> Result<()> {
    if let Some(path) = &args.html {
        write_whole(path, statement.html(text, key, language).as_bytes(), MODE_PUBLIC)?;
    }
    if let Some(path) = &args.svg {
        write_whole(path, statement.badge(language).as_bytes(), MODE_PUBLIC)?;
    }
    Ok(())
}

fn now() -> Timestamp {
    SystemClock::new(SystemEntropy.draw()).moment_parts().0
}

fn beside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".opening");
    PathBuf::from(name)
}

/// A private key is never written over.
fn write_new(path: &Path, bytes: &[u8]) -> Result<()> {
    use std::os::unix::fs::OpenOptionsExt as _;
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(MODE_PRIVATE)
        .open(path)
        .with_context(|| format!("`{}` cannot be made: name a new file", path.display()))?;
    file.write_all(bytes)?;
    file.sync_all()?;
    Ok(())
}

/// All of it or nothing: a renewed certificate replaces the old one in one step.
fn write_whole(path: &Path, bytes: &[u8], mode: u32) -> Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    let failed = || format!("`{}` cannot be written", path.display());
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(folder).with_context(failed)?;
    file.write_all(bytes).with_context(failed)?;
    file.as_file().set_permissions(std::fs::Permissions::from_mode(mode)).with_context(failed)?;
    file.persist(path).with_context(failed)?;
    Ok(())
}

impl From<As> for Unit {
    fn from(unit: As) -> Self {
        match unit {
            As::Share => Self::Share,
            As::Amount => Self::Amount,
        }
    }
}

impl From<Takes> for Adversary {
    fn from(takes: Takes) -> Self {
        match takes {
            Takes::Homes => Self::Homes,
            Takes::Places => Self::Places,
            Takes::People => Self::People,
        }
    }
}
