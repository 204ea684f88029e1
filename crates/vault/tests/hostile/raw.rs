//! A PSBT's bytes as maps of keys and values, so that attacks can write what no library writes (G1).

/// One pair: where it begins, its key, and its value.
pub struct Pair {
    pub begins: usize,
    pub key: Vec<u8>,
    pub value: Vec<u8>,
}

const MAGIC_BYTES: usize = 5;

fn compact_size(bytes: &[u8], at: &mut usize) -> usize {
    let first = usize::from(bytes[*at]);
    *at += 1;
    let width = match first {
        0xfd => 2,
        0xfe => 4,
        _ => return first,
    };
    let value = (0..width).rev().fold(0, |value, place| value << 8 | usize::from(bytes[*at + place]));
    *at += width;
    value
}

fn taken(bytes: &[u8], at: &mut usize) -> Vec<u8> {
    let length = compact_size(bytes, at);
    *at += length;
    bytes[*at - length..*at].to_vec()
}

/// Every map with its pairs and the place of its end: the global one, then inputs, then outputs.
pub fn maps(bytes: &[u8]) -> Vec<(Vec<Pair>, usize)> {
    let (mut at, mut maps, mut pairs) = (MAGIC_BYTES, Vec::new(), Vec::new());
    while at < bytes.len() {
        if bytes[at] == 0 {
            maps.push((std::mem::take(&mut pairs), at));
            at += 1;
            continue;
        }
        let begins = at;
        let (key, value) = (taken(bytes, &mut at), taken(bytes, &mut at));
        pairs.push(Pair { begins, key, value });
    }
    maps
}

fn with_length(bytes: &[u8]) -> Vec<u8> {
    let mut all = match u8::try_from(bytes.len()) {
        Ok(small) if small < 0xfd => vec![small],
        _ => {
            let mut long = vec![0xfd];
            long.extend(u16::try_from(bytes.len()).unwrap().to_le_bytes());
            long
        }
    };
    all.extend(bytes);
    all
}

pub fn pair(key: &[u8], value: &[u8]) -> Vec<u8> {
    [with_length(key), with_length(value)].concat()
}

/// Adds a pair at the end of a map.
pub fn added(mut bytes: Vec<u8>, map: usize, key: &[u8], value: &[u8]) -> Vec<u8> {
    let end = maps(&bytes)[map].1;
    bytes.splice(end..end, pair(key, value));
    bytes
}

/// Writes the first pair of a type in a map anew; an empty answer leaves it out.
pub fn rewritten(
    mut bytes: Vec<u8>,
    map: usize,
    kind: u8,
    write: impl Fn(&[u8], &[u8]) -> Vec<u8>,
) -> Vec<u8> {
    let all = maps(&bytes);
    let old = all[map].0.iter().find(|pair| pair.key[0] == kind).unwrap();
    let length = pair(&old.key, &old.value).len();
    bytes.splice(old.begins..old.begins + length, write(&old.key, &old.value));
    bytes
}
