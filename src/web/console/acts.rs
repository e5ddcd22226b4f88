//! Acts in words: the same on every page that shows lines of the audit log.

use crate::domain::event::Act;
use crate::web::pages::text::Language;

/// What was done. A line of another version of the program, which did something else, keeps its own word.
pub(in crate::web) fn text(language: Language, act: &str) -> String {
    Act::from_stored(act).map_or_else(|| act.to_owned(), |act| language.text(key(act)))
}

/// The message of an act.
pub(in crate::web) const fn key(act: Act) -> &'static str {
    match act {
        Act::AccountDisable => "act-account-disable",
        Act::AccountEnable => "act-account-enable",
        Act::AccountImport => "act-account-import",
        Act::AccountUnlock => "act-account-unlock",
        Act::AuditCut => "act-audit-cut",
        Act::AuditExport => "act-audit-export",
        Act::ClientAdd => "act-client-add",
        Act::ClientToken => "act-client-token",
        Act::CodeHandOver => "act-code-hand-over",
        Act::CodeTakeBack => "act-code-take-back",
        Act::CodeIssue => "act-code-issue",
        Act::CodePrint => "act-code-print",
        Act::CodeRenew => "act-code-renew",
        Act::CodeReuse => "act-code-reuse",
        Act::FactorEnrol => "act-factor-enrol",
        Act::FactorRecovery => "act-factor-recovery",
        Act::FactorRenew => "act-factor-renew",
        Act::FactorReset => "act-factor-reset",
        Act::KeyBackup => "act-key-backup",
        Act::KeyRotate => "act-key-rotate",
        Act::NoticeRetry => "act-notice-retry",
        Act::OperatorAsk => "act-operator-ask",
        Act::OperatorGrant => "act-operator-grant",
        Act::OperatorRefuse => "act-operator-refuse",
        Act::OperatorRevoke => "act-operator-revoke",
        Act::BreakGlass => "act-break-glass",
        Act::OrderApprove => "act-order-approve",
        Act::OrderCancel => "act-order-cancel",
        Act::OrderCancelAsk => "act-order-cancel-ask",
        Act::OrderClose => "act-order-close",
        Act::OrderDraft => "act-order-draft",
        Act::OrderEdit => "act-order-edit",
        Act::OrderExport => "act-order-export",
        Act::OrderHarden => "act-order-harden",
        Act::OrderInForce => "act-order-in-force",
        Act::OrderIssue => "act-order-issue",
        Act::OrderSendBack => "act-order-send-back",
        Act::PasswordChange => "act-password-change",
        Act::PasswordForce => "act-password-force",
        Act::PasswordWeak => "act-password-weak",
        Act::RefreshReuse => "act-refresh-reuse",
        Act::SessionsEnd => "act-sessions-end",
        Act::SignIn => "act-sign-in",
        Act::SignOut => "act-sign-out",
        Act::StoreCopied => "act-store-copied",
        Act::StoreRestored => "act-store-restored",
        Act::TerritoryImport => "act-territory-import",
    }
}
