//! Tables of text for a terminal.

use std::borrow::Cow;

/// Characters of a cell that are shown; a longer one is cut.
const MAX_WIDTH: usize = 120;

/// Lays rows out under their headings, columns as wide as their longest cell.
pub fn render(headings: &[&str], rows: &[Vec<String>]) -> String {
    let width = |column: usize| {
        rows.iter()
            .filter_map(|row| row.get(column))
            .map(|cell| cell.chars().count())
            .chain([headings[column].chars().count()])
            .map(|width| width.min(MAX_WIDTH))
            .max()
            .unwrap_or(0)
    };
    let widths: Vec<usize> = (0..headings.len()).map(width).collect();
    let line = |cells: &mut dyn Iterator<Item = &str>| {
        let padded: Vec<String> =
            cells.zip(&widths).map(|(cell, width)| format!("{:<width$}", cut(cell))).collect();
        padded.join("  ").trim_end().to_owned() + "\n"
    };
    let rules: Vec<String> = widths.iter().map(|width| "-".repeat(*width)).collect();
    let mut text = line(&mut headings.iter().copied());
    text += &line(&mut rules.iter().map(String::as_str));
    for row in rows {
        text += &line(&mut row.iter().map(String::as_str));
    }
    text
}

/// A cell that is no longer than [`MAX_WIDTH`].
fn cut(cell: &str) -> Cow<'_, str> {
    if cell.chars().nth(MAX_WIDTH).is_none() {
        return cell.into();
    }
    cell.chars().take(MAX_WIDTH - 1).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_longest_cell() {
        let rows = [vec!["1".to_owned(), "é".to_owned()], vec!["1000".to_owned(), "b".to_owned()]];
        assert_eq!(render(&["n", "text"], &rows), "n     text\n----  ----\n1     é\n1000  b\n");
    }

    #[test]
    fn a_cell_too_wide_for_a_terminal_is_cut() {
        let long = "é".repeat(70_000);
        let text = render(&[&long], &[vec![long.clone()], vec!["é".repeat(MAX_WIDTH)]]);
        let widths: Vec<usize> = text.lines().map(|line| line.chars().count()).collect();
        assert_eq!(widths, [MAX_WIDTH; 4]);
        assert_eq!(text.matches('…').count(), 2);
    }
}
