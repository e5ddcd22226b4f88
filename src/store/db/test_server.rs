//! Databases of one's own on the PostgreSQL server that `ECLUSE_TEST_STORE` names, for unit and end-to-end tests alike.

use std::sync::atomic::{AtomicU32, Ordering};

use tokio_postgres::NoTls;

static MADE: AtomicU32 = AtomicU32::new(0);

/// A database that is gone when this is dropped.
pub(crate) struct ServerDatabase {
    server: String,
    pub(crate) url: String,
    pub(crate) name: String,
}

impl ServerDatabase {
    /// An empty database, or a copy of one to which nobody is connected; none where the tests are on SQLite.
    pub(crate) async fn create(template: Option<&str>) -> Option<Self> {
        let server = std::env::var("ECLUSE_TEST_STORE").ok()?;
        let (folder, _) = server.rsplit_once('/').unwrap();
        let name = format!("test_{}_{}", std::process::id(), MADE.fetch_add(1, Ordering::Relaxed));
        let url = format!("{folder}/{name}");
        tell(&server, &format!("CREATE DATABASE {name} TEMPLATE {}", template.unwrap_or("template1"))).await;
        Some(Self { server, url, name })
    }
}

impl Drop for ServerDatabase {
    fn drop(&mut self) {
        let (server, name) = (self.server.clone(), self.name.clone());
        // On a thread of its own: whoever drops this may be in the middle of a runtime.
        let dropping = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(tell(&server, &format!("DROP DATABASE {name} WITH (FORCE)")));
        });
        let _ = dropping.join(); // the test has said what there was to say
    }
}

async fn tell(server: &str, sql: &str) {
    let (client, connection) = tokio_postgres::connect(server, NoTls).await.unwrap();
    tokio::spawn(connection);
    client.batch_execute(sql).await.unwrap();
}
