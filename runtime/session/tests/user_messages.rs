//! sys.messages, sp_addmessage and its kin, RAISERROR and FORMATMESSAGE of a message's number.

use crate::support::Client;

const ITEM: &str =
    "EXEC sp_addmessage 60000, 16, N'The item named %s already exists in %d places.'";

/// "sp_addmessage (Transact-SQL)", "RAISERROR (Transact-SQL)", "FORMATMESSAGE (Transact-SQL)"
#[tokio::test(flavor = "multi_thread")]
async fn a_message_is_added_and_raised_by_its_number() {
    let mut client = Client::new().await;
    client
        .check(&[
            (ITEM, ""),
            (
                "SELECT * FROM sys.messages WHERE message_id >= 50001",
                "message_id int, language_id smallint, severity tinyint, is_event_logged bit, text nvarchar(2048): \
                 60000|1033|16|Bit(false)|The item named %s already exists in %d places.",
            ),
            ("SELECT FORMATMESSAGE(60000, N'a', 5) AS m", "m nvarchar(2048): The item named a already exists in 5 places."),
            ("DECLARE @n int = 60000 SELECT FORMATMESSAGE(@n, 'b') AS m, FORMATMESSAGE(60001) AS n", "m nvarchar(2048), n nvarchar(2048): The item named b already exists in (null) places.|NULL"),
            ("SELECT FORMATMESSAGE(15033, N'Klingon') AS m", "m nvarchar(2048): 'Klingon' is not a valid official language name."),
            ("RAISERROR (60000, 10, 1, N'c', 2)", "The item named c already exists in 2 places."),
            (
                "BEGIN TRY RAISERROR (60000, 14, 3, N'c', 2) END TRY BEGIN CATCH \
                 SELECT ERROR_NUMBER() AS n, ERROR_SEVERITY() AS s, ERROR_STATE() AS t, ERROR_MESSAGE() AS m END CATCH",
                "n int, s int, t int, m nvarchar(4000): 60000|14|3|The item named c already exists in 2 places.",
            ),
            // The message's own severity.
            (
                "BEGIN TRY RAISERROR (60000, -1, -1, N'c', 2) END TRY BEGIN CATCH \
                 SELECT ERROR_SEVERITY() AS s, ERROR_STATE() AS t END CATCH",
                "s int, t int: 16|1",
            ),
            ("DECLARE @n int = 60000\nRAISERROR (@n, 16, 1, N'c', 2)", "!60000@2"),
            ("RAISERROR (60001, 16, 1)", "!18054@1"),
            ("RAISERROR (208, 16, 1, 't')", "!2732@1"),
            ("RAISERROR (50000, 16, 1)", "!2732@1"),
            ("RAISERROR (15009, -1, -1, 't', 'd')", "!15009@1"),
        ])
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_are_changed_and_dropped() {
    let mut client = Client::new().await;
    let shown = "SELECT severity AS s, is_event_logged AS l, text AS t FROM sys.messages WHERE message_id = 60000";
    client
        .check(&[
            (ITEM, ""),
            (ITEM, "!15043@0"),
            ("EXEC sp_addmessage @msgnum = 60000, @severity = 11, @msgtext = N'Other', @lang = 'us_english', @replace = 'REPLACE'", ""),
            (shown, "s tinyint, l bit, t nvarchar(2048): 11|Bit(false)|Other"),
            ("EXEC sp_altermessage 60000, 'WITH_LOG', 'true'", ""),
            (shown, "s tinyint, l bit, t nvarchar(2048): 11|Bit(true)|Other"),
            ("EXEC sp_addmessage", "!15071@0"),
            ("EXEC sp_addmessage 50000, 16, N'x'", "!15040@0"),
            ("EXEC sp_addmessage 50001, 26, N'x'", "!15041@0"),
            ("EXEC sp_addmessage 50001, 16, N'x', 'Klingon'", "!15033@0"),
            ("EXEC sp_addmessage 50001, 16, N'x', NULL, 'maybe'", "!15271@0"),
            ("EXEC sp_altermessage 60000, 'OTHER', 'true'", "!15176@0"),
            ("EXEC sp_altermessage 60000, 'WITH_LOG', 'maybe'", "!15277@0"),
            ("EXEC sp_altermessage 60009, 'WITH_LOG', 'true'", "!15179@0"),
            ("EXEC sp_dropmessage", "!15177@0"),
            ("EXEC sp_dropmessage 208", "!15178@0"),
            ("EXEC sp_dropmessage 60009", "!15179@0"),
            ("EXEC sp_dropmessage 60000, 'all'", ""),
            (shown, "s tinyint, l bit, t nvarchar(2048): "),
            ("CREATE LOGIN reader WITH PASSWORD = 'Launch-pod-2026'", ""),
            ("EXECUTE AS LOGIN = 'reader' EXEC sp_addmessage 50001, 16, N'x' REVERT", "!15247@0"),
        ])
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_servers_own_messages_are_there() {
    let mut client = Client::new().await;
    client
        .check(&[
            ("SELECT severity AS s, text AS t FROM sys.messages WHERE message_id = 102", "s tinyint, t nvarchar(2048): 15|Incorrect syntax near '%.*ls'."),
            ("SELECT error, dlevel, description FROM sys.sysmessages WHERE error IN (15009, 208) ORDER BY error",
             "error int, dlevel smallint, description nvarchar(255): 208|0|Invalid object name '%.*ls'.; \
              15009|0|The object '%s' does not exist in database '%s' or is invalid for this operation."),
            ("SELECT COUNT(*) - COUNT(DISTINCT message_id) AS twice FROM sys.messages", "twice int: 0"),
            ("BEGIN TRY SELECT 1 / 0 END TRY BEGIN CATCH SELECT text AS t FROM sys.messages WHERE message_id = ERROR_NUMBER() AND language_id = 1033 END CATCH",
             " int:  t nvarchar(2048): Divide by zero error encountered."),
        ])
        .await;
}
