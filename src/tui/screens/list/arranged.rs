//! Columns, orders, the last line, and views with a name.

use super::List;
use crate::domain::ids::RecordId;
use crate::domain::kinds::Kind;
use crate::domain::query::Facet;
use crate::domain::record::{FieldNo, ValueKind};
use crate::tui::app::{Purpose, Shell, Tone};
use crate::tui::arranged::{Layout, Measure, STATE, Sheet, StoredView, TakenOut, Totals};
use crate::tui::data::{Comparison, Filter, Sort};
use crate::tui::widgets::dialog::Dialog;
use crate::tui::widgets::picker::{Item, Picker};
use crate::tui::widgets::table::{Column, column};

/// Signs of comparisons in stored views.
const SIGNS: [(&str, Comparison); 7] = [
    ("=", Comparison::Equal),
    ("!=", Comparison::NotEqual),
    ("<", Comparison::Less),
    ("<=", Comparison::AtMost),
    (">", Comparison::Greater),
    (">=", Comparison::AtLeast),
    ("~", Comparison::Contains),
];

/// Most orders that hold one after another.
const MOST_SORTS: usize = 4;

impl List {
    /// Returns the columns that are shown.
    pub(super) fn columns(&self, shell: &Shell) -> Vec<Column> {
        let spec = self.kind.spec();
        let layout = shell.layout(self.kind);
        let made = layout.shown().map(|shown| {
            let field = spec.field(&shown.key);
            let mark = self.sort_mark(&shown.key);
            let title = format!("{}{mark}", shell.column_label(spec, &shown.key));
            let right = field
                .is_some_and(|field| matches!(field.kind, ValueKind::Integer | ValueKind::Tenths));
            match shown.cells {
                0 => column(title, field.map_or(8, |field| field.width.min(24)), right),
                cells => Column { title, cells, right },
            }
        });
        made.collect()
    }

    /// Returns `^` or `v` for a column that is sorted by, with its place among several.
    pub(super) fn sort_mark(&self, key: &str) -> String {
        let Some(place) = self.query.sorts.iter().position(|sort| sort.field == key) else {
            return String::new();
        };
        let down = self.query.sorts.get(place).is_some_and(|sort| sort.descending);
        let number =
            if self.query.sorts.len() > 1 { (place + 1).to_string() } else { String::new() };
        format!("{}{number}", if down { "v" } else { "^" })
    }

    /// Sorts by a column, by it upside down, or by it no more; other orders stay as those that decide between equals, if wanted.
    pub(super) fn sort_by(&mut self, shell: &Shell, key: &str, also: bool) {
        let by = shell.layout(self.kind).collation;
        let old = self.query.sorts.iter().position(|sort| sort.field == key);
        let old = old.map(|place| (place, self.query.sorts.remove(place)));
        if !also {
            self.query.sorts.clear();
        }
        let field = key.to_owned();
        let place = old.as_ref().filter(|_| also).map(|(place, _)| *place);
        let place = place.unwrap_or(self.query.sorts.len()).min(self.query.sorts.len());
        match old {
            Some((_, old)) if old.descending => {}
            Some(_) => self.query.sorts.insert(place, Sort { field, descending: true, by }),
            None => self.query.sorts.push(Sort { field, descending: false, by }),
        }
        self.query.sorts.truncate(MOST_SORTS);
    }

    /// Says the orders in words.
    pub(super) fn sorted_text(&self, shell: &Shell) -> String {
        let spec = self.kind.spec();
        let one = |sort: &Sort| {
            let key = if sort.descending { "list-sorted-down" } else { "list-sorted" };
            let mut label = shell.column_label(spec, &sort.field);
            let text = spec.field(&sort.field).is_some_and(|field| {
                matches!(field.kind, ValueKind::Text | ValueKind::Name | ValueKind::Reference(_))
            });
            if text && sort.by != crate::tui::data::Collation::default() {
                label =
                    format!("{label}({})", shell.text(&format!("collation-{}", sort.by.name())));
            }
            shell.text_with(key, &[("field", &label)])
        };
        self.query.sorts.iter().map(one).collect()
    }

    /// Lets the user choose by what texts are put in order.
    pub(super) fn pick_collation(&self, shell: &mut Shell) {
        let items = crate::tui::data::Collation::ALL.map(|by| Item {
            id: by.name().to_owned(),
            label: shell.text(&format!("collation-{}", by.name())),
            ..Item::default()
        });
        let here = shell.layout(self.kind).collation.name();
        let picker = Picker::new(&shell.text("collation-title"), items.to_vec()).at(here);
        shell.pick(Purpose::Collation, picker);
    }

