//! Gives people their first password the only way there is: a code, the sign-in page, the change page.

use std::sync::Arc;

use ::ecluse::cli::open;
use ::ecluse::cli::printer::Failure;
use ::ecluse::config::Config;
use ::ecluse::domain::code::printed;
use ::ecluse::flows::account::new_code::new_code;
use ::ecluse::flows::actor::Actor;
use ::ecluse::flows::context::Context;
use ::ecluse::store::clock::Clock;
use ::ecluse::web::app::App;
use ::ecluse::web::serve::serve;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinSet;

use crate::browser::Browser;
use crate::people::Somebody;

/// Has these people choose their passwords, all at once, at a provider of this process that goes by the given clock:
/// that is how somebody can have chosen one a year ago.
pub async fn activate(config: &Config, clock: Clock, people: Vec<Somebody>) -> Result<(), Failure> {
    let ctx = Arc::new(open::context_at(config, clock).await?);
    // A PostgreSQL server goes by its own clock, unless the schema says that it is told the time.
    ctx.db.migrate().await?;
    let listener = TcpListener::bind(config.server.listen).await?;
    let app = App::new(Arc::clone(&ctx), config.site());
    let (stop, stopped) = oneshot::channel::<()>();
    let server = tokio::spawn(serve(app, listener, config.limits(), async {
        let _ = stopped.await;
    }));
    let mut choosing = JoinSet::new();
    for somebody in people {
        choosing.spawn(choose(Arc::clone(&ctx), config.server.issuer.as_str().to_owned(), somebody));
    }
    while let Some(chosen) = choosing.join_next().await {
        chosen??;
    }
    let _ = stop.send(());
    Ok(server.await??)
}

async fn choose(ctx: Arc<Context>, issuer: String, somebody: Somebody) -> Result<(), Failure> {
    let actor = Actor::local("demo", Some("first password".to_owned()));
    let issued = new_code(&ctx, &actor, &somebody.login).await?.map_err(Failure::refused)?;
    let code = printed(&issued.code);
    Browser::new(&issuer)?.activate(&somebody.login, code.expose(), &somebody.password).await
}
