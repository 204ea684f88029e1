//! `rempart alarm pack` and `pack-verify`: the directory for the police, written whole or not at all, and checked offline.

use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use response::pack::{
    Checked, PACK_FILES_MAX, PackError, PackFile, Packer, PersonData, Personal, pack, verify as check,
};
use serde_json::json;
use server::keys::Secrets;
use types::{Hash, PersonId};

use super::room::Room;
use super::{PackArgs, PackKeyArgs, PackVerifyArgs};
use crate::caller::Caller;
use crate::data_folder::DataFolder;
use crate::language::{Language, pick};

const REFUSED: u8 = 1;
const INVALID: u8 = 2;
/// Readable by its owner only: it may hold names and addresses.
const FILE_MODE: u32 = 0o600;
const FOLDER_MODE: u32 = 0o700;
/// The largest file of a pack that is read, in bytes.
const FILE_BYTES_MAX: u64 = 64 << 20;

/// Parses a public key.
pub fn public_key(text: &str) -> Result<[u8; 32], String> {
    let mut key = [0; 32];
    hex::decode_to_slice(text.trim(), &mut key)
        .map_err(|_| "a public key has 64 hexadecimal digits".to_owned())?;
    Ok(key)
}

/// Makes a pack.
pub fn run(args: &PackArgs, language: Language, out: &mut dyn Write, err: &mut dyn Write) -> Result<u8> {
    if let Err(error) = check_free(&args.out) {
        writeln!(err, "error: {error:#}")?;
        return Ok(INVALID);
    }
    let people = match args.opened.read() {
        Ok(people) => people,
        Err(error) => {
            writeln!(err, "error: {error:#}")?;
            return Ok(INVALID);
        }
    };
    let connection = &args.one.connection;
    let caller = Caller::open(connection, language)?;
    let signed = Room::of(&caller)?.facts(args.one.incident)?;
    let files = packed(&caller, &signed, personal(args, people).as_ref())?;
    // What goes to the police was read back and checked by the same code that they may use.
    let checked = check(&files, &signed.key, None)?;
    write_whole(&args.out, &files)?;
    tell(&checked, &args.out, connection.json, language, out)?;
    Ok(0)
}

fn personal(args: &PackArgs, people: Vec<PersonData>) -> Option<Personal> {
    let personal = Personal { people, contacts: args.contacts.clone() };
    (personal != Personal::default()).then_some(personal)
}

fn packed(
    caller: &Caller,
    signed: &response::SignedFacts,
    personal: Option<&Personal>,
) -> Result<Vec<PackFile>> {
    let person = PersonId::parse(caller.name().as_str())?;
    let key = caller.device();
    let public = key.public().to_bytes();
    let sign = |hash: &Hash| key.sign(hash).to_bytes();
    Ok(pack(signed, personal, &Packer { person: &person, key: public, sign: &sign })?)
}

fn check_free(folder: &Path) -> Result<()> {
    match fs::read_dir(folder).map(|mut entries| entries.next().is_none()) {
        Ok(true) => Ok(()),
        Ok(false) => bail!("`{}` is not empty: name a new folder", folder.display()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error).with_context(|| format!("`{}` cannot be used", folder.display())),
    }
}

/// Beside it first, then renamed: a pack is there whole or not at all.
pub fn write_whole(folder: &Path, files: &[PackFile]) -> Result<()> {
    let failed = || format!("`{}` cannot be written", folder.display());
    let parent = folder.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let half = tempfile::Builder::new().prefix(".pack-").tempdir_in(parent).with_context(failed)?;
    let inside = half.path().join("pack");
    fs::DirBuilder::new().mode(FOLDER_MODE).create(&inside).with_context(failed)?;
    for file in files {
        let mut new = fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(FILE_MODE)
            .open(inside.join(&file.path))
            .with_context(failed)?;
        new.write_all(&file.bytes).with_context(failed)?;
        new.sync_all().with_context(failed)?;
    }
    // An empty folder gives way; one that was filled meanwhile does not.
    fs::rename(&inside, folder).with_context(failed)
}

