//! The registry of actions: footer, palette, menu, help and the printed table of keys are all read from it.
//!
//! An action's name in three languages is the message `action-<id>`; its keys stand in config/keymap.toml; whether it can run now is
//! decided by [`enabled`](super::update::enabled), which gives a reason when it cannot.

pub mod docs;

macro_rules! contexts {
    ($($(#[$doc:meta])* $Name:ident = $text:literal;)*) => {
        /// Where a key has its meaning; a screen looks a key up along a chain of contexts.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Context { $($(#[$doc])* $Name),* }

        impl Context {
            /// Every context, in the order of the printed table.
            pub const ALL: &'static [Self] = &[$(Self::$Name),*];
            /// Returns the name used in the keymap file.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$Name => $text),* }
            }
            /// Returns the context with that name.
            pub fn from_name(name: &str) -> Option<Self> {
                match name { $($text => Some(Self::$Name),)* _ => None }
            }
        }
    };
}
contexts! {
    /// Everywhere, also while typing.
    Global = "global";
    /// Screens without a field that takes letters.
    Browse = "browse";
    /// The overview.
    Overview = "overview";
    /// A list of records.
    List = "list";
    /// One record.
    Detail = "detail";
    /// The form of a record.
    Form = "form";
    /// The list of conflicts.
    Conflicts = "conflicts";
    /// One conflict.
    Conflict = "conflict";
    /// The values of a column.
    Values = "values";
    /// The columns of a list.
    Columns = "columns";
    /// One figure by unit.
    Coverage = "coverage";
    /// The four boards.
    Boards = "boards";
    /// What is due in the coming year.
    Agenda = "agenda";
    /// Changes the server refused or holds.
    Attention = "attention";
    /// The sync screen.
    Sync = "sync";
    /// The preview of a bulk action.
    Bulk = "bulk";
    /// Signing in at a session.
    Checkin = "checkin";
    /// The changes of a record.
    History = "history";
    /// What becomes of the rows of a sheet.
    Import = "import";
    /// The list of what can be undone.
    Commands = "commands";
    /// The editor of keys.
    Keys = "keys";
}

macro_rules! actions {
    ($($(#[$doc:meta])* $Name:ident = $id:literal in $($Context:ident)+;)*) => {
        /// Something a person can make the program do.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Action { $($(#[$doc])* $Name),* }

        impl Action {
            /// Every action, in the order of menus and footers.
            pub const ALL: &'static [Self] = &[$(Self::$Name),*];
            /// Returns the name used in the keymap file and in message keys.
            pub const fn id(self) -> &'static str {
                match self { $(Self::$Name => $id),* }
            }
            /// Returns the action with that id.
            pub fn from_id(id: &str) -> Option<Self> {
                match id { $($id => Some(Self::$Name),)* _ => None }
            }
            /// Returns where the action is offered.
            pub const fn contexts(self) -> &'static [Context] {
                match self { $(Self::$Name => &[$(Context::$Context),+]),* }
            }
        }
    };
}
actions! {
    /// Takes the command back, or does it again.
    UndoThis = "undo-this" in Commands;
    /// Puts back what a record held before a change.
    PutBack = "put-back" in History;
    /// Takes the key that is pressed next for the action.
    PressKey = "press-key" in Keys;
    /// Takes the key that is pressed next besides those there are.
    AddKey = "add-key" in Keys;
    /// Takes the last key of the action away.
    DropKey = "drop-key" in Keys;
    /// Gives the action the keys it was delivered with.
    ResetKey = "reset-key" in Keys;
    /// Gives every action the keys it was delivered with.
    ResetKeys = "reset-keys" in Keys;
    /// Signs the person in.
    SignIn = "sign-in" in Checkin;
    /// Goes to the next person found.
    NextHit = "next-hit" in Checkin;
    /// Goes to the person before.
    PrevHit = "prev-hit" in Checkin;
    /// Signs the person in late, with a reason.
    SignLate = "sign-late" in Checkin;
    /// Marks the person excused, absent or made up.
    MarkAs = "mark-as" in Checkin;
    /// Opens what the cursor is on.
    Open = "open" in Overview List Attention Sync Commands Values Columns Coverage Boards Agenda Conflicts Import;
    /// Stores the form.
    Save = "save" in Form;
    /// Goes to the next field.
    NextField = "next-field" in Form Bulk;
    /// Goes to the field before.
    PrevField = "prev-field" in Form Bulk;
    /// Opens the list of codes or records for the field.
    Pick = "pick" in Form;
    /// Opens a month to choose the date from.
    Calendar = "calendar" in Form;
    /// Opens the records that belong to this one; the form stays as it is.
    Related = "related" in Form;
    /// Puts back what the field held.
    RestoreField = "restore-field" in Form;
    /// Takes the value on the left.
    TakeLeft = "take-left" in Conflict;
    /// Takes the value on the right.
    TakeRight = "take-right" in Conflict;
    /// Keeps both texts.
    KeepBoth = "keep-both" in Conflict;
    /// Decides the same fields of the other conflicts in the same way.
    SameRule = "same-rule" in Conflict;
    /// Settles every conflict that is decided.
    ApplyAll = "apply-all" in Conflict;
    /// Types another value.
    TypeValue = "type-value" in Conflict;
    /// Settles the conflict as chosen.
    Apply = "apply" in Conflict Import;
    /// Sends a refused change again as it is.
    Resend = "resend" in Attention;
    /// Gives a refused change up.
    Discard = "discard" in Attention;
    /// Starts a new record.
    New = "new" in List;
    /// Changes the record.
    Edit = "edit" in List Detail Attention;
    /// Opens the sheet of a session to sign people in.
    CheckIn = "check-in" in Overview List Detail;
    /// Starts a new record that belongs to this one.
    AddRelated = "add-related" in Detail;
    /// Lists the workflow steps of the record, and what can be done with several.
    Steps = "steps" in List Detail;
    /// Asks for a place: for this person in a class, or in this class for a person.
    Request = "request" in Detail;
    /// Gives each unit the submission that the task asks it for.
    Deploy = "deploy" in Detail;
    /// Signs for the notice.
    Sign = "sign" in Detail;
    /// Adds a dated note to the record.
    Note = "note" in Detail;
    /// Makes one record of this person and another record of them.
    Merge = "merge" in Detail;
    /// Fills a paper form for the record.
    Print = "print" in Detail;
    /// Finds records by name, pinyin or initials.
    Find = "find" in Overview List Detail;
    /// Filters the list by the values of a field.
    Filter = "filter" in List;
    /// Takes all filters and the search away.
    ClearFilter = "clear-filter" in List Values;
    /// Sorts the list by a column.
    Sort = "sort" in List Values;
    /// Sorts by a further column what the orders before it find equal.
    SortAlso = "sort-also" in List;
    /// Counts the values of the column under the cursor.
    Values = "values" in List;
    /// Shows which columns there are, in which order and how wide.
    Columns = "columns" in List;
    /// Shows the counts as a chart, or how many records were made month by month.
    Chart = "chart" in Values Overview;
    /// Shows the figure under the cursor unit by unit.
    ByUnit = "by-unit" in Overview Boards;
    /// Shows the four boards.
    Boards = "boards" in Overview;
    /// Shows what is due in the coming year.
    Agenda = "agenda" in Overview;
    /// Reads a workbook or text file in, after a preview.
    Import = "import" in Overview List Detail;
    /// Chooses by what texts are put in order: pinyin, strokes, zhuyin.
    Collation = "collation" in List;
    /// Changes what the last line of the list says: sum, mean, count.
    Totals = "totals" in List;
    /// Changes the cell under the cursor in place.
    EditCell = "edit-cell" in List;
    /// Keeps the list, as it is arranged, under a name.
    SaveView = "save-view" in List;
    /// Opens a list that was kept under a name.
    OpenView = "open-view" in Overview List;
    /// Throws a list away that was kept under a name.
    DropView = "drop-view" in Overview List;
    /// Moves a column towards the left.
    ColumnUp = "column-up" in Columns;
    /// Moves a column towards the right.
    ColumnDown = "column-down" in Columns;
    /// Keeps the columns up to this one in sight while others scroll.
    Pin = "pin" in Columns;
    /// Arranges the columns as they were delivered.
    ColumnReset = "column-reset" in Columns;
    /// Selects the row, or ticks the value.
    Select = "select" in List Values Columns;
    /// Begins or ends a range of selected rows.
    SelectRange = "select-range" in List;
    /// Selects every row with the value of the cell under the cursor.
    SelectSame = "select-same" in List;
    /// Selects every row of the list.
    SelectAll = "select-all" in List;
    /// Selects upwards.
    SelectUp = "select-up" in List;
    /// Selects downwards.
    SelectDown = "select-down" in List;
    /// Shows every change made to the record.
    History = "history" in List Detail Conflict;
    /// Shows hidden personal data in full, which is logged.
    Reveal = "reveal" in Detail;
    /// Goes to the next record of the list, or the next conflict.
    NextRecord = "next-record" in Detail Conflict;
    /// Goes to the record before, or the conflict before.
    PrevRecord = "prev-record" in Detail Conflict;
    /// Copies the record's line to the clipboard.
    Copy = "copy" in List Detail;
    /// Deletes the record.
    Delete = "delete" in List Detail;
    /// Writes what the screen shows into a file.
    Export = "export" in Browse;
    /// Takes the last change back.
    Undo = "undo" in Browse Checkin;
    /// Does again what was taken back.
    Redo = "redo" in Browse Checkin;
    /// Lists what can be taken back.
    Commands = "commands" in Browse;
    /// Exchanges changes with the server.
    SyncNow = "sync" in Overview List Detail Attention Sync;
    /// Joins a server with a code.
    Enrol = "enrol" in Sync;
    /// Goes back one level.
    Back = "back" in Browse Form Bulk Checkin Keys;
    /// Moves up.
    Up = "up" in Browse;
    /// Moves down.
    Down = "down" in Browse;
    /// Moves or scrolls left.
    Left = "left" in Browse;
    /// Moves or scrolls right.
    Right = "right" in Browse;
    /// Moves up a page.
    PageUp = "page-up" in Browse;
    /// Moves down a page.
    PageDown = "page-down" in Browse;
    /// Goes to the first row.
    First = "first" in Browse;
    /// Goes to the last row.
    Last = "last" in Browse;
    /// Goes to the next tab.
    NextTab = "next-tab" in Browse;
    /// Goes to the tab before.
    PrevTab = "prev-tab" in Browse;
    /// Shows the overview.
    GoOverview = "go-overview" in Browse;
    /// Shows the enrolments.
    GoTraining = "go-training" in Browse;
    /// Shows the cultivation records.
    GoCultivation = "go-cultivation" in Browse;
    /// Shows the organizers' files.
    GoStaff = "go-staff" in Browse;
    /// Shows the persons.
    GoPersons = "go-persons" in Browse;
    /// Shows the conflicts.
    GoConflicts = "go-conflicts" in Browse;
    /// Shows what needs attention.
    GoAttention = "go-attention" in Browse;
    /// Shows the sync screen.
    GoSync = "go-sync" in Browse;
    /// Opens the list of all actions, by typing.
    Palette = "palette" in Global;
    /// Opens the menu.
    Menu = "menu" in Global;
    /// Shows the keys of this screen.
    Help = "help" in Global;
    /// Shows what can be pressed now.
    WhichKey = "which-key" in Global;
    /// Changes the keys.
    EditKeys = "edit-keys" in Browse;
    /// Changes the language.
    Language = "language" in Global;
    /// Paints the screen anew.
    Redraw = "redraw" in Global;
    /// Locks the records until the passphrase is given again.
    Lock = "lock" in Global;
    /// Stops the program until the shell resumes it.
    Suspend = "suspend" in Global;
    /// Ends the program.
    Quit = "quit" in Global;
}

impl Action {
    /// Returns the key of the message that names the action.
    pub fn label_key(self) -> String {
        format!("action-{}", self.id())
    }

    /// True if the action is offered in one of the contexts.
    pub fn is_in(self, chain: &[Context]) -> bool {
        self.contexts().iter().any(|context| chain.contains(context))
    }

    /// True if it changes something, or talks to the server: not for those who only look.
    pub const fn writes(self) -> bool {
        matches!(
            self,
            Self::UndoThis
                | Self::PutBack
                | Self::SignIn
                | Self::SignLate
                | Self::MarkAs
                | Self::Save
                | Self::Apply
                | Self::ApplyAll
                | Self::Resend
                | Self::Discard
                | Self::New
                | Self::Edit
                | Self::EditCell
                | Self::AddRelated
                | Self::Steps
                | Self::Request
                | Self::Deploy
                | Self::Sign
                | Self::Import
                | Self::Note
                | Self::Merge
                | Self::Reveal
                | Self::Delete
                | Self::Undo
                | Self::Redo
                | Self::SyncNow
                | Self::Enrol
                | Self::SaveView
                | Self::DropView
        )
    }

    /// True for moving about: footers leave it out, since arrows need no explanation.
    pub const fn is_movement(self) -> bool {
        matches!(
            self,
            Self::Up
                | Self::Down
                | Self::Left
                | Self::Right
                | Self::PageUp
                | Self::PageDown
                | Self::First
                | Self::Last
                | Self::SelectUp
                | Self::SelectDown
                | Self::NextHit
                | Self::PrevHit
                | Self::NextTab
                | Self::PrevTab
                | Self::GoOverview
                | Self::GoTraining
                | Self::GoCultivation
                | Self::GoStaff
                | Self::GoPersons
                | Self::GoConflicts
                | Self::GoAttention
                | Self::GoSync
        )
    }
}

#[cfg(test)]
mod tests;
