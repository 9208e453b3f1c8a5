//! The values of one column with how often each occurs: a table with bars, or a chart. Ticked values filter the list behind at once.

use std::collections::BTreeSet;

use ratatui::layout::Rect;

use super::{Page, Told};
use crate::domain::kinds::Kind;
use crate::domain::query::Facet;
use crate::tui::actions::{Action, Context};
use crate::tui::app::{Move, Shell};
use crate::tui::arranged::{Bin, Bucket, Sheet};
use crate::tui::data::Query;
use crate::tui::text::bar;
use crate::tui::theme::Role;
use crate::tui::ui::Ui;
use crate::tui::widgets::chart;
use crate::tui::widgets::table::{Row, Table, TableState, column};

/// The values of one field among the records of a list.
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub struct Values {
    kind: Kind,
    /// The list's question, with what is ticked in other fields.
    query: Query,
    field: &'static str,
    bins: Vec<Bin>,
    ticked: BTreeSet<String>,
    table: TableState,
    /// True if a value was ticked or unticked since the screen opened: then Enter only goes back.
    touched: bool,
    /// By frequency or by value; dates and numbers come by value.
    by_value: bool,
    chart: bool,
    /// Records that the list shows with what is ticked.
    listed: usize,
    /// True if there is a list behind: else Enter opens one.
    behind: bool,
}

/// Cells of a bar.
const BAR: u16 = 24;

impl Values {
    /// Counts a field among the records of a query.
    pub fn new(shell: &Shell, query: &Query, field: &str, behind: bool) -> Option<Self> {
        let field = Shell::countable(query.kind).into_iter().find(|key| *key == field)?;
        let mut values = Self {
            kind: query.kind,
            query: query.clone(),
            field,
            bins: Vec::new(),
            ticked: BTreeSet::new(),
            table: TableState::default(),
            touched: false,
            by_value: false,
            chart: false,
            listed: 0,
            behind,
        };
        values.reload(shell);
        Some(values)
    }

    /// Shows a chart first.
    #[must_use]
    pub const fn as_chart(mut self) -> Self {
        self.chart = true;
        self.table.cursor = self.bins.len().saturating_sub(1);
        self
    }

    fn current(&self) -> Option<&Bin> {
        self.bins.get(self.table.cursor)
    }

    fn total(&self) -> usize {
        self.bins.iter().map(|bin| bin.count).sum()
    }

    /// Returns the list's question with what is ticked here.
    fn asked(&self) -> Query {
        let mut query = self.query.clone();
        query.facets.retain(|facet| facet.field != self.field);
        if !self.ticked.is_empty() {
            query.facets.push(Facet { field: self.field.to_owned(), values: self.ticked.clone() });
        }
        query
    }

    fn tell(&mut self, shell: &mut Shell) {
        self.query = self.asked();
        self.count(shell);
        shell.moves.push(Move::Tell(Told::Facets(self.kind, self.query.facets.clone())));
    }

    fn count(&mut self, shell: &Shell) {
        self.listed = shell.data.as_ref().map_or(0, |data| data.list(&self.query).len());
    }

    fn toggle(&mut self, shell: &mut Shell) {
        let Some(key) = self.current().map(|bin| bin.bucket.key()) else { return };
        if !self.ticked.remove(&key) {
            self.ticked.insert(key);
        }
        self.touched = true;
        self.tell(shell);
        self.table.move_by(1, self.bins.len());
    }

    fn open(&mut self, shell: &mut Shell) {
        if !self.touched {
            let Some(key) = self.current().map(|bin| bin.bucket.key()) else { return };
            self.ticked = BTreeSet::from([key]);
        }
        self.tell(shell);
        if self.behind {
            shell.moves.push(Move::Pop);
        } else {
            let list = super::List::of_query(shell, self.query.clone());
            self.touched = false;
            shell.moves.push(Move::Push(Box::new(list)));
        }
    }

    /// Goes to another field.
    fn turn(&mut self, shell: &Shell, forward: bool) {
        let all = Shell::countable(self.kind);
        let place = all.iter().position(|key| *key == self.field).unwrap_or(0);
        let next = if forward { place + 1 } else { place + all.len() - 1 } % all.len().max(1);
        if let Some(field) = all.get(next) {
            self.field = field;
            self.table = TableState::default();
            self.reload(shell);
        }
    }

