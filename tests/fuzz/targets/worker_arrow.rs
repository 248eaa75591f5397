//! The output of a worker: an Arrow IPC stream, decoded and converted to SQL types, those of its
//! own and declared ones. The first byte chooses into how large pieces the stream is cut, or that
//! it comes in shared memory.
#![no_main]

use std::sync::Once;

use bytes::Bytes;
use launchpod_exchange::convert::Converter;
use launchpod_exchange::stream::{Decoder, Limits};
use launchpod_types::{Column, Length, SqlType};
use libfuzzer_sys::fuzz_target;

/// Small, so that a limit that is not kept shows as memory.
const LIMITS: Limits = Limits { metadata: 64 << 10, body: 1 << 20, columns: 64, cells: 1 << 16 };

/// What all columns may be declared as: each kind of conversion, and lengths that are too short.
const DECLARED: [SqlType; 10] = [
    SqlType::Bit,
    SqlType::TinyInt,
    SqlType::Real,
    SqlType::Decimal { precision: 9, scale: 3 },
    SqlType::Money,
    SqlType::Char(3),
    SqlType::NVARCHAR_MAX,
    SqlType::VarBinary(Length::Limited(3)),
    SqlType::DateTime,
    SqlType::DateTimeOffset(7),
];

fuzz_target!(|bytes: &[u8]| {
    let_arrow_panic();
    let Some((piece, stream)) = bytes.split_first() else { return };
    let mut decoder = Decoder::new(LIMITS);
    let shared = *piece == u8::MAX;
    let size = if shared { stream.len().max(1) } else { usize::from(*piece) + 1 };
    for piece in stream.chunks(size) {
        let pushed = match shared {
            true => decoder.push_segment(Bytes::copy_from_slice(piece)),
            false => decoder.push(piece),
        };
        let Ok(batches) = pushed else { return };
        let Some(schema) = decoder.schema() else { continue };
        let declared = DECLARED.iter().filter_map(|sql_type| {
            let columns = vec![Column::new("", *sql_type); schema.fields().len()];
            Converter::declared(schema, &columns).ok()
        });
        let converters: Vec<Converter> = declared.chain([Converter::inferred(schema)]).collect();
        for batch in batches {
            assert!(batch.num_rows() * batch.num_columns() <= LIMITS.cells);
            for converter in &converters {
                let parts = converter.convert(&batch).flatten();
                assert!(parts.map(|part| part.num_rows()).sum::<usize>() <= batch.num_rows());
            }
        }
    }
    let _ = decoder.finish();
});

/// Arrow's own decoder panics on some streams, which the decoder under test catches. libFuzzer
/// ends the process at any panic; let it do so for those of our code only.
fn let_arrow_panic() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let end = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if !panic.location().is_some_and(|at| at.file().contains("/arrow-")) {
                end(panic);
            }
        }));
    });
}
