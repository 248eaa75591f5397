//! The Resource Governor: pools, groups, and whom the classifier puts where.

use crate::support::{Server, check, login, run};
use launchpod_database::sqlite::{Embedded, Options};
use launchpod_database::{Database, Login, Secret, Session};
use launchpod_types::ExternalPool;

const POOLS: &str = "SELECT external_pool_id, name, max_cpu_percent, max_memory_percent,
    max_processes FROM sys.resource_governor_external_resource_pools";
const HELD_POOLS: &str = "SELECT external_pool_id, name, max_cpu_percent, max_memory_percent,
    max_processes FROM sys.dm_resource_governor_external_resource_pools";
const GROUPS: &str = "SELECT group_id, name, importance, pool_id, external_pool_id
    FROM sys.resource_governor_workload_groups";
const OWN_GROUP: &str = "SELECT g.name FROM sys.dm_exec_sessions s
    JOIN sys.dm_resource_governor_workload_groups g ON g.group_id = s.group_id
    WHERE s.session_id = @@SPID";
const PENDING: &str =
    "SELECT is_reconfiguration_pending FROM sys.dm_resource_governor_configuration";
const RECONFIGURE: &str = "ALTER RESOURCE GOVERNOR RECONFIGURE";

const SHAPE: &str = "int!, nvarchar(128)!, int!, int!, int!: ";

/// Runs each of the statements.
async fn all(session: &mut dyn Session, statements: &[&str]) {
    for statement in statements {
        if let Err(error) = run(session, statement).await {
            panic!("{statement}: {} {}", error.number(), error.0.text);
        }
    }
}

/// A session of that number, which no other one of the test has, whose client has that program name.
async fn session_of(server: &Server, spid: u16, program: &str) -> Box<dyn Session> {
    let mut login = login("sa", "pass", "");
    (login.spid, login.program) = (spid, program.to_owned());
    server.database.login(login).await.unwrap()
}

