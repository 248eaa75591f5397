//! A script with `GO` lines, each of its batches, and the texts inside a call of
//! `sp_execute_external_script`.
#![no_main]

use launchpod_tsql::{
    parse, parse_column_list, parse_input_query, parse_order_list, parse_parameters, split_batches,
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    for batch in split_batches(text) {
        let _ = parse(batch.text);
    }
    let _ = parse(text);
    let _ = parse_input_query(text);
    let _ = parse_parameters(text);
    let _ = parse_column_list(text);
    let _ = parse_order_list(text);
});
