//! A look at the server for what would hurt later: what may be lost, what the role may not do, how many may connect.

use super::{Postgres, WALKS};
use crate::store::db::error::DbError;
use crate::store::db::statement::{Batch, q};
use crate::store::examined::{Doubt, Examined};

impl Postgres {
    /// Looks at the server through a connection as any request has it. `wanted` is how many connections the program may open.
    pub(in crate::store::db) async fn examine(&self, wanted: usize) -> Result<Examined, DbError> {
        let rows = self
            .read(q!(
                "SELECT current_setting('server_version') AS version, current_setting('fsync') AS fsync,
                     current_setting('full_page_writes') AS full_page_writes,
                     current_setting('synchronous_commit') AS synchronous_commit,
                     current_setting('synchronous_standby_names') AS standbys,
                     CAST(current_setting('max_connections') AS BIGINT) AS max_connections,
                     (SELECT string_agg(CAST(c.relname AS TEXT), ', ' ORDER BY c.relname) FROM pg_class c
                      WHERE c.relkind = 'r' AND c.relnamespace = CAST(current_schema() AS regnamespace)
                          AND NOT (has_table_privilege(c.oid, 'SELECT') AND has_table_privilege(c.oid, 'INSERT')
                                   AND has_table_privilege(c.oid, 'UPDATE') AND has_table_privilege(c.oid, 'DELETE')))
                         AS closed,
                     (SELECT string_agg(CAST(c.relname AS TEXT), ', ' ORDER BY c.relname) FROM pg_class c
                      WHERE c.relkind = 'r' AND c.relnamespace = CAST(current_schema() AS regnamespace)
                          AND NOT pg_has_role(c.relowner, 'USAGE')) AS owned_by_others"
            ))
            .await?;
        let row = rows.first().ok_or(DbError::WorkerLost)?;
        let mut doubts = Vec::new();
        for setting in ["fsync", "full_page_writes"] {
            if row.str(setting)? == "off" {
                doubts.push(Doubt::wrong(
                    format!("{setting} is off: what was confirmed is lost when the machine fails"),
                    format!("set {setting} = on in postgresql.conf"),
                ));
            }
        }
        let commit = row.str("synchronous_commit")?;
        if commit == "local" && !row.str("standbys")?.is_empty() {
            doubts.push(Doubt::warning(
                "synchronous_commit is local: a standby that takes over may lack what was confirmed",
                "set it to on, for the role or the server",
            ));
        }
        if let Some(tables) = row.opt_str("closed")? {
            doubts.push(Doubt::wrong(
                format!("the role may not read and write {tables}"),
                "GRANT SELECT, INSERT, UPDATE, DELETE on them, or make it their owner",
            ));
        }
        if let Some(tables) = row.opt_str("owned_by_others")? {
            doubts.push(Doubt::warning(
                format!(
                    "the role does not own {tables}: large imports cannot tell the planner what they wrote"
                ),
                "make it their owner by ALTER TABLE … OWNER TO",
            ));
        }
        let places: usize = row.number("max_connections")?;
        if wanted + WALKS > places {
            doubts.push(Doubt::warning(
                format!(
                    "the server takes {places} connections, and each program may open {}",
                    wanted + WALKS
                ),
                "lower store.connections or raise max_connections",
            ));
        }
        if let Some(level) = self.isolation().await? {
            doubts.push(level);
        }
        Ok(Examined {
            what: format!("PostgreSQL {}, synchronous_commit {commit}", row.str("version")?),
            doubts,
        })
    }

    /// What a transaction of ours really is: something between here and the server may have its own idea.
    async fn isolation(&self) -> Result<Option<Doubt>, DbError> {
        let asked = q!("SELECT current_setting('transaction_isolation') AS level,
                            current_setting('transaction_read_only') AS read_only");
        let done = self.run(Batch::plain(vec![asked])).await?;
        let row = done.first().and_then(|done| done.rows.first()).ok_or(DbError::WorkerLost)?;
        let (level, read_only) = (row.str("level")?, row.str("read_only")?);
        let right = level == "read committed" && read_only == "off";
        Ok((!right).then(|| {
            Doubt::wrong(
                format!("transactions are {level}, read only {read_only}, and not as they were begun"),
                "take away what stands between the program and the server",
            )
        }))
    }
}
