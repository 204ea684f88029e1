//! `rempart vault rotate`: a member's key is replaced by moving to a new vault, whose descriptor has the new key (G5, G10).
//!
//! A descriptor cannot be changed: coins stay where they were paid. So the policy gets a second vault with the new keys, every rule that
//! names the old one names it too, and one more permit allows the move. Both vaults stand until the old one is empty. The policy that this
//! writes goes through the change quorum like any other.

use std::fmt::Write as _;
use std::io::Write;
use std::path::PathBuf;

use anyhow::{Context, Result, bail, ensure};
use clap::Args;
use policy::{DestinationRule, Policy, Severity, Source};
use types::{KeyId, VaultId};
use vault::VaultKey;

use crate::language::Language;
use crate::vault_command::{load_policy, write_new};

/// Arguments of `vault rotate`.
#[derive(Args, Debug)]
pub struct RotateArgs {
    /// Policy files, merged: rules and register
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The vault to leave
    #[arg(long, value_name = "ID")]
    vault: VaultId,
    /// The name of the new vault
    #[arg(long, value_name = "ID")]
    to: VaultId,
    /// The key to replace, its successor's name, and what the new device exports
    #[arg(long, required = true, value_name = "OLD=NEW:[fingerprint/path]xpub", value_parser = parse_replacement)]
    replace: Vec<Replacement>,
    /// A folder for the new policy files, which keep their names
    #[arg(long, value_name = "FOLDER")]
    out: PathBuf,
}

/// One key for another.
#[derive(Clone, Debug)]
struct Replacement {
    old: KeyId,
    new: KeyId,
    xpub: String,
}

fn parse_replacement(text: &str) -> Result<Replacement, String> {
    let form = "write `OLD=NEW:` and the new key as its device exports it";
    let (old, rest) = text.split_once('=').ok_or(form)?;
    let (new, xpub) = rest.split_once(':').ok_or(form)?;
    let id = |text| KeyId::parse(text).map_err(|error| error.to_string());
    Ok(Replacement { old: id(old)?, new: id(new)?, xpub: xpub.to_owned() })
}

/// Writes the new policy and says the steps.
pub fn run(args: &RotateArgs, language: Language, out: &mut dyn Write, err: &mut dyn Write) -> Result<u8> {
    let Some((policy, sources)) = load_policy(&args.files, err)? else { return Ok(2) };
    check(&policy, args)?;
    let sources = rewritten(&policy, sources, args)?;
    let loaded = policy::load(&sources);
    for found in loaded.diagnostics.iter().filter(|found| found.severity == Severity::Error) {
        writeln!(err, "{found}")?;
    }
    let new = loaded.policy.context("the new policy would not be valid: see above")?;
    check_coverage(&new, args)?;
    for source in &sources {
        write_new(&args.out.join(&source.name), &source.text)?;
    }
    writeln!(out, "{}", steps(args, &sources, language))?;
    Ok(0)
}

fn check(policy: &Policy, args: &RotateArgs) -> Result<()> {
    let (old, to) = (&args.vault, &args.to);
    let vault = policy.vault(old).with_context(|| format!("there is no vault `{old}` in the policy"))?;
    ensure!(policy.vault(to).is_none(), "there is a vault `{to}` already: choose another name");
    let keys = vault.keys.as_ref().with_context(|| format!("vault `{old}` is gate-only: it has no keys"))?;
    for replaced in &args.replace {
        let own = keys.of.contains(&replaced.old)
            || vault.recovery.as_ref().is_some_and(|recovery| recovery.keys.of.contains(&replaced.old));
        ensure!(own, "`{}` is not a key of vault `{old}`", replaced.old);
        let known = policy.keys().iter().any(|key| key.id == replaced.new);
        ensure!(!known, "there is a key `{}` already: choose another name", replaced.new);
        let policy::Chain::Bitcoin(network) = vault.chain else { bail!("vault `{old}` is gate-only") };
        VaultKey::parse(&replaced.xpub, server::coins::network_of(network).into())?;
    }
    Ok(())
}

