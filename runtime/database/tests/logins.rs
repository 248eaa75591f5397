//! How long a login stays locked, and how old a password may become.

use std::time::Duration;

use crate::support::{Server, login, run};
use launchpod_database::sqlite::Options;
use launchpod_database::{Database, Login, Secret};

/// A server with the login `ann`, whose password expires.
async fn server(options: Options) -> Server {
    let server = Server::with(options);
    let create = "CREATE LOGIN ann WITH PASSWORD = 'Yukon-900', CHECK_EXPIRATION = ON";
    run(&mut *server.session().await, create).await.unwrap();
    server
}

/// The error of a login; nothing when it succeeds.
async fn refusal(server: &Server, password: &str) -> Option<i32> {
    let entered = server.database.login(login("ann", password, "")).await;
    entered.err().map(|error| error.number())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_locked_login_is_unlocked_in_time() {
    let options = Options { lockout_threshold: 2, lockout_duration: 2, ..Options::default() };
    let server = server(options).await;
    for _ in 0..2 {
        assert_eq!(refusal(&server, "wrong").await, Some(18456));
    }
    assert_eq!(refusal(&server, "Yukon-900").await, Some(18486));
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(refusal(&server, "Yukon-900").await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_expires_at_its_age() {
    let young = server(Options::default()).await;
    assert_eq!(refusal(&young, "Yukon-900").await, None);
    // Older than that it is at once.
    let old = server(Options { password_max_age: -1, ..Options::default() }).await;
    assert_eq!(refusal(&old, "Yukon-900").await, Some(18487));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_changes_its_password_while_it_logs_in() {
    let server = server(Options::default()).await;
    let must = "ALTER LOGIN ann WITH PASSWORD = 'Yukon-901' MUST_CHANGE";
    run(&mut *server.session().await, must).await.unwrap();
    let change = async |old: &str, new: &str| {
        let login = Login { new_password: Some(Secret::new(new)), ..login("ann", old, "") };
        server.database.login(login).await.err().map(|error| error.number())
    };
    assert_eq!(refusal(&server, "Yukon-901").await, Some(18488));
    assert_eq!(change("wrong", "Yukon-902").await, Some(18456));
    assert_eq!(change("Yukon-901", "short").await, Some(18464));
    assert_eq!(change("Yukon-901", "alllowercase").await, Some(18466));
    assert_eq!(change("Yukon-901", &"Aa1-".repeat(40)).await, Some(18465));
    // Nothing of it has changed the password.
    assert_eq!(refusal(&server, "Yukon-901").await, Some(18488));
    assert_eq!(change("Yukon-901", "Yukon-902").await, None);
    assert_eq!(refusal(&server, "Yukon-901").await, Some(18456));
    assert_eq!(refusal(&server, "Yukon-902").await, None);
}