    /// Takes another collation: for this list's orders from now on.
    pub(super) fn collate(&mut self, shell: &mut Shell, name: &str) {
        let Some(by) = crate::tui::data::Collation::from_name(name) else { return };
        let layout = Layout { collation: by, ..shell.layout(self.kind) };
        shell.arrange(self.kind, layout);
        self.query.sorts.iter_mut().for_each(|sort| sort.by = by);
        if self.query.sorts.is_empty()
            && let Some(key) = self.kind.spec().list.first()
        {
            self.sort_by(shell, key, false);
        }
    }

    /// Lets the last line say something else.
    pub(super) fn next_measure(&mut self, shell: &mut Shell) {
        let layout = shell.layout(self.kind);
        let measure = layout.measure.next();
        shell.arrange(self.kind, Layout { measure, ..layout });
        let word = shell.text(&format!("measure-{}", measure.name()));
        shell.say(Tone::Good, shell.text_with("measure-now", &[("measure", &word)]));
        self.reload_totals(shell);
    }

    /// Counts the last line again.
    pub(super) fn reload_totals(&mut self, shell: &Shell) {
        let layout = shell.layout(self.kind);
        self.totals.clear();
        let Some(data) = shell.data.as_ref().filter(|_| layout.measure != Measure::None) else {
            return;
        };
        let spec = self.kind.spec();
        let is_number = |key: &str| {
            spec.field(key)
                .is_some_and(|field| matches!(field.kind, ValueKind::Integer | ValueKind::Tenths))
        };
        let numbers = matches!(layout.measure, Measure::Sum | Measure::Mean);
        let counted = |key: &str| key != STATE && (!numbers || is_number(key));
        let keys: Vec<&str> =
            layout.shown().map(|column| column.key.as_str()).filter(|key| counted(key)).collect();
        let totals = data.totals(self.kind, &self.rows, &keys);
        let mut made = keys.into_iter().zip(totals).peekable();
        for column in layout.shown() {
            let total = made.next_if(|(key, _)| *key == column.key).map(|(_, total)| total);
            let tenths = spec.field(&column.key).is_some_and(|f| f.kind == ValueKind::Tenths);
            let text = total.map(|total| measured(layout.measure, total, tenths));
            self.totals.push(text.unwrap_or_default());
        }
        let word = shell.text(&format!("measure-{}", layout.measure.name()));
        let place = layout.shown().position(|column| column.key == STATE).unwrap_or(0);
        if let Some(text) = self.totals.get_mut(place) {
            *text = word;
        }
    }

    /// Asks for a name to keep this list under.
    pub(super) fn ask_view_name(&self, shell: &mut Shell) {
        let answers = vec![shell.text("answer-keep"), shell.text("answer-cancel")];
        let text = shell.text_with("view-text", &[("conditions", &self.conditions(shell))]);
        let dialog = Dialog::ask(shell.text("view-title"), text, answers)
            .with_field(shell.text("view-name"), &self.view_name);
        shell.ask(Purpose::SaveView, dialog);
    }

    /// Keeps this list under a name.
    pub(super) fn save_view(&mut self, shell: &mut Shell, name: &str) {
        let name = name.trim();
        if name.is_empty() {
            return shell.say(Tone::Bad, shell.text("view-no-name"));
        }
        let view = self.as_view(shell, name);
        let Some(data) = shell.data.clone() else { return };
        match data.save_view(&view) {
            Ok(()) => {
                name.clone_into(&mut self.view_name);
                shell.say(Tone::Good, shell.text_with("view-saved", &[("name", name)]));
            }
            Err(failure) => shell.say_failure(&failure),
        }
    }

    /// Returns this list as a view.
    pub(super) fn as_view(&self, shell: &Shell, name: &str) -> StoredView {
        let sign = |comparison: Comparison| {
            SIGNS.iter().find(|(_, known)| *known == comparison).map_or("=", |(sign, _)| sign)
        };
        let sort = |sort: &Sort| {
            let desc = if sort.descending { ":desc" } else { "" };
            format!("{}:{}{desc}", sort.field, sort.by.name())
        };
        StoredView {
            sorts: self.query.sorts.iter().map(sort).collect(),
            filters: self
                .query
                .filters
                .iter()
                .map(|f| (f.field.clone(), sign(f.comparison).to_owned(), f.text.clone()))
                .collect(),
            facets: self
                .query
                .facets
                .iter()
                .map(|facet| (facet.field.clone(), facet.values.iter().cloned().collect()))
                .collect(),
            search: self.query.search.clone(),
            ..shell.layout(self.kind).into_stored(self.kind, name)
        }
    }

    /// Puts the cursor on a record, if it is listed.
    pub fn go_to(&mut self, id: RecordId) {
        if let Some(place) = self.rows.iter().position(|row| *row == id) {
            self.table.cursor = place;
        }
    }

