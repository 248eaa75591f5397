//! INSERT … EXEC: rows that come from the interpreter go to the server by bulk load.
//!
//! They are loaded into temporary tables of the rows' own types, one for each result set, and
//! inserted from there in one statement: so the server converts them as INSERT … SELECT does,
//! checks what an INSERT checks, and all or none of them are in.

use std::io;

use bytes::BytesMut;
use launchpod_database::{Event, Events};
use launchpod_exchange::value::value_at;
use launchpod_tds::client::packets::MessageWriter;
use launchpod_tds::packet::PacketType;
use launchpod_tds::row::RowWriter;
use launchpod_tds::token::{
    Column as WireColumn, ColumnFlags, Done, DoneKind, DoneStatus, Updatable, encode_columns,
};
use launchpod_types::{Column, SqlError, SqlType};
use launchpod_wire::types::{to_wire, type_info};
use tokio_util::sync::CancellationToken;

use crate::answer::Heard;
use crate::job::{Broken, Job, JobKind, Talk};
use crate::literal::declared;
use crate::statement::{Request, bracketed};

/// Rows are sent in pieces of about so many bytes.
const PIECE: usize = 256 << 10;

/// A table that rows were loaded into.
struct Loaded {
    table: String,
    columns: usize,
}

// === impl Talk ===

impl Talk {
    /// Runs an INSERT of rows that come from elsewhere.
    pub async fn insert(&mut self, mut job: Job) -> Result<(), Broken> {
        let events = job.events.clone();
        let broken = |error| Broken { events: events.clone(), error };
        let before = self.state().transaction.depth;
        let JobKind::Insert(target, rows) = std::mem::replace(&mut job.kind, JobKind::Statement)
        else {
            return Ok(());
        };
        let mut loaded = Vec::new();
        let inserted = match self.load_all(rows, &mut loaded).await.map_err(broken)? {
            Ok(()) => self.insert_loaded(&mut job, target, &loaded).await.map_err(broken)?,
            Err(error) => Err(error),
        };
        for Loaded { table, .. } in loaded {
            // A table that is gone, with a transaction perhaps, need not be dropped.
            let _ = self.row(&format!("DROP TABLE {}", bracketed(&table))).await.map_err(broken)?;
        }
        let heard = Heard { error: inserted.err(), ..Heard::default() };
        self.count_transactions(&job, before, &heard).await.map_err(broken)?;
        if let Some(error) = heard.error {
            // Nobody need listen any more.
            let _ = job.events.send(Err(error)).await;
        }
        Ok(())
    }

    /// Inserts what has been loaded, in one statement.
    async fn insert_loaded(
        &mut self,
        job: &mut Job,
        target: String,
        loaded: &[Loaded],
    ) -> io::Result<Result<(), SqlError>> {
        let selects: Vec<String> = loaded
            .iter()
            .map(|loaded| {
                let columns: Vec<String> = (0..loaded.columns).map(name_of).collect();
                format!("SELECT {} FROM {}", columns.join(", "), bracketed(&loaded.table))
            })
            .collect();
        if selects.is_empty() {
            // The procedure has returned nothing.
            let _ = job.events.send(Ok(Event::RowsAffected(0))).await;
            return Ok(Ok(()));
        }
        let text = format!("{target} {}", selects.join(" UNION ALL "));
        // Variables and table variables have been put in where the request was made.
        job.request = Request::Batch(text);
        self.send(&job.request).await?;
        let heard = self.answer(job).await?;
        if let Some(error) = heard.error {
            return Ok(Err(of_insert_execute(error)));
        }
        if let Ok(Some(row)) = self.row("SELECT SCOPE_IDENTITY()").await?
            && let Some(identity) = row.first()
        {
            self.state().set_identity(identity);
        }
        Ok(Ok(()))
    }

    /// Loads each result set into a table of its own; an error among the rows ends it.
    async fn load_all(
        &mut self,
        mut rows: Events,
        loaded: &mut Vec<Loaded>,
    ) -> io::Result<Result<(), SqlError>> {
        let mut columns: Vec<Column> = Vec::new();
        // The rows that make the next piece of the load that is under way.
        let mut load: Option<Load> = None;
        // Why the rows can't be sent; the rest of them is taken all the same.
        let mut unsent = None;
        while let Some(event) = rows.recv().await {
            let event = match event {
                Ok(event) => event,
                Err(error) => {
                    // What has begun is ended; its table goes.
                    if let Some(load) = load.take() {
                        // Whatever it answers, the rows aren't wanted.
                        let _ = self.end(load).await?;
                    }
                    return Ok(Err(error));
                }
            };
            match event {
                Event::Columns(described) => {
                    if let Some(load) = load.take()
                        && let Err(error) = self.end(load).await?
                    {
                        return Ok(Err(error));
                    }
                    columns = described.to_vec();
                    match self.begin(&columns).await? {
                        Ok((begun, table)) => {
                            loaded.push(Loaded { table, columns: columns.len() });
                            load = Some(begun);
                        }
                        Err(error) => return Ok(Err(error)),
                    }
                }
                Event::Batch(batch) => {
                    let Some(load) = load.as_mut().filter(|_| unsent.is_none()) else { continue };
                    for row in 0..batch.num_rows() {
                        if let Err(error) = load.push(&columns, &batch, row) {
                            unsent = Some(error);
                            break;
                        }
                        if load.message.payload().len() >= PIECE {
                            self.send_piece(load).await?;
                        }
                    }
                }
                _ => {}
            }
        }
        let ended = match load {
            Some(load) => self.end(load).await?,
            None => Ok(()),
        };
        Ok(unsent.map_or(ended, Err))
    }

