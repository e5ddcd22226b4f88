use std::time::Duration;

use super::cut::cut;
use super::seal::{Sealer, seal};
use super::verify::verify;
use crate::domain::audit_chain::{Fault, Head, Verified};
use crate::domain::event::Act;
use crate::flows::test_context::TestContext;
use crate::store;
use crate::store::db::{Batch, Statement, q};

async fn write(trial: &TestContext, count: usize) {
    let ctx = &trial.ctx;
    for number in 0..count {
        ctx.clock.advance(Duration::from_millis(1));
        let line = trial.actor.line(Act::CodeIssue, format!("account:{number}"));
        ctx.db.run(Batch::plain(vec![ctx.audit(ctx.clock.now(), &line)])).await.unwrap();
    }
}

async fn tamper(trial: &TestContext, statement: Statement) {
    trial.ctx.db.run(Batch::plain(vec![statement])).await.unwrap();
}

async fn verified(trial: &TestContext, known: Vec<Head>) -> Verified {
    verify(&trial.ctx, known).await.unwrap().0
}

#[tokio::test]
async fn lines_are_sealed_once_by_however_many_replicas() {
    let trial = TestContext::new().await;
    write(&trial, 1203).await;
    let waiting = verify(&trial.ctx, Vec::new()).await.unwrap().1;
    assert_eq!(waiting.lines, 1203);
    assert!(waiting.since.is_some());
    let (first, second, third) = tokio::join!(seal(&trial.ctx), seal(&trial.ctx), seal(&trial.ctx));
    let together = first.unwrap() + second.unwrap() + third.unwrap();
    assert_eq!(together + seal(&trial.ctx).await.unwrap(), 1203);
    let (whole, waiting) = verify(&trial.ctx, Vec::new()).await.unwrap();
    assert_eq!((whole.lines, whole.head.place, whole.faults), (1203, 1203, Vec::new()));
    assert_eq!(waiting, store::audit::Unsealed { lines: 0, since: None });
}

#[tokio::test]
async fn whoever_writes_in_the_database_without_the_key_is_found_out() {
    let trial = TestContext::new().await;
    write(&trial, 6).await;
    seal(&trial.ctx).await.unwrap();
    let head = store::audit::head(&trial.ctx.db).await.unwrap();
    assert_eq!(verified(&trial, vec![head.clone()]).await.faults, []);

    tamper(&trial, q!("UPDATE audit SET object = 'account:9' WHERE place = 2")).await;
    tamper(&trial, q!("DELETE FROM audit WHERE place = 4")).await;
    let faults = verified(&trial, Vec::new()).await.faults;
    assert!(matches!(&faults[..], [Fault::Changed { place: 2, .. }, Fault::Missing { from: 4, to: 4 }]));

    // The end is taken away, and the stored head set back to fit: only the head that was written down tells.
    let third = "UPDATE audit_head SET place = 3, tag = (SELECT tag FROM audit WHERE place = 3)";
    tamper(&trial, q!("UPDATE audit SET object = 'account:1' WHERE place = 2")).await;
    tamper(&trial, Statement::new(third, Vec::new())).await;
    tamper(&trial, q!("DELETE FROM audit WHERE place > 3")).await;
    assert_eq!(verified(&trial, Vec::new()).await.faults, []);
    assert_eq!(verified(&trial, vec![head.clone()]).await.faults, [Fault::Truncated { from: 4, to: 6 }]);
    // Nor does it help to let the program seal other lines in their place.
    write(&trial, 4).await;
    seal(&trial.ctx).await.unwrap();
    assert_eq!(verified(&trial, vec![head]).await.faults, [Fault::OtherChain { place: 6 }]);
}

#[tokio::test]
async fn what_was_kept_long_enough_goes_from_the_beginning_and_the_rest_still_fits() {
    let trial = TestContext::new().await;
    write(&trial, 1500).await;
    seal(&trial.ctx).await.unwrap();
    let keep = trial.ctx.settings.audit_keep;
    assert_eq!(cut(&trial.ctx).await.unwrap(), 0);
    trial.ctx.clock.advance(keep);
    write(&trial, 3).await; // not sealed, and not old
    assert_eq!(cut(&trial.ctx).await.unwrap(), 1500);
    assert_eq!(cut(&trial.ctx).await.unwrap(), 0);
    seal(&trial.ctx).await.unwrap();
    let whole = verified(&trial, Vec::new()).await;
    // Two batches of removals, a line each.
    assert_eq!((whole.lines, whole.head.place, whole.faults), (5, 1505, Vec::new()));

    tamper(&trial, q!("UPDATE audit_cut SET place = 1502, tag = 'x'")).await;
    tamper(&trial, q!("DELETE FROM audit WHERE place <= 1502")).await;
    let faults = verified(&trial, Vec::new()).await.faults;
    assert_eq!(faults[0], Fault::ForgedCut { place: 1502 });
}

#[tokio::test]
async fn the_head_is_told_when_it_moved_and_not_at_every_step() {
    let trial = TestContext::new().await;
    let mut sealer = Sealer::default();
    assert!(!sealer.round(&trial.ctx).await.unwrap());
    write(&trial, 1).await;
    assert!(sealer.round(&trial.ctx).await.unwrap());
    write(&trial, 1).await;
    assert!(!sealer.round(&trial.ctx).await.unwrap());
    trial.ctx.clock.advance(Duration::from_mins(1));
    assert!(sealer.round(&trial.ctx).await.unwrap());
    trial.ctx.clock.advance(Duration::from_mins(1));
    assert!(!sealer.round(&trial.ctx).await.unwrap());
    let reads = || trial.ctx.db.tally().reads.read().count;
    let before = reads();
    assert!(!sealer.round(&trial.ctx).await.unwrap());
    assert_eq!(reads() - before, 1, "an idle round asks for lines alone");
    write(&trial, 1).await;
    assert!(sealer.round(&trial.ctx).await.unwrap(), "what it sealed itself it tells at once");
}
