//! A small writer of SVG: elements with escaped texts and whole-number or one-decimal coordinates. Called by the figures only.

use super::escape;

/// A length in tenths of a pixel: figures are the same on every machine.
pub(crate) type Tenths = i64;

/// Where a text is held.
#[derive(Clone, Copy)]
pub(crate) enum Anchor {
    Start,
    Middle,
    End,
}

/// An image that grows element by element.
pub(crate) struct Svg {
    text: String,
}

fn length(tenths: Tenths) -> String {
    let (sign, tenths) = (if tenths < 0 { "-" } else { "" }, tenths.abs());
    match tenths % 10 {
        0 => format!("{sign}{}", tenths / 10),
        part => format!("{sign}{}.{part}", tenths / 10),
    }
}

impl Svg {
    /// An image with a title and a text that says the same in words. `class` keeps the style of two images on one page apart.
    pub fn new(size: (Tenths, Tenths), class: &str, style: &str, title: &str, words: &str) -> Self {
        let (width, height) = (length(size.0), length(size.1));
        let (title, words) = (escape(title), escape(words));
        Self {
            text: format!(
                "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"{class}\" viewBox=\"0 0 {width} {height}\" role=\"img\" \
                 aria-labelledby=\"{class}-title {class}-words\">\n<title id=\"{class}-title\">{title}</title>\n\
                 <desc id=\"{class}-words\">{words}</desc>\n<style>{style}</style>\n"
            ),
        }
    }

    pub fn rectangle(&mut self, class: &str, at: (Tenths, Tenths), size: (Tenths, Tenths), round: Tenths) {
        let (x, y, width, height) = (length(at.0), length(at.1), length(size.0), length(size.1));
        let round = length(round);
        self.push(&format!(
            "<rect class=\"{class}\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" rx=\"{round}\"/>"
        ));
    }

    pub fn line(&mut self, class: &str, from: (Tenths, Tenths), to: (Tenths, Tenths)) {
        self.path(class, &[from, to]);
    }

    /// A line through points.
    pub fn path(&mut self, class: &str, points: &[(Tenths, Tenths)]) {
        let through: Vec<String> =
            points.iter().map(|(x, y)| format!("{} {}", length(*x), length(*y))).collect();
        self.push(&format!("<path class=\"{class}\" d=\"M{}\"/>", through.join(" L")));
    }

    /// A circle; its words show when the pointer rests on it.
    pub fn circle(&mut self, class: &str, centre: (Tenths, Tenths), radius: Tenths, words: &str) {
        let (x, y, radius, words) = (length(centre.0), length(centre.1), length(radius), escape(words));
        self.push(&format!(
            "<circle class=\"{class}\" cx=\"{x}\" cy=\"{y}\" r=\"{radius}\"><title>{words}</title></circle>"
        ));
    }

    pub fn text(&mut self, class: &str, anchor: Anchor, at: (Tenths, Tenths), words: &str) {
        let (x, y, words) = (length(at.0), length(at.1), escape(words));
        let anchor = match anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        self.push(&format!(
            "<text class=\"{class}\" text-anchor=\"{anchor}\" x=\"{x}\" y=\"{y}\">{words}</text>"
        ));
    }

    fn push(&mut self, element: &str) {
        self.text.push_str(element);
        self.text.push('\n');
    }

    pub fn finish(mut self) -> String {
        self.text.push_str("</svg>\n");
        self.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_escaped_and_lengths_exact() {
        let mut svg = Svg::new((100, 55), "c", "", "a<b", "\"&\"");
        svg.text("t", Anchor::End, (-5, 10), "<script>");
        svg.circle("p", (0, 123), 20, "</title><script>");
        let text = svg.finish();
        assert!(
            text.contains("viewBox=\"0 0 10 5.5\"")
                && text.contains("x=\"-0.5\" y=\"1\"")
                && text.contains("cy=\"12.3\"")
        );
        assert!(!text.contains("<script>"), "{text}");
    }
}