/// The same files with the new vault, the new keys and the permit for the move.
fn rewritten(policy: &Policy, mut sources: Vec<Source>, args: &RotateArgs) -> Result<Vec<Source>> {
    let (old, new) = (args.vault.as_str(), args.to.as_str());
    for source in &mut sources {
        let lines = source.text.lines().map(|line| add_names(line, old, new, &args.replace));
        source.text = lines.collect::<Vec<_>>().join("\n") + "\n";
    }
    let tables: Vec<toml::Table> =
        sources.iter().map(|source| source.text.parse()).collect::<Result<_, _>>()?;
    let has = |table: &toml::Table, array: &str, id: &str| {
        let rows = table.get(array).and_then(toml::Value::as_array);
        rows.is_some_and(|rows| {
            rows.iter().any(|row| row.get("id").and_then(toml::Value::as_str) == Some(id))
        })
    };
    let of_vault = tables.iter().position(|table| has(table, "vault", old));
    let change =
        tables.iter().find_map(|table| table.get("change")?.get("approve")).context("no `change.approve`")?;
    let vault = vault_entry(&tables, args).context("the vault's entry was not found")?;
    let permit = permit_entry(policy, change, args);
    let first = args.replace.first().map_or("", |replaced| replaced.old.as_str());
    let of_keys = tables.iter().position(|table| has(table, "key", first));
    let mut keys = String::new();
    for replaced in &args.replace {
        write!(keys, "\n[[key]]\nid = \"{}\"\nxpub = \"{}\"\n", replaced.new, replaced.xpub)?;
    }
    for (place, addition) in [(of_vault, vault + &permit), (of_keys, keys)] {
        let place = place.context("the entry to copy was not found in these files")?;
        if let Some(source) = sources.get_mut(place) {
            source.text.push_str(&addition);
        }
    }
    Ok(sources)
}

/// Rules that name the old vault name the new one too, and people who have a replaced key have both until the old vault is empty.
fn add_names(line: &str, old: &str, new: &str, replacements: &[Replacement]) -> String {
    let trimmed = line.trim_start();
    let is = |key: &str| {
        trimmed.strip_prefix(key).is_some_and(|rest| rest.trim_start().starts_with('=')) && line.contains('[')
    };
    let mut text = line.to_owned();
    if is("vaults") {
        text = text.replace(&format!("\"{old}\""), &format!("\"{old}\", \"{new}\""));
    }
    if is("keys") && !line.contains("at_least") {
        for Replacement { old, new, .. } in replacements {
            text = text.replace(&format!("\"{old}\""), &format!("\"{old}\", \"{new}\""));
        }
    }
    text
}

/// The old vault's entry under the new name, with the new keys, and without what was said of the old one's coins.
fn vault_entry(tables: &[toml::Table], args: &RotateArgs) -> Option<String> {
    let rows = tables.iter().filter_map(|table| table.get("vault")?.as_array()).flatten();
    let mut rows = rows.filter_map(toml::Value::as_table);
    let row = rows.find(|row| row.get("id").and_then(toml::Value::as_str) == Some(args.vault.as_str()))?;
    let mut text = format!("\n[[vault]]\nid = \"{}\"\n", args.to);
    for (name, value) in
        row.iter().filter(|(name, _)| !matches!(name.as_str(), "id" | "balance" | "oldest_output"))
    {
        let mut value = value.to_string();
        for Replacement { old, new, .. } in &args.replace {
            value = value.replace(&format!("\"{old}\""), &format!("\"{new}\""));
        }
        writeln!(text, "{name} = {value}").ok()?;
    }
    Some(text)
}

/// The move itself: approved like a change, slow, to the new vault only.
fn permit_entry(policy: &Policy, approve: &toml::Value, args: &RotateArgs) -> String {
    let (old, new) = (&args.vault, &args.to);
    let mut groups: Vec<&str> = Vec::new();
    for permit in policy.permits().iter().filter(|permit| permit.vaults.contains(old)) {
        groups.extend(permit.initiators.iter().map(types::GroupId::as_str));
    }
    groups.sort_unstable();
    groups.dedup();
    let groups = groups.join("\", \"");
    let quiet = policy.response().quiet;
    format!(
        "\n[[permit]]\nid = \"rotate-{old}\"\nvaults = [\"{old}\"]\ninitiators = [\"{groups}\"]\ndestination = \"vault:{new}\"\napprove = {approve}\nhold = \"{quiet}\"\nexpires = \"7d\"\n"
    )
}

