//! Sorting by one column: keys side by side in one piece of memory, because a hundred thousand small ones are slow to make and
//! slower to compare.

use std::cmp::Ordering;
use std::ops::Range;

use super::collate::push_key;
use crate::domain::query::Collation;
use crate::store::Row;

/// Where a value stands among those of its column.
#[derive(Clone, Copy, Debug)]
pub(super) enum Place {
    /// A number, date or flag.
    Number(i64),
    /// A text by its key: the first bytes, which settle most comparisons, and where the whole key is.
    Text {
        /// The first bytes, largest first.
        head: u128,
        /// Where the key begins.
        from: u32,
        /// Where it ends.
        to: u32,
    },
    /// No value; last.
    Empty,
}

/// One column's values.
#[derive(Default)]
pub(super) struct Column {
    /// Keys one after another.
    keys: String,
    pub(super) places: Vec<Place>,
}

impl Column {
    /// Places a text by a collation.
    pub(super) fn text(&mut self, text: &str, by: Collation) -> Place {
        let from = self.keys.len();
        push_key(text, by, &mut self.keys);
        self.place(from)
    }

    /// Places a code by its characters.
    pub(super) fn plain(&mut self, code: &str) -> Place {
        let from = self.keys.len();
        self.keys.push_str(code);
        self.place(from)
    }

    fn place(&self, from: usize) -> Place {
        let key = self.keys.as_bytes().get(from..).unwrap_or_default();
        let mut head = [0; 16];
        for (to, byte) in head.iter_mut().zip(key) {
            *to = *byte;
        }
        let at = |place: usize| u32::try_from(place).unwrap_or(u32::MAX);
        Place::Text { head: u128::from_be_bytes(head), from: at(from), to: at(self.keys.len()) }
    }

    /// Returns the rows, which the places were made from one by one, in order: equal ones as they stood, empty ones last either way.
    pub(super) fn sort<'a>(&self, rows: Vec<&'a Row>, descending: bool) -> Vec<&'a Row> {
        let mut order: Vec<(Place, u32, &Row)> =
            (0..).zip(rows).zip(&self.places).map(|((n, row), place)| (*place, n, row)).collect();
        if descending {
            order.sort_unstable_by(|a, b| self.compare_down(a.0, b.0).then(a.1.cmp(&b.1)));
        } else {
            order.sort_unstable_by(|a, b| self.compare(a.0, b.0).then(a.1.cmp(&b.1)));
        }
        order.into_iter().map(|(_, _, row)| row).collect()
    }

    fn compare_down(&self, a: Place, b: Place) -> Ordering {
        match (a, b) {
            (Place::Empty, _) | (_, Place::Empty) => self.compare(a, b),
            _ => self.compare(b, a),
        }
    }

    fn compare(&self, a: Place, b: Place) -> Ordering {
        match (a, b) {
            (Place::Number(a), Place::Number(b)) => a.cmp(&b),
            (
                Place::Text { head: a, from: a_from, to: a_to },
                Place::Text { head: b, from: b_from, to: b_to },
            ) => a.cmp(&b).then_with(|| self.key(a_from..a_to).cmp(self.key(b_from..b_to))),
            (Place::Empty, Place::Empty) => Ordering::Equal,
            (Place::Number(_), _) | (_, Place::Empty) => Ordering::Less,
            (_, Place::Number(_)) | (Place::Empty, _) => Ordering::Greater,
        }
    }

    fn key(&self, range: Range<u32>) -> &[u8] {
        let at = |place: u32| usize::try_from(place).unwrap_or(usize::MAX);
        self.keys.as_bytes().get(at(range.start)..at(range.end)).unwrap_or_default()
    }
}
