//! What headquarters sends out: a task to the units it is for, and the receipt of a notice.

use super::app::{Purpose, Shell, Tone};
use super::widgets::dialog::Dialog;
use crate::domain::ids::RecordId;

/// Asks before submissions are made for all units.
pub(super) fn ask(shell: &mut Shell) {
    let answers = vec![shell.text("answer-cancel"), shell.text("answer-deploy")];
    let (title, text) = (shell.text("deploy-title"), shell.text("deploy-text"));
    let dialog = Dialog::ask(title, text, answers).opened_at(shell.now_ms);
    shell.ask(Purpose::Deploy, dialog);
}

/// Makes the submissions, and says for how many units.
pub(super) fn deploy(shell: &mut Shell, task: RecordId) {
    let Some(data) = shell.data.clone() else { return };
    match data.client.deploy(task) {
        Ok(done) => {
            let (made, joined) = (done.made.len().to_string(), done.joined.len().to_string());
            let (had, unknown) = (done.had.to_string(), done.unknown.join(", "));
            let args = [("made", &*made), ("joined", &joined), ("had", &had), ("codes", &unknown)];
            let (tone, key) = if unknown.is_empty() {
                (Tone::Good, "deployed")
            } else {
                (Tone::Bad, "deployed-unknown")
            };
            shell.say(tone, shell.text_with(key, &args));
            shell.changed();
        }
        Err(error) => shell.say_failure(&error.into()),
    }
}

/// Signs for a notice.
pub(super) fn sign(shell: &mut Shell, notice: RecordId) {
    let Some(data) = shell.data.clone() else { return };
    match data.client.sign_for(notice) {
        Ok(receipt) => {
            let key = if receipt.new { "signed" } else { "signed-before" };
            shell.say(Tone::Good, shell.text(key));
            shell.changed();
        }
        Err(error) => shell.say_failure(&error.into()),
    }
}
