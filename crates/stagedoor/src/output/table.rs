//! Columns without borders.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::Look;

/// Between two columns.
const GAP: usize = 2;
/// A column is not cut below this.
const LEAST: usize = 8;

/// A meaning that a colour may carry; the text says it too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Paint {
    Plain,
    Dim,
    Bold,
    Good,
    Warn,
    Bad,
}

impl Paint {
    pub(super) fn code(self) -> Option<&'static str> {
        match self {
            Self::Plain => None,
            Self::Dim => Some("2"),
            Self::Bold => Some("1"),
            Self::Good => Some("32"),
            Self::Warn => Some("33"),
            Self::Bad => Some("31"),
        }
    }
}

/// One value of a row.
#[derive(Debug, Clone)]
pub(crate) struct Cell {
    text: String,
    paint: Paint,
}

impl Cell {
    pub(crate) fn new(text: impl AsRef<str>) -> Self {
        Self { text: clean(text.as_ref()), paint: Paint::Plain }
    }

    pub(crate) fn paint(mut self, paint: Paint) -> Self {
        self.paint = paint;
        self
    }
}

impl<T: AsRef<str>> From<T> for Cell {
    fn from(text: T) -> Self {
        Self::new(text)
    }
}

/// Rows under a head.
#[derive(Debug)]
pub(crate) struct Table<const N: usize> {
    head: [&'static str; N],
    rows: Vec<[Cell; N]>,
}

impl<const N: usize> Table<N> {
    /// An empty head (`""` everywhere) is not shown.
    pub(crate) fn new(head: [&'static str; N]) -> Self {
        Self { head, rows: Vec::new() }
    }

    pub(crate) fn row(&mut self, cells: [Cell; N]) {
        self.rows.push(cells);
    }

    pub(crate) fn render(&self, look: Look) -> String {
        let widths = self.widths(look.width);
        let mut out = String::new();
        if self.head.iter().any(|name| !name.is_empty()) {
            let head = self.head.map(|name| Cell::new(name).paint(Paint::Dim));
            line(&mut out, &head, &widths, look);
        }
        for row in &self.rows {
            line(&mut out, row, &widths, look);
        }
        out
    }

    /// As wide as the widest value; when that is more than the terminal has, the widest columns give.
    fn widths(&self, total: Option<usize>) -> [usize; N] {
        let mut widths = self.head.map(UnicodeWidthStr::width);
        for row in &self.rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(cell.text.width());
            }
        }
        let Some(total) = total else { return widths };
        let room = total.saturating_sub(GAP * N.saturating_sub(1));
        while widths.iter().sum::<usize>() > room {
            // The first column is what one copies into the next command; it gives last.
            let (first, others) = widths.split_at_mut(1);
            match others.iter_mut().max().filter(|widest| **widest > LEAST).or_else(|| first.iter_mut().max()) {
                Some(widest) if *widest > LEAST => *widest -= 1,
                _ => break,
            }
        }
        widths
    }
}

fn line<const N: usize>(out: &mut String, cells: &[Cell; N], widths: &[usize; N], look: Look) {
    let start = out.len();
    for (index, (cell, width)) in cells.iter().zip(widths).enumerate() {
        let text = cut(&cell.text, *width);
        out.push_str(&look.paint(cell.paint, &text));
        if index + 1 < N {
            out.extend(std::iter::repeat_n(' ', width.saturating_sub(text.width()) + GAP));
        }
    }
    let end = out.trim_end_matches(' ').len().max(start);
    out.truncate(end);
    out.push('\n');
}

/// The text within `width` columns; what is left out is shown by an ellipsis.
fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut used = 0;
    let mut kept: String = text
        .chars()
        .take_while(|c| {
            used += c.width().unwrap_or(0);
            used < width
        })
        .collect();
    kept.push('…');
    kept
}

/// Without anything that a terminal would act on.
pub(crate) fn clean(text: &str) -> String {
    let harmless = |c: char| match c {
        '\n' | '\r' | '\t' => ' ',
        // Direction marks and overrides: a name could be shown as another.
        '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => '\u{fffd}',
        c if c.is_control() => '\u{fffd}',
        c => c,
    };
    text.chars().map(harmless).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table<3> {
        let mut table = Table::new(["REF", "OWNER", "WHAT"]);
        table.row(["component:default/payments-api".into(), "checkout".into(), Cell::new("bad").paint(Paint::Bad)]);
        table.row(["a".into(), "日本".into(), "".into()]);
        table
    }

    #[test]
    fn columns_are_aligned_without_trailing_blanks() {
        let text = table().render(Look::default());
        assert_eq!(
            text,
            "REF                             OWNER     WHAT\n\
             component:default/payments-api  checkout  bad\n\
             a                               日本\n"
        );
    }

    #[test]
    fn a_narrow_terminal_cuts_the_widest_column() {
        let text = table().render(Look { colour: false, width: Some(30) });
        assert!(text.lines().all(|line| line.width() <= 30), "{text}");
        assert!(text.contains("component:def…  checkout  bad"), "{text}");
        let text = table().render(Look { colour: false, width: Some(44) });
        assert!(text.contains("component:default/payments-…  checkout  bad"), "{text}");
        // Too narrow for anything: shown all the same.
        assert!(table().render(Look { colour: false, width: Some(3) }).contains("checkout"));
    }

    #[test]
    fn colour_does_not_move_columns() {
        let bright = table().render(Look { colour: true, width: None });
        let plain = table().render(Look::default());
        let stripped = bright.replace("\u{1b}[31m", "").replace("\u{1b}[2m", "").replace("\u{1b}[0m", "");
        assert_eq!(stripped, plain);
    }

    #[test]
    fn names_from_elsewhere_cannot_write_to_the_terminal() {
        assert_eq!(clean("a\u{1b}[31mb\nc\u{202e}d"), "a\u{fffd}[31mb c\u{fffd}d");
    }
}