    /// Makes a table for rows of these columns, and announces them.
    async fn begin(&mut self, columns: &[Column]) -> io::Result<Result<(Load, String), SqlError>> {
        self.tables += 1;
        let table = format!("#launchpod_rows_{}", self.tables);
        let list: Vec<String> = columns
            .iter()
            .enumerate()
            .map(|(index, column)| format!("{} {}", name_of(index), stored(column.sql_type)))
            .collect();
        let list = list.join(", ");
        let name = bracketed(&table);
        if let Err(error) = self.row(&format!("CREATE TABLE {name} ({list})")).await? {
            return Ok(Err(error));
        }
        if let Err(error) = self.row(&format!("INSERT BULK {name} ({list})")).await? {
            return Ok(Err(error));
        }
        let message = MessageWriter::new(PacketType::BulkLoad, self.channel.sender.packet_size());
        Ok(Ok((Load::new(columns, message), table)))
    }

    /// Sends the rows so far of a load.
    async fn send_piece(&mut self, load: &mut Load) -> io::Result<()> {
        let mut wire = BytesMut::new();
        load.message.take_full(&mut wire);
        self.channel.sender.bytes(&wire).await
    }

    /// Sends the rest of a load.
    async fn end(&mut self, mut load: Load) -> io::Result<Result<(), SqlError>> {
        let status = DoneStatus::COUNT;
        let done = Done { kind: DoneKind::Done, status, command: 0, rows: load.rows };
        done.encode(load.message.payload());
        let mut wire = BytesMut::new();
        load.message.finish(&mut wire);
        self.channel.sender.bytes(&wire).await?;
        self.channel.sender.flush().await?;
        self.loaded().await
    }

    /// The answer to a load.
    async fn loaded(&mut self) -> io::Result<Result<(), SqlError>> {
        // Of a query only its answer is heard here.
        let (job, mut received) = Job::query(String::new(), CancellationToken::new());
        let answer = async {
            let heard = self.answer(&job).await;
            drop(job);
            heard
        };
        let drained = async { while received.recv().await.is_some() {} };
        let (heard, ()) = tokio::join!(answer, drained);
        Ok(heard?.error.map_or(Ok(()), Err))
    }
}

/// A bulk load while its rows come.
struct Load {
    columns: Vec<WireColumn>,
    message: MessageWriter,
    rows: u64,
}

// === impl Load ===

impl Load {
    fn new(columns: &[Column], mut message: MessageWriter) -> Self {
        let wire = |(index, column): (usize, &Column)| WireColumn {
            name: name_of(index),
            type_info: type_info(stored(column.sql_type)),
            user_type: 0,
            flags: ColumnFlags {
                nullable: true,
                updatable: Updatable::Yes,
                ..ColumnFlags::default()
            },
        };
        let columns: Vec<WireColumn> = columns.iter().enumerate().map(wire).collect();
        encode_columns(&columns, message.payload());
        Load { columns, message, rows: 0 }
    }

    fn push(
        &mut self,
        columns: &[Column],
        batch: &arrow_array::RecordBatch,
        row: usize,
    ) -> Result<(), SqlError> {
        let unsendable = |name: &str| {
            SqlError::new(8114, format!("A value of column {name} can't be sent to the server."))
        };
        let mut writer = RowWriter::new(self.message.payload(), &self.columns);
        for (column, array) in columns.iter().zip(batch.columns()) {
            let value = value_at(array, row, column.sql_type);
            let wire = to_wire(&value, stored(column.sql_type));
            let wire = wire.ok_or_else(|| unsendable(&column.name))?;
            writer.value(&wire).map_err(|_| unsendable(&column.name))?;
        }
        writer.finish().map_err(|_| unsendable(""))?;
        self.rows += 1;
        Ok(())
    }
}

/// An error of our INSERT … SELECT as INSERT … EXEC has it: of the number of columns it knows one
/// alone (213), however the columns were listed (120, 121).
fn of_insert_execute(error: SqlError) -> SqlError {
    if !matches!(error.number(), 120 | 121) {
        return error;
    }
    let text = "Column name or number of supplied values does not match table definition.";
    let mut error = error;
    (error.0.number, error.0.class, error.0.text) = (213, 16, text.to_owned());
    error
}

/// The name of a column, by its place.
fn name_of(index: usize) -> String {
    format!("c{}", index + 1)
}

/// The type in which rows are loaded: text as Unicode, so that no code page matters, and xml as
/// text.
fn stored(sql_type: SqlType) -> SqlType {
    match declared(sql_type) {
        SqlType::Char(length) => SqlType::NChar(length.min(4_000)),
        SqlType::VarChar(launchpod_types::Length::Limited(length)) if length <= 4_000 => {
            SqlType::NVarChar(launchpod_types::Length::Limited(length))
        }
        SqlType::VarChar(_) | SqlType::Xml => SqlType::NVARCHAR_MAX,
        other => other,
    }
}
