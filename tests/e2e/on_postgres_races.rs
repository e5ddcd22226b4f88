//! An order and a mint whose transactions are open at the same time, on two machines. One comes first, whole: either the
//! token was there before the order, and is dead from it on, or there is none.

use std::sync::Arc;

use ecluse::domain::level::Level;
use ecluse::store::db::Statement;
use tokio_postgres::Client;

use crate::on_postgres::{connect, until_waiting};
use crate::provider::{FIRST_PASSWORD, Provider, Wish};
use crate::relying_party::RelyingParty;
use crate::sign_in::{activate, signed_in};

/// Two providers on one database, and a third party who can hold rows.
struct Stage {
    here: Arc<Provider>,
    there: Arc<Provider>,
    portal: Arc<RelyingParty>,
    holding: Client,
    watching: Client,
}

impl Stage {
    async fn set() -> Self {
        let here = Arc::new(Provider::start().await);
        let there = Provider::start_with(Wish {
            stores: Some(Arc::clone(&here.stores)),
            clock: here.clock.clone(),
            ..Wish::default()
        });
        let there = Arc::new(there.await);
        let portal = Arc::new(RelyingParty::portal(&here).await);
        let url = here.stores.database.url().unwrap(); // none without scripts/postgres.sh
        Self { portal, holding: connect(url).await, watching: connect(url).await, here, there }
    }

    /// From here on what wants to change or hold this row waits, until `release`.
    async fn hold(&self, row: &str) {
        self.holding.batch_execute(&format!("BEGIN; SELECT FROM {row} FOR UPDATE")).await.unwrap();
    }

    async fn release(&self) {
        self.holding.batch_execute("COMMIT").await.unwrap();
    }

    /// `first` begins and is stopped in its transaction at a row; `second` begins and must wait for it.
    async fn overlap<A, B>(
        &self,
        row: &str,
        first: impl Future<Output = A> + Send + 'static,
        second: impl Future<Output = B> + Send + 'static,
    ) -> (A, B)
    where
        A: Send + 'static,
        B: Send + 'static,
    {
        self.hold(row).await;
        let first = tokio::spawn(first);
        until_waiting(&self.watching, 1, &first).await;
        let second = tokio::spawn(second);
        until_waiting(&self.watching, 2, &second).await;
        self.release().await;
        (first.await.unwrap(), second.await.unwrap())
    }

    fn ordering(&self) -> impl Future<Output = ()> + Send + 'static {
        let there = Arc::clone(&self.there);
        async move { drop(there.order(Level::Recover).await) }
    }

    async fn grants(&self) -> i64 {
        let sql = Statement::new("SELECT COUNT(*) AS count FROM token_grant", Vec::new());
        self.here.ctx.db.one(sql).await.unwrap().unwrap().int("count").unwrap()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs PostgreSQL: scripts/postgres.sh"]
async fn an_order_waits_for_a_token_that_is_being_written_and_then_kills_it() {
    let stage = Stage::set().await;
    let browser = activate(&stage.here, "zoe").await;
    let code = stage.portal.code(&browser.go(&stage.portal.authorize(&[])).await);
    let portal = Arc::clone(&stage.portal);
    let exchange = async move { portal.exchange(&code).await };
    // It has seen the clock of the orders, and takes the code.
    let (tokens, ()) = stage.overlap("ephemeral WHERE kind = 'code'", exchange, stage.ordering()).await;
    assert!(tokens.status.is_success(), "{tokens:?}");
    let dead = stage.portal.introspect(&tokens.text("access_token")).await;
    assert_eq!(dead.body["active"], false);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs PostgreSQL: scripts/postgres.sh"]
async fn a_code_that_is_exchanged_while_an_order_is_being_written_gives_nothing() {
    let stage = Stage::set().await;
    let browser = activate(&stage.here, "zoe").await;
    let code = stage.portal.code(&browser.go(&stage.portal.authorize(&[])).await);
    let portal = Arc::clone(&stage.portal);
    let exchange = async move { portal.exchange(&code).await };
    let ((), answer) = stage.overlap("order_clock", stage.ordering(), exchange).await;
    assert_eq!(answer.error(), (400, "invalid_grant"));
    assert_eq!(answer.text("ecluse_interaction"), "password_change_required");
    assert_eq!(stage.grants().await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs PostgreSQL: scripts/postgres.sh"]
async fn a_refresh_while_an_order_is_being_written_gives_nothing() {
    let stage = Stage::set().await;
    let (_, tokens) = signed_in(&stage.here, &stage.portal, "zoe").await;
    let refresh = tokens["refresh_token"].as_str().unwrap().to_owned();
    let portal = Arc::clone(&stage.portal);
    let refreshing = async move { portal.refresh(&refresh).await };
    let ((), answer) = stage.overlap("order_clock", stage.ordering(), refreshing).await;
    assert_eq!(answer.text("ecluse_interaction"), "password_change_required");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs PostgreSQL: scripts/postgres.sh"]
async fn a_password_that_is_chosen_while_an_order_is_being_written_is_older_than_it_or_not_there() {
    let stage = Stage::set().await;
    let browser = activate(&stage.here, "zoe").await;
    let page = browser.go("/account/password").await;
    let changing = async move {
        browser.change(&page, FIRST_PASSWORD, "Chat-noir-77").await;
    };
    // Hashing is done before the batch: the order is in the middle of its own when the change wants to begin.
    stage.overlap("order_clock", stage.ordering(), changing).await;
    let person = stage.here.person("zoe").await;
    let credential = person.facts.credential.unwrap();
    assert_eq!(credential.clock.0, 0, "the thief who knew the old password chose none after the order");
    let book = ecluse::store::reset_order::book(&stage.here.ctx.db).await.unwrap();
    assert_eq!(book.clock.0, 1);
}
