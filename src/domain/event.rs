//! Acts worth remembering: the lines of the audit log.

use serde::{Deserialize, Serialize};

/// What was done. The written form never changes: lines outlive programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Act {
    /// Accounts were read from a file.
    AccountImport,
    /// An account was disabled.
    AccountDisable,
    /// An account was enabled again.
    AccountEnable,
    /// The failures of an account were forgotten.
    AccountUnlock,
    /// Lines of the audit log that were kept long enough were removed.
    AuditCut,
    /// The audit log was read out.
    AuditExport,
    /// A client was registered.
    ClientAdd,
    /// A client was given a token for itself.
    ClientToken,
    /// Slips were handed over.
    CodeHandOver,
    /// Slips were not handed over after all.
    CodeTakeBack,
    /// A new code was issued for one person.
    CodeIssue,
    /// Codes were shown or printed.
    CodePrint,
    /// A new code was issued to be printed, where none was alive.
    CodeRenew,
    /// A second factor was enrolled.
    FactorEnrol,
    /// A recovery code stood in for a second factor.
    FactorRecovery,
    /// The codes that stand in for a second factor were replaced by others.
    FactorRenew,
    /// Somebody's second factor was taken away, and leave given to enrol another.
    FactorReset,
    /// The master key was written out, to be kept elsewhere.
    KeyBackup,
    /// A signing key was rotated.
    KeyRotate,
    /// Notices that were given up are tried anew.
    NoticeRetry,
    /// A role was granted.
    OperatorGrant,
    /// A role that two operators give was asked for.
    OperatorAsk,
    /// A role that was asked for was refused.
    OperatorRefuse,
    /// A role was taken away.
    OperatorRevoke,
    /// Somebody acted alone where a second person is asked for.
    BreakGlass,
    /// What somebody had put forward was approved.
    OrderApprove,
    /// A second person was asked to approve that an order is lifted.
    OrderCancelAsk,
    /// An order was written and not put forward.
    OrderDraft,
    /// An order that bound nobody yet was changed.
    OrderEdit,
    /// An order was put forward.
    OrderIssue,
    /// What somebody had put forward was sent back, or fell.
    OrderSendBack,
    /// An order came into force.
    OrderInForce,
    /// An order's deadline passed.
    OrderHarden,
    /// An order was cancelled.
    OrderCancel,
    /// An order's campaign ended.
    OrderClose,
    /// A list of those whom an order binds still was handed out.
    OrderExport,
    /// A password was chosen.
    PasswordChange,
    /// A change was forced on one account.
    PasswordForce,
    /// A password was found weak under today's rules.
    PasswordWeak,
    /// A rotated refresh token came back: its family was revoked.
    RefreshReuse,
    /// An authorization code came back: its grant was revoked.
    CodeReuse,
    /// Somebody was signed out everywhere.
    SessionsEnd,
    /// Somebody signed in.
    SignIn,
    /// Somebody signed out.
    SignOut,
    /// The database was copied to another server.
    StoreCopied,
    /// The database was put back from a copy, or one was taken into use.
    StoreRestored,
    /// Territories were read from a file.
    TerritoryImport,
}

impl Act {
    /// All of them, by their stored form.
    pub const ALL: [Self; 47] = [
        Self::AccountDisable,
        Self::AccountEnable,
        Self::AccountImport,
        Self::AccountUnlock,
        Self::AuditCut,
        Self::AuditExport,
        Self::BreakGlass,
        Self::ClientAdd,
        Self::ClientToken,
        Self::CodeHandOver,
        Self::CodeIssue,
        Self::CodePrint,
        Self::CodeRenew,
        Self::CodeReuse,
        Self::CodeTakeBack,
        Self::FactorEnrol,
        Self::FactorRecovery,
        Self::FactorRenew,
        Self::FactorReset,
        Self::KeyBackup,
        Self::KeyRotate,
        Self::NoticeRetry,
        Self::OperatorAsk,
        Self::OperatorGrant,
        Self::OperatorRefuse,
        Self::OperatorRevoke,
        Self::OrderApprove,
        Self::OrderCancel,
        Self::OrderCancelAsk,
        Self::OrderClose,
        Self::OrderDraft,
        Self::OrderEdit,
        Self::OrderExport,
        Self::OrderHarden,
        Self::OrderInForce,
        Self::OrderIssue,
        Self::OrderSendBack,
        Self::PasswordChange,
        Self::PasswordForce,
        Self::PasswordWeak,
        Self::RefreshReuse,
        Self::SessionsEnd,
        Self::SignIn,
        Self::SignOut,
        Self::StoreCopied,
        Self::StoreRestored,
        Self::TerritoryImport,
    ];