    /// Opens a view that was kept.
    pub fn of_view(shell: &mut Shell, view: &StoredView) -> Option<Self> {
        let kind = Kind::from_key(&view.kind)?;
        shell.arrange(kind, Layout::from_stored(kind, view));
        let mut list = Self::new(shell, kind, Vec::new());
        list.query.filters = view
            .filters
            .iter()
            .filter_map(|(field, sign, text)| {
                let comparison = SIGNS.iter().find(|(known, _)| known == sign)?.1;
                Some(Filter { field: field.clone(), comparison, text: text.clone() })
            })
            .collect();
        list.query.facets = view
            .facets
            .iter()
            .map(|(field, values)| Facet {
                field: field.clone(),
                values: values.iter().cloned().collect(),
            })
            .collect();
        list.query.sorts = view.sorts.iter().filter_map(|sort| sort.parse().ok()).collect();
        list.query.search.clone_from(&view.search);
        list.find.set(&view.search);
        list.view_name.clone_from(&view.name);
        super::Page::reload(&mut list, shell);
        Some(list)
    }

    /// Returns the rows as they are shown, for a file.
    pub(super) fn rows_for_file(&self, shell: &Shell) -> Sheet {
        let spec = self.kind.spec();
        let layout = shell.layout(self.kind);
        let keys: Vec<&str> = layout.shown().map(|column| column.key.as_str()).collect();
        let mut rows = vec![keys.iter().map(|key| shell.column_label(spec, key)).collect()];
        rows.extend((0..self.rows.len()).map(|index| self.row(shell, index).texts));
        let fields = keys.iter().filter_map(|key| spec.field(key));
        let fields: Vec<FieldNo> =
            fields.filter(|f| f.personal && !f.sensitive).map(|field| field.number).collect();
        let all = shell.status.records.iter().find(|(kind, _)| *kind == self.kind);
        let whole = all.is_some_and(|(_, count)| *count <= self.rows.len());
        let count = self.rows.len();
        let taken = TakenOut { kind: self.kind, fields, count, whole };
        let about_persons = !taken.fields.is_empty()
            || spec.fields.iter().any(|field| field.kind == ValueKind::Reference("person"));
        Sheet {
            name: spec.key.to_owned(),
            title: format!("{} {}", shell.locale.kind_plural(spec), self.title(shell)),
            rows,
            taken: about_persons.then_some(taken),
        }
    }
}

/// Says what a column adds up to.
fn measured(measure: Measure, total: Totals, tenths: bool) -> String {
    let decimal = |tenths: i64| format!("{}.{}", tenths / 10, (tenths % 10).abs());
    match measure {
        Measure::None => String::new(),
        Measure::Count => total.filled.to_string(),
        Measure::Distinct => total.distinct.to_string(),
        Measure::Sum if tenths => decimal(total.sum),
        Measure::Sum => total.sum.to_string(),
        Measure::Mean => {
            let count = i64::try_from(total.filled).unwrap_or(i64::MAX);
            let mean = |sum: i64| sum.checked_div(count).map(decimal).unwrap_or_default();
            mean(if tenths { total.sum } else { total.sum.saturating_mul(10) })
        }
    }
}

/// Says which values are ticked.
pub(in crate::tui::screens) fn facet_text(shell: &Shell, kind: Kind, facet: &Facet) -> String {
    let label = shell.column_label(kind.spec(), &facet.field);
    let values: Vec<String> =
        facet.values.iter().map(|value| shell.ticked_text(kind, &facet.field, value)).collect();
    format!("{label}={}", values.join("/"))
}

/// Opens the list of views that were kept.
pub(in crate::tui) fn pick_view(shell: &mut Shell, purpose: Purpose) {
    let views = shell.data.as_ref().map(|data| data.stored_views()).unwrap_or_default();
    let items: Vec<Item> = views
        .iter()
        .filter(|view| !view.name.is_empty())
        .filter_map(|view| {
            let kind = Kind::from_key(&view.kind)?;
            Some(Item {
                id: format!("{}/{}", view.kind, view.name),
                label: view.name.clone(),
                note: shell.locale.kind_plural(kind.spec()),
                disabled: None,
            })
        })
        .collect();
    let drop = purpose == Purpose::DropView;
    let title = shell.text(if drop { "views-drop" } else { "views-title" });
    shell.pick(purpose, Picker::new(&title, items));
    if let Some(crate::tui::app::Body::Picker(picker)) =
        shell.layers.last_mut().map(|layer| &mut layer.body)
    {
        picker.empty = shell.locale.text("tui-views-none");
    }
}
