//! From byte offsets to lines and columns. Used for every diagnostic.

use crate::diagnostic::Source;
use crate::rows::At;

/// The files' names and where their lines begin.
pub(crate) struct Places<'s> {
    sources: &'s [Source],
    lines: Vec<Vec<usize>>,
}

impl<'s> Places<'s> {
    pub(crate) fn new(sources: &'s [Source]) -> Self {
        let starts = |source: &Source| {
            let after_breaks = source.text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
            std::iter::once(0).chain(after_breaks.map(|(at, _)| at + 1)).collect()
        };
        Self { sources, lines: sources.iter().map(starts).collect() }
    }

    /// File, line and column; line and column from 1, the column in characters.
    pub(crate) fn of(&self, at: At) -> (&'s str, u32, u32) {
        let file = usize::from(at.file);
        let Some(source) = self.sources.get(file) else { return ("(no file)", 1, 1) };
        let offset = source.text.floor_char_boundary(at.offset as usize);
        let starts = self.lines.get(file).map_or(&[][..], Vec::as_slice);
        let line = starts.partition_point(|start| *start <= offset).max(1);
        let start = starts.get(line - 1).copied().unwrap_or(0);
        let column = source.text.get(start..offset).map_or(0, |before| before.chars().count()) + 1;
        (&source.name, u32::try_from(line).unwrap_or(u32::MAX), u32::try_from(column).unwrap_or(u32::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters() {
        let sources = [Source { name: "f".into(), text: "a\n« é » x\n".into() }];
        let places = Places::new(&sources);
        let offset = u32::try_from(sources[0].text.find('x').unwrap()).unwrap();
        assert_eq!(places.of(At { file: 0, offset }), ("f", 2, 7));
        assert_eq!(places.of(At { file: 0, offset: 0 }), ("f", 1, 1));
        assert_eq!(places.of(At { file: 0, offset: 9999 }), ("f", 3, 1));
        assert_eq!(places.of(At { file: 0, offset: 5 }).0, "f");
    }
}
