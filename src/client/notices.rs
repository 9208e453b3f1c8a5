//! Signing for a notice (通知簽收): who of which unit has read it, when and on which device.

use super::Client;
use super::error::ClientError;
use super::ids;
use super::records::refuse_errors;
use crate::domain::ids::RecordId;
use crate::domain::kinds::Kind;
use crate::domain::record::{Fields, Issue, Value};
use crate::domain::rules::registry::Registry;
use crate::domain::work::notice::{Notice, NoticeStatus};
use crate::domain::work::notice_receipt::NoticeReceipt;
use crate::domain::workflow;
use crate::field;

/// The receipt of a notice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    /// The receipt.
    pub id: RecordId,
    /// False if the user had signed before; then nothing was written.
    pub new: bool,
}

impl Client {
    /// Signs for a notice in the name of the user, for the user's unit, today. Somebody who has signed signs no second time; a second
    /// person of the unit may.
    ///
    /// # Errors
    /// [`ClientError::NotFound`], [`ClientError::StepClosed`] for a notice that is not issued, [`ClientError::NotAllowed`],
    /// [`ClientError::Invalid`], [`ClientError::Store`].
    pub fn sign_for(&self, notice: RecordId) -> Result<Signed, ClientError> {
        let mut inner = self.lock();
        inner.live(notice, Kind::Notice)?;
        let state = workflow::state(Kind::Notice, &inner.view(&inner.record(notice)?)?.fields);
        if state.as_deref() != Some(NoticeStatus::Issued.key()) {
            let field = field!(Notice: "status");
            let state = state.unwrap_or_default();
            let reason = Box::new(Issue::error(field, "step-wrong-state").with("state", state));
            return Err(ClientError::StepClosed { action: "sign".to_owned(), reason });
        }
        let reader = Value::Text(inner.profile.user_name.clone());
        let unit = Value::Ref(inner.profile.unit.record());
        let is_own = |id: &RecordId| {
            let value = |no| inner.field(*id, no);
            value(field!(NoticeReceipt: "unit").number()).as_ref() == Some(&unit)
                && value(field!(NoticeReceipt: "reader").number()).as_ref() == Some(&reader)
        };
        let no = field!(NoticeReceipt: "notice").number();
        let receipts = inner.find(Kind::NoticeReceipt, no, &Value::Ref(notice));
        if let Some(id) = receipts.into_iter().find(is_own) {
            return Ok(Signed { id, new: false });
        }
        let mut fields = Fields::from([
            (no, Value::Ref(notice)),
            (field!(NoticeReceipt: "unit").number(), unit),
            (field!(NoticeReceipt: "reader").number(), reader),
            (
                field!(NoticeReceipt: "device").number(),
                Value::Text(inner.profile.device.to_string()),
            ),
        ]);
        let today = inner.today().map(Value::Date);
        fields.extend(today.map(|day| (field!(NoticeReceipt: "received_on").number(), day)));
        refuse_errors(inner.check(Kind::NoticeReceipt, None, &fields))?;
        let id = ids::record(&*inner.env);
        let edits = inner.creation(Kind::NoticeReceipt, id, None, fields)?;
        inner.commit_groups(vec![edits], None)?;
        Ok(Signed { id, new: true })
    }
}