    fn label(&self, shell: &Shell, bin: &Bin) -> String {
        shell.bucket_text(self.kind, self.field, &bin.bucket)
    }

    fn order(&mut self, shell: &Shell) {
        let by_place = |bin: &Bin| {
            matches!(bin.bucket, Bucket::Period(_) | Bucket::Span(..) | Bucket::Number(_))
        };
        let ordered = self.bins.iter().any(by_place);
        if self.by_value && ordered {
            self.bins.sort_by_key(|bin| std::cmp::Reverse(bin.count));
        } else if self.by_value {
            let mut labelled: Vec<(String, Bin)> =
                self.bins.drain(..).map(|bin| (String::new(), bin)).collect();
            for (label, bin) in &mut labelled {
                *label = shell.bucket_text(self.kind, self.field, &bin.bucket);
            }
            labelled.sort_by(|a, b| a.0.cmp(&b.0));
            self.bins = labelled.into_iter().map(|(_, bin)| bin).collect();
        }
    }

    /// Returns the share of a value in percent, with a decimal below ten: what there is never shows as nothing.
    fn percent(&self, bin: &Bin) -> String {
        let tenths = (bin.count * 1000).checked_div(self.total()).unwrap_or(0);
        match tenths {
            0 if bin.count > 0 => "<0.1".to_owned(),
            0..100 => format!("{}.{}", tenths / 10, tenths % 10),
            _ => (tenths / 10).to_string(),
        }
    }

    fn row(&self, shell: &Shell, index: usize, most: usize) -> Row {
        let Some(bin) = self.bins.get(index) else { return Row::default() };
        let mark = if self.ticked.contains(&bin.bucket.key()) { "[x]" } else { "[ ]" };
        let texts = vec![
            mark.to_owned(),
            self.label(shell, bin),
            bin.count.to_string(),
            format!("{}%", self.percent(bin)),
            bar(bin.count, most, usize::from(BAR)),
        ];
        Row { texts, ..Row::default() }
    }

    fn draw_table(&self, shell: &Shell, ui: &mut Ui<'_>, area: Rect) {
        let most = self.bins.iter().map(|bin| bin.count).max().unwrap_or(0);
        let name = area.width.saturating_sub(BAR + 27).clamp(12, 48);
        let columns = [
            column(String::new(), 3, false),
            column(shell.column_label(self.kind.spec(), self.field), name, false),
            column(shell.text("values-count"), 8, true),
            column("%".to_owned(), 5, true),
            column(String::new(), BAR, false),
        ];
        let count = self.bins.len();
        Table { columns: &columns, pinned: 5, count, state: &self.table }
            .draw(ui, area, |index| self.row(shell, index, most));
    }

    fn draw_chart(&self, shell: &Shell, ui: &mut Ui<'_>, area: Rect) {
        let bar = |bin: &Bin| chart::Bar {
            label: self.label(shell, bin),
            count: bin.count,
            ticked: self.ticked.contains(&bin.bucket.key()),
        };
        let bars: Vec<chart::Bar> = self.bins.iter().map(bar).collect();
        let inner = Rect { x: area.x + 2, width: area.width.saturating_sub(3), ..area };
        chart::columns(ui, shell.chrome, inner, &bars, Some(self.table.cursor));
    }
}