fn tell(
    checked: &Checked,
    folder: &Path,
    as_json: bool,
    language: Language,
    out: &mut dyn Write,
) -> Result<()> {
    let (key, packer) =
        (hex::encode(checked.manifest.facts.key), hex::encode(checked.manifest.packed_by.key));
    let files: Vec<&str> = checked.manifest.files.iter().map(|file| file.path.as_str()).collect();
    if as_json {
        let told = json!({
            "folder": folder.display().to_string(), "incident": checked.manifest.incident, "files": files,
            "facts": checked.manifest.facts.digest, "key": key,
            "packed_by": { "person": checked.manifest.packed_by.person, "key": packer },
        });
        writeln!(out, "{told}")?;
        return Ok(());
    }
    let word = |en, fr| pick(language, en, fr);
    writeln!(out, "{} {}", word("whole:", "complet :"), folder.display())?;
    writeln!(out, "{} {}", word("incident", "incident"), checked.manifest.incident)?;
    writeln!(
        out,
        "{} {}",
        word("facts signed by the server's key", "faits signés par la clé du serveur"),
        key
    )?;
    let by = word("made by", "établi par");
    writeln!(out, "{by} {} ({packer})", checked.manifest.packed_by.person)?;
    if files.contains(&response::pack::PERSONAL_FILE) {
        let careful = word(
            "it holds names and addresses: hand it over in the way that the police name, then remove it",
            "il contient des noms et des adresses : remettez-le par la voie qu'indique la police, puis supprimez-le",
        );
        writeln!(out, "{careful}")?;
    }
    Ok(())
}

/// Prints the server's public key.
pub fn key(args: &PackKeyArgs, out: &mut dyn Write) -> Result<u8> {
    let secrets =
        Secrets::load(&DataFolder::at(&args.data).secrets()).context("the secrets cannot be loaded")?;
    writeln!(out, "{}", hex::encode(secrets.checkpoint().verifying_key().as_bytes()))?;
    Ok(0)
}

/// Checks a pack.
pub fn verify(
    args: &PackVerifyArgs,
    language: Language,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> Result<u8> {
    let files = match read_all(&args.folder) {
        Ok(files) => files,
        Err(error) => {
            writeln!(err, "error: {error:#}")?;
            return Ok(INVALID);
        }
    };
    match check(&files, &args.key, args.packed_by.as_ref()) {
        Ok(checked) => {
            tell(&checked, &args.folder, args.json, language, out)?;
            Ok(0)
        }
        Err(error) => {
            refuse(&error, args.json, out, err)?;
            Ok(REFUSED)
        }
    }
}

fn refuse(error: &PackError, as_json: bool, out: &mut dyn Write, err: &mut dyn Write) -> Result<()> {
    if as_json {
        writeln!(out, "{}", json!({ "refused": error.to_string() }))?;
    } else {
        writeln!(err, "error: {error}")?;
    }
    Ok(())
}

/// The files of a pack.
pub fn read_all(folder: &Path) -> Result<Vec<PackFile>> {
    let failed = |path: &Path| format!("`{}` cannot be read", path.display());
    let entries = fs::read_dir(folder).with_context(|| failed(folder))?;
    let mut paths: Vec<PathBuf> = Vec::new();
    for entry in entries.take(2 * PACK_FILES_MAX) {
        paths.push(entry.with_context(|| failed(folder))?.path());
    }
    paths.sort();
    let read = |path: &PathBuf| {
        let mut bytes = Vec::new();
        let file = fs::File::open(path).with_context(|| failed(path))?;
        file.take(FILE_BYTES_MAX).read_to_end(&mut bytes).with_context(|| failed(path))?;
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        Ok(PackFile { path: name, bytes })
    };
    paths.iter().map(read).collect()
}
