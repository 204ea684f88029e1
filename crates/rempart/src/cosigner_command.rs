//! `rempart cosigner`: the co-signer's key, shown, and moved into a PKCS#11 token (G1).
//!
//! Done at a ceremony, on a machine that is not the server: the key file opens there, the token is loaded, and the key file is put away.

use std::io::Write;
use std::path::PathBuf;

use anyhow::Result;
use clap::{Args, Subcommand};
use signer::{FileSigner, LoadPlan, TokenPlace, load_children};

use crate::data_folder::{CREDENTIAL, passphrase_of};
use crate::language::{Language, pick};

/// What to do with a co-signer's key.
#[derive(Subcommand, Debug)]
pub enum CosignerCommand {
    /// Print the public key that a file names
    Public(PublicArgs),
    /// Load the keys of a vault's addresses into a PKCS#11 token, and write the file that names it
    Token(TokenArgs),
}

/// Arguments of `cosigner public`.
#[derive(Args, Debug)]
pub struct PublicArgs {
    /// The key file, or the file that names a token
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

/// Arguments of `cosigner token`.
#[derive(Args, Debug)]
pub struct TokenArgs {
    /// The co-signer's key file
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// The token's PKCS#11 library
    #[arg(long, value_name = "FILE.so")]
    library: PathBuf,
    /// The token's label
    #[arg(long, value_name = "LABEL")]
    label: String,
    /// The first address whose keys are loaded, on both branches
    #[arg(long, default_value_t = 0)]
    from: u32,
    /// How many addresses, on each branch
    #[arg(long, default_value_t = CHILDREN, value_parser = clap::value_parser!(u32).range(1..=i64::from(signer::CHILDREN_MAX)))]
    count: u32,
    /// The file that names the token: the server's `cosigner.key`
    #[arg(long, value_name = "FILE")]
    to: PathBuf,
    /// A file with the key file's passphrase
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
    /// A file with the token's PIN
    #[arg(long, value_name = "FILE")]
    pin_file: Option<PathBuf>,
}

/// Years of addresses for most vaults.
const CHILDREN: u32 = 1_000;
/// The name of systemd's credential with a token's PIN, while it is loaded.
const PIN_CREDENTIAL: &str = "token-pin";

/// Does what is asked.
pub fn run(command: &CosignerCommand, language: Language, out: &mut dyn Write) -> Result<u8> {
    match command {
        CosignerCommand::Public(args) => {
            writeln!(out, "{}", signer::named_public_key(&args.file)?)?;
            Ok(0)
        }
        CosignerCommand::Token(args) => token(args, language, out),
    }
}

fn token(args: &TokenArgs, language: Language, out: &mut dyn Write) -> Result<u8> {
    let prompt =
        pick(language, "Passphrase of the co-signer's key: ", "Phrase secrète de la clé du cosignataire : ");
    let key =
        FileSigner::open(&args.key, &passphrase_of(args.passphrase_file.as_deref(), CREDENTIAL, prompt)?)?;
    let prompt = pick(language, "PIN of the token: ", "Code PIN du jeton : ");
    let pin = passphrase_of(args.pin_file.as_deref(), PIN_CREDENTIAL, prompt)?;
    let place = TokenPlace { library: args.library.clone(), label: args.label.clone() };
    let plan = LoadPlan { from: args.from, count: args.count };
    let done = load_children(&key, &place, &pin, plan, &args.to)?;
    let (loaded, present, to) = (done.loaded, done.present, args.to.display());
    let say = match language {
        Language::En => format!(
            "{loaded} keys loaded, {present} were there; `{to}` names the token, and the server's passphrase is now its PIN\nput the key file away, as you would the master key of a safe: it loads more addresses, and a new token when this one breaks"
        ),
        Language::Fr => format!(
            "{loaded} clés chargées, {present} y étaient ; `{to}` désigne le jeton, et la phrase secrète du serveur est maintenant son code PIN\nmettez le fichier de clé à l'abri comme la clé maîtresse d'un coffre-fort : il charge d'autres adresses, et un nouveau jeton si celui-ci casse"
        ),
    };
    writeln!(out, "{say}")?;
    Ok(0)
}