impl Page for Values {
    fn chain(&self) -> &'static [Context] {
        &[Context::Values, Context::Browse, Context::Global]
    }

    fn crumb(&self, shell: &Shell) -> String {
        shell.text("context-values")
    }

    fn reload(&mut self, shell: &Shell) {
        let Some(data) = &shell.data else { return };
        let here = self.query.facets.iter().find(|facet| facet.field == self.field);
        self.ticked = here.map(|facet| facet.values.clone()).unwrap_or_default();
        let mut without = self.query.clone();
        without.facets.retain(|facet| facet.field != self.field);
        self.bins = data.bins(&without, self.field);
        self.order(shell);
        self.table.cursor = self.table.cursor.min(self.bins.len().saturating_sub(1));
        self.count(shell);
    }

    fn draw(&self, shell: &Shell, ui: &mut Ui<'_>, area: Rect) {
        let kind = shell.locale.kind_plural(self.kind.spec());
        let args = [
            ("field", shell.column_label(self.kind.spec(), self.field)),
            ("kind", kind),
            ("count", self.total().to_string()),
            ("values", self.bins.len().to_string()),
        ];
        let args = args.each_ref().map(|(name, text)| (*name, text.as_str()));
        let inner = ui.frame(area, &shell.text_with("values-title", &args), "");
        let body = Rect { height: inner.height.saturating_sub(2), ..inner };
        if self.bins.is_empty() {
            let wide = inner.width.saturating_sub(4);
            let narrowed = !self.query.search.is_empty()
                || !self.query.filters.is_empty()
                || self.query.facets.iter().any(|facet| facet.field != self.field);
            let why = if narrowed { "values-none-match" } else { "list-none" };
            ui.put(inner.x + 3, inner.y + 1, &shell.text(why), wide, Role::Title);
            if narrowed && !self.query.search.is_empty() {
                let args = [("text", self.query.search.as_str())];
                let text = shell.text_with("values-none-search", &args);
                ui.put(inner.x + 3, inner.y + 2, &text, wide, Role::Text);
            }
        } else if self.chart {
            self.draw_chart(shell, ui, body);
        } else {
            self.draw_table(shell, ui, body);
        }
        let wide = inner.width.saturating_sub(1);
        let listed = shell.text_with("values-listed", &[("count", &self.listed.to_string())]);
        let ticked: Vec<String> = self
            .query
            .facets
            .iter()
            .map(|facet| super::list::facet_text(shell, self.kind, facet))
            .collect();
        let line = format!("{listed} {}", ticked.join(", "));
        ui.put(inner.x + 1, body.bottom(), &line, wide, Role::Quiet);
        let hint = shell.text(if self.chart { "values-hint-chart" } else { "values-hint" });
        ui.put(inner.x + 1, body.bottom() + 1, &hint, wide, Role::Quiet);
    }

    fn enabled(&self, shell: &Shell, action: Action) -> Result<(), String> {
        match action {
            Action::Open | Action::Select if self.bins.is_empty() => {
                Err(shell.text("why-no-record"))
            }
            Action::ClearFilter if self.ticked.is_empty() => Err(shell.text("why-no-filter")),
            _ => Ok(()),
        }
    }

    fn label(&self, shell: &Shell, action: Action) -> Option<String> {
        let key = match action {
            Action::Open if self.touched => "values-done",
            Action::Open => "values-only",
            Action::Select => "values-tick",
            Action::ClearFilter => "values-clear",
            Action::Sort => "values-order",
            Action::Chart if self.chart => "values-as-table",
            _ => return None,
        };
        Some(shell.text(key))
    }

    fn count_rows(&self) -> Option<usize> {
        Some(self.bins.len())
    }

    fn row_text(&self, shell: &Shell, row: usize) -> String {
        let mut texts = self.row(shell, row, 0).texts;
        texts.truncate(4); // the bar says nothing to be heard
        texts.join(" ")
    }

    fn go_to(&mut self, row: usize) {
        self.table.cursor = row;
    }

    fn chosen(&self, _shell: &Shell) -> super::Chosen {
        super::Chosen::Run(Action::Select)
    }

    fn act(&mut self, shell: &mut Shell, action: Action) {
        let count = self.bins.len();
        if self.table.moved(action, count) {
            return;
        }
        match action {
            Action::Left if self.chart => self.table.move_by(-1, count),
            Action::Right if self.chart => self.table.move_by(1, count),
            Action::Left => self.turn(shell, false),
            Action::Right => self.turn(shell, true),
            Action::Select => self.toggle(shell),
            Action::Open => self.open(shell),
            Action::ClearFilter => {
                self.ticked.clear();
                self.touched = true;
                self.tell(shell);
            }
            Action::Sort => {
                self.by_value = !self.by_value;
                self.reload(shell);
            }
            Action::Chart => self.chart = !self.chart,
            Action::Back => shell.moves.push(Move::Pop),
            _ => {}
        }
    }

    fn tab(&self) -> Option<usize> {
        super::list::tab_of(self.kind)
    }

    fn sheet(&self, shell: &Shell) -> Option<Sheet> {
        let label = shell.column_label(self.kind.spec(), self.field);
        let mut rows = vec![vec![label.clone(), shell.text("values-count"), "%".to_owned()]];
        rows.extend(
            self.bins
                .iter()
                .map(|bin| vec![self.label(shell, bin), bin.count.to_string(), self.percent(bin)]),
        );
        Some(Sheet { name: format!("values-{}", self.field), title: label, rows, taken: None })
    }
}