    /// Whether it takes from somebody the way in that they have, as an order does: one person does so much of it alone, and no more.
    pub const fn shuts_out(self) -> bool {
        matches!(self, Self::PasswordForce | Self::AccountDisable | Self::CodeIssue)
    }

    /// The act of a stored form; none of a line that another program wrote.
    pub fn from_stored(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|act| act.as_str() == text)
    }

    /// The stored form.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AccountDisable => "account.disable",
            Self::AccountEnable => "account.enable",
            Self::AccountImport => "account.import",
            Self::AccountUnlock => "account.unlock",
            Self::AuditCut => "audit.cut",
            Self::AuditExport => "audit.export",
            Self::ClientAdd => "client.add",
            Self::ClientToken => "client.token",
            Self::CodeHandOver => "code.hand_over",
            Self::CodeTakeBack => "code.take_back",
            Self::CodeIssue => "code.issue",
            Self::CodePrint => "code.print",
            Self::CodeRenew => "code.renew",
            Self::CodeReuse => "code.reuse",
            Self::FactorEnrol => "factor.enrol",
            Self::FactorRecovery => "factor.recovery",
            Self::FactorRenew => "factor.renew",
            Self::FactorReset => "factor.reset",
            Self::KeyBackup => "key.backup",
            Self::KeyRotate => "key.rotate",
            Self::NoticeRetry => "notice.retry",
            Self::OperatorAsk => "operator.ask",
            Self::OperatorGrant => "operator.grant",
            Self::OperatorRefuse => "operator.refuse",
            Self::OperatorRevoke => "operator.revoke",
            Self::BreakGlass => "break_glass",
            Self::OrderApprove => "order.approve",
            Self::OrderCancel => "order.cancel",
            Self::OrderCancelAsk => "order.cancel_ask",
            Self::OrderClose => "order.close",
            Self::OrderDraft => "order.draft",
            Self::OrderEdit => "order.edit",
            Self::OrderExport => "order.export",
            Self::OrderHarden => "order.harden",
            Self::OrderInForce => "order.in_force",
            Self::OrderIssue => "order.issue",
            Self::OrderSendBack => "order.send_back",
            Self::PasswordChange => "password.change",
            Self::PasswordForce => "password.force",
            Self::PasswordWeak => "password.weak",
            Self::RefreshReuse => "refresh.reuse",
            Self::SessionsEnd => "sessions.end",
            Self::SignIn => "sign_in",
            Self::SignOut => "sign_out",
            Self::StoreCopied => "store.copied",
            Self::StoreRestored => "store.restored",
            Self::TerritoryImport => "territory.import",
        }
    }
}

impl AuditLine {
    /// A line with nothing but who did what to what.
    pub const fn new(actor: String, act: Act, object: String) -> Self {
        Self {
            actor,
            territory: None,
            act,
            object,
            count: None,
            reason: None,
            address: None,
            request_id: None,
        }
    }
}

/// One line of the audit log, written in the same batch as the act. Holds no password, code or token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditLine {
    /// Who: `account:ID`, `local:USER`, `client:ID` or `system`.
    pub actor: String,
    /// Where the role holds that allowed it: a path; none where nobody's territory bound the act.
    pub territory: Option<String>,
    /// What.
    pub act: Act,
    /// To what: an account, an order, a client.
    pub object: String,
    /// To how many, where it is more than one.
    pub count: Option<i64>,
    /// Why, in the actor's words.
    pub reason: Option<String>,
    /// The network address it came from.
    pub address: Option<String>,
    /// The request it came with.
    pub request_id: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_act_is_among_all_of_them() {
        let stored = include_str!("event.rs").matches("=> \"").count();
        assert_eq!(Act::ALL.len(), stored);
        for act in Act::ALL {
            assert_eq!(Act::from_stored(act.as_str()), Some(act), "{}", act.as_str());
        }
    }
}
