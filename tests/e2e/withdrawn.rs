//! What is handed out slowly ends when whoever asked for it may have no more of it: no longer an operator there, or no longer
//! signed in.

use ecluse::domain::audit_chain::Question;
use ecluse::domain::level::Level;
use ecluse::domain::operator::Role;
use ecluse::flows::audit::export::{Typed, export};
use ecluse::flows::reset_order::left::Remaining;
use ecluse::flows::step::Step;
use ecluse::flows::unavailable::Unavailable;
use ecluse::store::db::{Batch, Statement};
use serde_json::json;

use crate::api::Program;
use crate::provider::{Provider, Wish};
use crate::stop::Stop;

/// Somebody takes the role, ends the sessions, disables the account.
const ENDS: [&str; 3] = [
    "UPDATE operator_role SET ended = 0 WHERE account_id = 'anne'",
    "UPDATE account SET number = number + 1 WHERE id = 'anne'",
    "UPDATE account SET number = number + 1, disabled_at = 1 WHERE id = 'anne'",
];

async fn write(provider: &Provider, sql: &'static str) {
    provider.ctx.db.run(Batch::plain(vec![Statement::new(sql, Vec::new())])).await.unwrap();
}

#[tokio::test]
async fn a_list_of_who_is_left_breaks_off() {
    for end in ENDS {
        let provider = Provider::start().await;
        let anne = provider.hire("anne", Role::Authority, "academie:13").await;
        let id = provider.order(Level::Change).await;
        let ctx = &provider.ctx;
        let mut left = Remaining::begin(ctx, &anne, &id, None).await.unwrap().unwrap();
        assert!(left.next(ctx).await.unwrap().is_some());
        write(&provider, end).await;
        let rest = left.next(ctx).await.map(|some| some.map(|some| some.len()));
        assert!(matches!(rest, Err(Unavailable::Withdrawn(_))), "{end}: {rest:?}");
        let again = Remaining::begin(ctx, &anne, &id, None).await.unwrap();
        assert!(again.is_err(), "{end}");
    }
}

#[tokio::test]
async fn an_export_of_the_audit_log_breaks_off() {
    for end in ENDS {
        let provider = Provider::start().await;
        let anne = provider.hire("anne", Role::Authority, "academie:13").await;
        write(
            &provider,
            "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 1200)
             INSERT INTO audit (id, at, actor, act, object, territory)
             SELECT 'old ' || n, 1795255000000000 + n, 'local:root', 'account.unlock', 'account:zoe', t.path
             FROM n, territory t WHERE t.code = 'uai:0860001J'",
        )
        .await;
        let ctx = &provider.ctx;
        let mut lines = export(ctx, &anne, &Question::default(), Typed::default()).await.unwrap().unwrap();
        assert_eq!(lines.next(ctx).await.unwrap().map(|some| some.len()), Some(500));
        write(&provider, end).await;
        let rest = lines.next(ctx).await.map(|some| some.map(|some| some.len()));
        assert!(matches!(rest, Err(Unavailable::Withdrawn(_))), "{end}: {rest:?}");
    }
}

#[tokio::test]
async fn slips_break_off() {
    for end in ENDS {
        let stop = Stop::new();
        let provider = Provider::start_with(Wish { steps: stop.steps(), ..Wish::default() }).await;
        let anne = Program::of(&provider, "anne", Role::Authority, "academie:13").await;
        let request = anne.http.post(format!("{}/api/v1/slips", anne.issuer)).bearer_auth(&anne.token);
        let asked = request.json(&json!({ "territory": "academie:13" })).send();
        let read = async { asked.await.unwrap().bytes().await };
        let (read, ()) = stop.between(Step::SlipsDecided, read, write(&provider, end)).await;
        assert!(read.is_err(), "{end}: {read:?}");
        let printed = Statement::new("SELECT id FROM audit WHERE act = 'code.print'", Vec::new());
        assert!(provider.ctx.db.one(printed).await.unwrap().is_none(), "{end}");
    }
}