async fn group_of(session: &mut dyn Session) -> String {
    run(session, OWN_GROUP).await.unwrap().rows[0][0].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_holds_before_it_is_reconfigured() {
    let server = Server::new();
    let mut session = server.session().await;
    let both = format!("{SHAPE}2|default|100|100|0; 256|ds_ep|75|30|0");
    let one = format!("{SHAPE}2|default|100|100|0");
    let altered = format!("{SHAPE}2|default|100|40|7; 256|ds_ep|75|30|0");
    let alter = "ALTER EXTERNAL RESOURCE POOL \"default\"
                 WITH (MAX_MEMORY_PERCENT = 40 MAX_PROCESSES = 7)";
    check(
        &mut *session,
        &[
            (POOLS, &one),
            (PENDING, "bit!: 0"),
            (
                "CREATE EXTERNAL RESOURCE POOL ds_ep WITH (MAX_CPU_PERCENT = 75
                 , AFFINITY CPU = AUTO , MAX_MEMORY_PERCENT = 30)",
                ": ",
            ),
            (POOLS, &both),
            (HELD_POOLS, &one),
            (PENDING, "bit!: 1"),
            (RECONFIGURE, ": "),
            (HELD_POOLS, &both),
            (PENDING, "bit!: 0"),
            ("SELECT is_enabled FROM sys.resource_governor_configuration", "bit!: 1"),
            (alter, ": "),
            (HELD_POOLS, &both),
            (RECONFIGURE, ": "),
            (HELD_POOLS, &altered),
            (
                "SELECT version FROM sys.resource_governor_external_resource_pools ORDER BY 1 DESC",
                "bigint!: 2; 1",
            ),
            // Without it only what every server has holds.
            ("ALTER RESOURCE GOVERNOR DISABLE", ": "),
            (HELD_POOLS, &one),
            (POOLS, &altered),
            ("DROP EXTERNAL RESOURCE POOL ds_ep", ": "),
            (RECONFIGURE, ": "),
            (HELD_POOLS, &format!("{SHAPE}2|default|100|40|7")),
        ],
    )
    .await;
    let expected =
        ExternalPool { max_memory_percent: 40, max_processes: 7, ..ExternalPool::default() };
    assert_eq!(session.external_pool(), expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_a_pool_is_said() {
    let server = Server::new();
    let mut session = server.session().await;
    check(
        &mut *session,
        &[
            ("CREATE EXTERNAL RESOURCE POOL p", ": "),
            ("CREATE EXTERNAL RESOURCE POOL P", "10918"),
            ("CREATE EXTERNAL RESOURCE POOL [default]", "10918"),
            // Of the other kind it is another one.
            ("CREATE RESOURCE POOL p WITH (MIN_CPU_PERCENT = 10, MAX_CPU_PERCENT = 20)", ": "),
            ("CREATE RESOURCE POOL q WITH (MIN_CPU_PERCENT = 30, MAX_CPU_PERCENT = 20)", "10907"),
            ("CREATE EXTERNAL RESOURCE POOL #p", "10914"),
            ("CREATE EXTERNAL RESOURCE POOL q WITH (MAX_CPU_PERCENT = 0)", "153"),
            ("CREATE EXTERNAL RESOURCE POOL q WITH (MAX_CPU_PERCENT = 101)", "153"),
            ("CREATE EXTERNAL RESOURCE POOL q WITH (MAX_CPU_PERCENT = 1.5)", "153"),
            ("CREATE EXTERNAL RESOURCE POOL q WITH (MAX_MEMORY_PERCENT = 0)", "153"),
            ("CREATE EXTERNAL RESOURCE POOL q WITH (MAX_PROCESSES = -1)", "153"),
            ("CREATE EXTERNAL RESOURCE POOL q WITH (MAX_PROCESSES = 2147483648)", "153"),
            ("CREATE EXTERNAL RESOURCE POOL q WITH (AFFINITY CPU = (3 TO 1))", "10924"),
            ("CREATE EXTERNAL RESOURCE POOL q WITH (AFFINITY CPU = (0 TO 1))", "40517"),
            ("CREATE EXTERNAL RESOURCE POOL q WITH (AFFINITY NUMANODE = (0))", "40517"),
            ("ALTER EXTERNAL RESOURCE POOL q WITH (MAX_PROCESSES = 1)", "10934"),
            ("ALTER RESOURCE POOL q WITH (MAX_CPU_PERCENT = 1)", "10911"),
            ("ALTER RESOURCE POOL internal WITH (MAX_CPU_PERCENT = 1)", "10915"),
            ("DROP EXTERNAL RESOURCE POOL q", "10934"),
            ("DROP EXTERNAL RESOURCE POOL [Default]", "10912"),
            ("DROP RESOURCE POOL internal", "10912"),
            ("CREATE WORKLOAD GROUP g USING [default], EXTERNAL p", ": "),
            ("DROP EXTERNAL RESOURCE POOL p", "10916"),
            ("DROP RESOURCE POOL p", ": "),
            ("BEGIN TRANSACTION ALTER RESOURCE GOVERNOR RECONFIGURE", "226"),
            ("ALTER RESOURCE GOVERNOR DISABLE", "226"),
            ("ALTER RESOURCE GOVERNOR RESET STATISTICS", "226"),
        ],
    )
    .await;
    // A transaction takes it back.
    all(&mut *session, &["DROP WORKLOAD GROUP g", "DROP EXTERNAL RESOURCE POOL p", "ROLLBACK"])
        .await;
    let kept = format!("{SHAPE}2|default|100|100|0; 256|p|100|100|0");
    check(&mut *session, &[(POOLS, &kept)]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn there_are_at_most_sixty_four_pools() {
    let server = Server::new();
    let mut session = server.session().await;
    for number in 0..63 {
        let create = format!("CREATE EXTERNAL RESOURCE POOL p{number}");
        all(&mut *session, &[&create]).await;
    }
    check(&mut *session, &[("CREATE EXTERNAL RESOURCE POOL more", "10909")]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_a_group_is_said() {
    let server = Server::new();
    let mut session = server.session().await;
    let shape = "int!, nvarchar(128)!, nvarchar(128)!, int!, int!: ";
    let groups = format!("{shape}1|internal|Medium|1|2; 2|default|Medium|2|2; 256|g|High|2|256");
    check(
        &mut *session,
        &[
            ("CREATE EXTERNAL RESOURCE POOL p", ": "),
            (
                "CREATE WORKLOAD GROUP g WITH (IMPORTANCE = HIGH, MAX_DOP = 2,
                 REQUEST_MAX_MEMORY_GRANT_PERCENT = 2.5) USING \"default\", EXTERNAL p",
                ": ",
            ),
            (GROUPS, &groups),
            (
                "SELECT max_dop, request_max_memory_grant_percent,
                     request_max_memory_grant_percent_numeric
                 FROM sys.resource_governor_workload_groups WHERE name = 'g'",
                "int!, int!, float!: 2|2|2.5",
            ),
            ("CREATE WORKLOAD GROUP g", "10918"),
            ("CREATE WORKLOAD GROUP ##g", "10914"),
            ("CREATE WORKLOAD GROUP h USING nowhere", "10911"),
            ("CREATE WORKLOAD GROUP h USING EXTERNAL nowhere", "10934"),
            ("CREATE WORKLOAD GROUP h USING internal", "10913"),
            ("CREATE WORKLOAD GROUP h WITH (MAX_DOP = 65)", "153"),
            ("ALTER WORKLOAD GROUP h USING [default]", "15151"),
            ("ALTER WORKLOAD GROUP g", "10917"),
            ("ALTER WORKLOAD GROUP internal WITH (MAX_DOP = 1)", "10915"),
            ("ALTER WORKLOAD GROUP [default] USING EXTERNAL p", "10921"),
            ("ALTER WORKLOAD GROUP [default] WITH (MAX_DOP = 1)", ": "),
            ("DROP WORKLOAD GROUP [default]", "10912"),
            ("DROP WORKLOAD GROUP h", "15151"),
            ("ALTER WORKLOAD GROUP g USING EXTERNAL [default]", ": "),
            ("DROP EXTERNAL RESOURCE POOL p", ": "),
            ("DROP WORKLOAD GROUP g", ": "),
        ],
    )
    .await;
}

/// A server that puts who comes with the program `RStudio` in the group `ds_wg`.
async fn classifying() -> Server {
    let server = Server::new();
    let mut session = server.session().await;
    all(
        &mut *session,
        &[
            "CREATE EXTERNAL RESOURCE POOL ds_ep WITH (MAX_MEMORY_PERCENT = 40)",
            "CREATE WORKLOAD GROUP ds_wg WITH (IMPORTANCE = MEDIUM)
             USING \"default\", EXTERNAL \"ds_ep\"",
            "CREATE FUNCTION is_ds_apps() RETURNS sysname WITH SCHEMABINDING AS BEGIN
             IF PROGRAM_NAME() IN ('Microsoft R Host', 'RStudio', 'Mashup') RETURN 'ds_wg';
             RETURN 'default' END",
            "ALTER RESOURCE GOVERNOR WITH (CLASSIFIER_FUNCTION = dbo.is_ds_apps)",
        ],
    )
    .await;
    assert_eq!(group_of(&mut *session_of(&server, 61, "RStudio").await).await, "default");
    all(&mut *session, &[RECONFIGURE]).await;
    server
}

#[tokio::test(flavor = "multi_thread")]
async fn a_classifier_says_to_which_group_a_session_belongs() {
    let server = classifying().await;
    let mut other = session_of(&server, 62, "sqlcmd").await;
    assert_eq!(group_of(&mut *other).await, "default");
    assert_eq!(other.external_pool(), ExternalPool::default());
    let mut session = session_of(&server, 63, "RStudio").await;
    assert_eq!(group_of(&mut *session).await, "ds_wg");
    let pool = session.external_pool();
    assert_eq!((pool.id, pool.name.as_str(), pool.max_memory_percent), (256, "ds_ep", 40));

    // A change holds for who is there.
    all(&mut *other, &["ALTER EXTERNAL RESOURCE POOL ds_ep WITH (MAX_MEMORY_PERCENT = 50)"]).await;
    assert_eq!(session.external_pool().max_memory_percent, 40);
    all(&mut *other, &[RECONFIGURE]).await;
    assert_eq!(session.external_pool().max_memory_percent, 50);

    // A group isn't moved under who is in it.
    all(&mut *other, &["ALTER WORKLOAD GROUP ds_wg USING EXTERNAL [default]"]).await;
    check(&mut *other, &[(RECONFIGURE, "10904")]).await;
    assert_eq!(session.external_pool().id, 256);
    drop(session);
    all(&mut *other, &[RECONFIGURE]).await;
    assert_eq!(session_of(&server, 64, "RStudio").await.external_pool().id, 2);

    all(&mut *other, &["ALTER RESOURCE GOVERNOR DISABLE"]).await;
    assert_eq!(group_of(&mut *session_of(&server, 65, "RStudio").await).await, "default");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_classifier_sees_who_comes_from_where() {
    let server = Server::new();
    let mut session = server.session().await;
    all(
        &mut *session,
        &[
            "CREATE WORKLOAD GROUP [sa tests here master ann]",
            "CREATE TABLE dbo.rules (login sysname, g sysname)",
            "CREATE FUNCTION dbo.f() RETURNS sysname WITH SCHEMABINDING AS BEGIN
             DECLARE @g sysname = (SELECT TOP (1) g FROM dbo.rules WHERE login = SUSER_SNAME())
             IF @g IS NULL SET @g = CONCAT_WS(' ', SUSER_SNAME(), APP_NAME(), HOST_NAME(),
                 ORIGINAL_DB_NAME(), 'ann')
             RETURN @g END",
            "ALTER RESOURCE GOVERNOR WITH (CLASSIFIER_FUNCTION = dbo.f)",
            RECONFIGURE,
        ],
    )
    .await;
    let mut own = session_of(&server, 52, "tests").await;
    assert_eq!(group_of(&mut *own).await, "sa tests here master ann");

    // One that may do nothing there, by a table that it can't read.
    all(
        &mut *session,
        &[
            "CREATE LOGIN ann WITH PASSWORD = 'Yukon-900'",
            "GRANT VIEW SERVER STATE TO ann",
            "CREATE WORKLOAD GROUP anns",
            "INSERT dbo.rules VALUES ('ann', 'anns')",
            RECONFIGURE,
        ],
    )
    .await;
    let ann = Login { spid: 53, ..login("ann", "Yukon-900", "") };
    let mut ann = server.database.login(ann).await.unwrap();
    assert_eq!(group_of(&mut *ann).await, "anns");
    check(
        &mut *ann,
        &[
            ("SELECT * FROM master.dbo.rules", "229"),
            ("CREATE EXTERNAL RESOURCE POOL p", "10901"),
            (RECONFIGURE, "10901"),
            // What is stored is for who may see definitions.
            (POOLS, SHAPE),
            (HELD_POOLS, &format!("{SHAPE}2|default|100|100|0")),
        ],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_classifier_that_fails_leaves_the_default_group() {
    let server = Server::new();
    let mut session = server.session().await;
    for body in [
        "RETURN CAST(1 / 0 AS sysname)",
        "RETURN NULL",
        "RETURN 'no such group'",
        "RETURN 'internal'",
    ] {
        let create = format!(
            "CREATE OR ALTER FUNCTION dbo.f() RETURNS sysname WITH SCHEMABINDING AS BEGIN {body} END"
        );
        all(
            &mut *session,
            &[
                "ALTER RESOURCE GOVERNOR WITH (CLASSIFIER_FUNCTION = NULL)",
                RECONFIGURE,
                &create,
                "ALTER RESOURCE GOVERNOR WITH (CLASSIFIER_FUNCTION = dbo.f)",
                RECONFIGURE,
            ],
        )
        .await;
        let mut classified = session_of(&server, 52, "tests").await;
        assert_eq!(group_of(&mut *classified).await, "default", "{body}");
    }
}

/// It is stopped after a while, so that nobody is kept out for ever.
#[tokio::test(flavor = "multi_thread")]
async fn a_classifier_that_never_ends_lets_sessions_in() {
    let server = Server::new();
    let mut session = server.session().await;
    all(
        &mut *session,
        &[
            "CREATE FUNCTION dbo.f() RETURNS sysname WITH SCHEMABINDING AS BEGIN
             DECLARE @i int = 0 WHILE @i < 10 SET @i = (@i + 1) % 5 RETURN 'default' END",
            "ALTER RESOURCE GOVERNOR WITH (CLASSIFIER_FUNCTION = dbo.f)",
            RECONFIGURE,
        ],
    )
    .await;
    let mut kept = session_of(&server, 52, "tests").await;
    assert_eq!(group_of(&mut *kept).await, "default");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_can_not_classify_is_refused() {
    let server = Server::new();
    let mut session = server.session().await;
    all(
        &mut *session,
        &[
            "CREATE FUNCTION unbound() RETURNS sysname AS BEGIN RETURN 'default' END",
            "CREATE FUNCTION number() RETURNS int WITH SCHEMABINDING AS BEGIN RETURN 1 END",
            "CREATE FUNCTION of_one(@a int) RETURNS sysname WITH SCHEMABINDING AS BEGIN
             RETURN 'default' END",
            "CREATE FUNCTION fine() RETURNS sysname WITH SCHEMABINDING AS BEGIN RETURN 'default' END",
            "CREATE DATABASE other",
            "USE other",
        ],
    )
    .await;
    let classify =
        |name: &str| format!("ALTER RESOURCE GOVERNOR WITH (CLASSIFIER_FUNCTION = {name})");
    for (name, error) in [
        ("dbo.unbound", "10906"),
        ("dbo.number", "10906"),
        ("dbo.of_one", "10906"),
        ("dbo.nothing", "10902"),
        ("nowhere.fine", "10903"),
        ("other.dbo.fine", "10902"),
        ("dbo.fine", ": "),
    ] {
        check(&mut *session, &[(&classify(name), error)]).await;
    }
    // It stays until it classifies no more.
    let alter = "ALTER FUNCTION fine() RETURNS sysname AS BEGIN RETURN 'x' END";
    check(
        &mut *session,
        &[
            ("USE master", ": "),
            ("DROP FUNCTION fine", "10920"),
            (alter, "10920"),
            (RECONFIGURE, ": "),
            (&classify("NULL"), ": "),
            ("DROP FUNCTION fine", "10920"),
            (RECONFIGURE, ": "),
            ("DROP FUNCTION fine", ": "),
        ],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_reconfigured_holds_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let open = || {
        let database = Embedded::open(folder.path(), Options::default()).unwrap();
        database.set_password("sa", &Secret::new("pass")).unwrap();
        database
    };
    let limit = |percent: u32| {
        format!("ALTER EXTERNAL RESOURCE POOL [default] WITH (MAX_MEMORY_PERCENT = {percent})")
    };
    {
        let database = open();
        let mut session = database.login(login("sa", "pass", "")).await.unwrap();
        all(&mut *session, &[&limit(30), RECONFIGURE]).await;
    }
    {
        let database = open();
        let mut session = database.login(login("sa", "pass", "")).await.unwrap();
        assert_eq!(session.external_pool().max_memory_percent, 30);
        all(&mut *session, &["ALTER RESOURCE GOVERNOR DISABLE"]).await;
    }
    let session = open().login(login("sa", "pass", "")).await.unwrap();
    assert_eq!(session.external_pool().max_memory_percent, 100);
}
