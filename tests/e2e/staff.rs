//! People with roles, and what they act as.

use ecluse::domain::account::AccountId;
use ecluse::domain::facts::Facts;
use ecluse::domain::grant::Authentication;
use ecluse::domain::operator::Role;
use ecluse::domain::territory::TerritoryCode;
use ecluse::flows::actor::{Actor, Operator, Origin, Standing};
use ecluse::store;
use ecluse::store::db::{Batch, Statement};

use crate::provider::Provider;

/// A sign-in of whoever these facts are of.
pub(crate) fn just_now(facts: &Facts) -> Authentication {
    Authentication {
        account: facts.account.clone(),
        number: facts.number,
        epoch: facts.epoch,
        clock: facts.clock,
        authenticated_at: facts.now,
        factor_at: None,
    }
}

impl Provider {
    /// Somebody of no school, with a role at a place, who has just shown a second factor.
    pub(crate) async fn hire(&self, login: &str, role: Role, place: &str) -> Actor {
        let account = Statement::new(
            "INSERT INTO account (id, source, source_key, login, login_name, given_name, family_name, email, way_in,
                 number, code_issue, created_at, updated_at)
             VALUES ($1, 'test', $1, $1, $1, $1, 'Essai', NULL, 'local', 1, 1, now_us(), now_us())
             ON CONFLICT DO NOTHING",
            vec![login.into()],
        );
        let code = TerritoryCode::parse(place).unwrap();
        let path = store::territory::find(&self.ctx.db, &code).await.unwrap().unwrap().path;
        let role = store::operator::grant(&AccountId(login.to_owned()), role, &path);
        self.ctx.db.run(Batch::plain(vec![account, role])).await.unwrap();
        self.as_operator(login).await
    }

    /// So that an order over the place covers them.
    pub(crate) async fn works_at(&self, login: &str, place: &str) {
        let sql = "INSERT INTO affiliation (account_id, path, profile, began)
             SELECT $1, path, 'National_ACA', 0 FROM territory WHERE code = $2";
        let at = Statement::new(sql, vec![login.into(), place.into()]);
        self.ctx.db.run(Batch::plain(vec![at])).await.unwrap();
    }

    /// Somebody who has just signed in and shown a second factor, whatever they may do.
    pub(crate) async fn as_operator(&self, login: &str) -> Actor {
        let person = store::account::find(&self.ctx.db, &AccountId(login.to_owned())).await.unwrap().unwrap();
        Actor {
            standing: Standing::Operator(Operator {
                authentication: just_now(&person.facts),
                client: None,
                factor_at: Some(self.clock.now()),
            }),
            reason: Some("stolen passwords".to_owned()),
            origin: Origin {
                request_id: Some("request-1".to_owned()),
                address: Some("192.0.2.7".to_owned()),
                ..Origin::default()
            },
        }
    }
}
