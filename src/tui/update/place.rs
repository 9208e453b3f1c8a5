//! Where a person was: remembered when the terminal is left or locked, and gone back to when the files are opened again.

use super::{global, settle};
use crate::tui::app::Model;
use crate::tui::arranged::LeftAt;
use crate::tui::screens::List;

/// Remembers the list with its conditions and the record under the cursor, or else the tab.
pub(super) fn save(model: &Model) {
    let Some(data) = &model.shell.data else { return };
    let tab = model.screens.iter().rev().find_map(|page| page.tab()).unwrap_or(0);
    let tab = u8::try_from(tab).unwrap_or(0);
    let left = model.screens.iter().rev().find_map(|page| page.left(&model.shell));
    let (list, record) = left.map_or((None, None), |(list, record)| (Some(list), record));
    data.save_place(&LeftAt { tab, list, record });
}

/// Goes back there.
pub(super) fn restore(model: &mut Model) {
    let Some(place) = model.shell.data.as_ref().and_then(|data| data.place()) else { return };
    if let Some(view) = &place.list {
        let Some(mut list) = List::of_view(&mut model.shell, view) else { return };
        if let Some(id) = place.record {
            list.go_to(id);
        }
        model.screens.push(Box::new(list));
    } else if place.tab > 0 {
        global::run_tab(model, usize::from(place.tab));
        settle(model);
    }
}
