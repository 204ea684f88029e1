//! The file that a person fills in, with its explanations, in English or French.

use policy::Language;

/// The file to fill in. Lines that begin with `#` and no space are examples: take the `#` away and change them.
#[must_use]
pub const fn template(language: Language) -> &'static str {
    match language {
        Language::En => include_str!("template/en.toml"),
        Language::Fr => include_str!("template/fr.toml"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packet::Packet;

    /// As a person would who takes every example.
    fn filled_in(text: &str) -> String {
        let taken = |line: &str| match line.strip_prefix('#') {
            Some(rest) if !rest.starts_with(' ') => rest.to_owned(),
            _ => line.to_owned(),
        };
        text.lines()
            .map(|line| taken(line) + "\n")
            .collect::<String>()
            .replace("name = \"\"\n", "name = \"A\"\n")
    }

    fn keys(table: &toml::Table, at: &str, out: &mut Vec<String>) {
        for (key, value) in table {
            out.push(format!("{at}{key}"));
            let inner = value.as_array().and_then(|items| items.first()).unwrap_or(value);
            if let Some(table) = inner.as_table() {
                keys(table, &format!("{at}{key}."), out);
            }
        }
    }

    #[test]
    fn both_templates_use_every_field_and_ask_for_the_name() {
        let mut found = Vec::new();
        for language in [Language::En, Language::Fr] {
            let text = template(language);
            assert!(Packet::parse(text).is_err(), "the name must be filled in");
            let whole = filled_in(text);
            let packet = Packet::parse(&whole).unwrap_or_else(|error| panic!("{error}\n{whole}"));
            let mut used = Vec::new();
            keys(&toml::from_str(&whole).unwrap(), "", &mut used);
            let mut known = Vec::new();
            keys(&toml::Table::try_from(&packet).unwrap(), "", &mut known);
            used.sort();
            known.sort();
            assert_eq!(used, known);
            assert_eq!(used.len(), 31, "a field has no example: {used:?}");
            found.push(used);
            let shown = packet.text(language);
            for line in whole.lines().filter(|line| line.contains(" = \"")) {
                let value = line.split('"').nth(1).unwrap();
                assert!(shown.contains(value), "`{value}` is not shown:\n{}", shown.as_str());
            }
        }
        assert_eq!(found[0], found[1]);
    }
}
