//! Every function and operator meets the ends of every type: values or SQL Server's errors come
//! back, never a panic (which would be the internal error 8624).

use crate::support::{Server, run};

const VALUES: [&str; 24] = [
    "NULL",
    "CAST(-2147483648 AS int)",
    "CAST(-9223372036854775808 AS bigint)",
    "CAST(9223372036854775807 AS bigint)",
    "CAST(0 AS tinyint)",
    "CAST(1 AS bit)",
    "CAST(99999999999999999999999999999999999999 AS decimal(38,0))",
    "CAST(-0.99999999999999999999999999999999999999 AS decimal(38,38))",
    "CAST(-922337203685477.5808 AS money)",
    "1.7976931348623157e308",
    "(-4.9e-324)",
    "CAST(3.4e38 AS real)",
    "''",
    "'é%[a'",
    "N'😀 x'",
    "REPLICATE(CAST(N'ß' AS nvarchar(max)), 5000)",
    "0x",
    "0x7FFFFFFFFFFFFFFF",
    "CAST('0001-01-01' AS date)",
    "CAST('9999-12-31 23:59:59.997' AS datetime)",
    "CAST('9999-12-31 23:59:59.9999999' AS datetime2(7))",
    "CAST('0001-01-01 00:00 +14:00' AS datetimeoffset(7))",
    "CAST('23:59:59.9999999' AS time(7))",
    "CAST('FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF' AS uniqueidentifier)",
];

const ONE: [&str; 44] = [
    "- @",
    "~ @",
    "LEN(@)",
    "DATALENGTH(@)",
    "UPPER(@)",
    "LOWER(@)",
    "LTRIM(@)",
    "REVERSE(@)",
    "SPACE(@)",
    "ASCII(@)",
    "UNICODE(@)",
    "CHAR(@)",
    "NCHAR(@)",
    "QUOTENAME(@)",
    "STR(@, 20, 10)",
    "ABS(@)",
    "CEILING(@)",
    "FLOOR(@)",
    "SIGN(@)",
    "SQRT(@)",
    "SQUARE(@)",
    "EXP(@)",
    "LOG(@)",
    "LOG10(@)",
    "COT(@)",
    "ASIN(@)",
    "RAND(@)",
    "YEAR(@)",
    "DAY(@)",
    "EOMONTH(@)",
    "ISDATE(@)",
    "HASHBYTES('SHA2_512', @)",
    "CAST(@ AS int)",
    "CAST(@ AS bigint)",
    "CAST(@ AS decimal(38,10))",
    "CAST(@ AS money)",
    "CAST(@ AS float)",
    "CAST(@ AS varchar(10))",
    "CAST(@ AS varbinary(5))",
    "CAST(@ AS datetime)",
    "CAST(@ AS smalldatetime)",
    "CAST(@ AS datetimeoffset)",
    "CAST(@ AS uniqueidentifier)",
    "CONVERT(varchar(40), @, 121)",
];

const TWO: [&str; 26] = [
    "@ + #",
    "@ - #",
    "@ * #",
    "@ / #",
    "@ % #",
    "@ & #",
    "@ ^ #",
    "IIF(@ = #, 1, 0)",
    "IIF(@ < #, 1, 0)",
    "IIF(@ LIKE #, 1, 0)",
    "ISNULL(@, #)",
    "COALESCE(@, #)",
    "NULLIF(@, #)",
    "LEFT(@, #)",
    "RIGHT(@, #)",
    "SUBSTRING(@, #, #)",
    "REPLICATE(@, #)",
    "CHARINDEX(@, #, @)",
    "STUFF(@, #, #, @)",
    "ROUND(@, #)",
    "POWER(@, #)",
    "DATEADD(month, @, #)",
    "DATEADD(nanosecond, @, #)",
    "DATEDIFF(day, @, #)",
    "DATEDIFF(nanosecond, @, #)",
    "DATEFROMPARTS(@, #, #)",
];

#[tokio::test(flavor = "multi_thread")]
async fn nothing_panics() {
    let server = Server::new();
    let mut session = server.session().await;
    let mut broken = Vec::new();
    let mut cases: Vec<String> = Vec::new();
    for value in VALUES {
        cases.extend(ONE.iter().map(|call| call.replace('@', value)));
        for other in VALUES {
            cases.extend(TWO.iter().map(|call| call.replace('@', value).replace('#', other)));
        }
    }
    for case in &cases {
        if let Err(error) = run(&mut *session, &format!("SELECT {case}")).await
            && error.number() == 8624
        {
            broken.push(format!("{case}: {}", error.0.text));
            session = server.session().await;
        }
    }
    assert!(broken.is_empty(), "{} of {}:\n{}", broken.len(), cases.len(), broken.join("\n"));
}