/// What the rewriting of lines cannot see, such as a list over several lines, is found here and said.
fn check_coverage(new: &Policy, args: &RotateArgs) -> Result<()> {
    let lacks = |vaults: &[VaultId]| vaults.contains(&args.vault) && !vaults.contains(&args.to);
    let is_move = |rule: &DestinationRule| *rule == DestinationRule::Vault(args.to.clone());
    let permits =
        new.permits().iter().filter(|permit| lacks(&permit.vaults) && !is_move(&permit.destination));
    let mut missing: Vec<String> = permits.map(|permit| format!("permit `{}`", permit.id)).collect();
    missing.extend(
        new.limits().iter().filter(|limit| lacks(&limit.vaults)).map(|limit| format!("limit `{}`", limit.id)),
    );
    let forbids = new.forbids().iter().filter(|forbid| forbid.vaults.as_deref().is_some_and(lacks));
    missing.extend(forbids.map(|forbid| format!("forbid `{}`", forbid.id)));
    ensure!(
        missing.is_empty(),
        "put `{}` beside `{}` on one line in the `vaults` of {}, then try again",
        args.to,
        args.vault,
        missing.join(", ")
    );
    let owned = |key: &KeyId| new.people().any(|person| person.keys.contains(key));
    let orphan = args.replace.iter().find(|replaced| owned(&replaced.old) && !owned(&replaced.new));
    match orphan {
        Some(replaced) => bail!(
            "put `{}` beside `{}` on one line in the `keys` of the person who has it, then try again",
            replaced.new,
            replaced.old
        ),
        None => Ok(()),
    }
}

fn steps(args: &RotateArgs, sources: &[Source], language: Language) -> String {
    let (old, new) = (&args.vault, &args.to);
    let folder = args.out.display();
    let files: Vec<String> = sources.iter().map(|source| format!("{folder}/{}", source.name)).collect();
    let files = files.join(" ");
    match language {
        Language::En => format!(
            "written: {files}\n\
             1. Read them, then `rempart policy check {files}`. Limits with `by = \"vault\"` count the new vault apart: until the old one is empty, lower them or use `by = \"organisation\"`.\n\
             2. Hold the ceremony: `rempart vault create {files} --vault {new} …`. Print its sheet; keep the old one.\n\
             3. Propose the new policy as a change. It waits as every loosening does, and anybody can end it.\n\
             4. When it is in force: `rempart transfer propose --vault {old} --to 'vault:{new}=AMOUNT' …` under the permit `rotate-{old}`, until vault {old} is empty. Value that moves between the organisation's vaults is not lost; it can only be taken from where it is.\n\
             5. Then remove vault {old}, the permit and the old key by a second change. Keep the old sheet and keys: somebody may still pay to an old address."
        ),
        Language::Fr => format!(
            "écrits : {files}\n\
             1. Relisez-les, puis `rempart policy check {files}`. Les limites avec `by = \"vault\"` comptent le nouveau coffre à part : jusqu'à ce que l'ancien soit vide, abaissez-les ou utilisez `by = \"organisation\"`.\n\
             2. Tenez la cérémonie : `rempart vault create {files} --vault {new} …`. Imprimez sa feuille ; gardez l'ancienne.\n\
             3. Proposez la nouvelle politique comme changement. Il attend comme tout assouplissement, et chacun peut y mettre fin.\n\
             4. Quand elle est en vigueur : `rempart transfer propose --vault {old} --to 'vault:{new}=MONTANT' …` sous le permis `rotate-{old}`, jusqu'à ce que le coffre {old} soit vide. Une valeur qui passe d'un coffre de l'organisation à un autre n'est pas perdue ; on ne peut la prendre que là où elle est.\n\
             5. Retirez ensuite le coffre {old}, le permis et l'ancienne clé par un second changement. Gardez l'ancienne feuille et les anciennes clés : quelqu'un peut encore payer à une ancienne adresse."
        ),
    }
}
