//! Types and values that are written come back the same.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use launchpod_tds::{
    row::RowWriter,
    rpc::{Procedure, RpcMessage},
    token::{Column, ColumnFlags, ReturnKind, ReturnValue},
    types::{
        Collation, Date, DateTime, DateTime2, DateTimeOffset, Decimal, FixedType, Length,
        SmallDateTime, Time, TypeInfo, Value,
    },
    version::TdsVersion,
};
use proptest::prelude::*;

fn date() -> impl Strategy<Value = Date> {
    (0u32..=3_652_058).prop_map(|days| Date::new(days).unwrap())
}

/// A time that `scale` digits after the second can hold.
fn time(scale: u8) -> impl Strategy<Value = Time> {
    let unit = 10u64.pow(9 - u32::from(scale));
    (0..86_400_000_000_000 / unit).prop_map(move |units| Time::new(units * unit).unwrap())
}

fn datetime2(scale: u8) -> impl Strategy<Value = DateTime2> {
    (date(), time(scale)).prop_map(|(date, time)| DateTime2 { date, time })
}

fn decimal() -> impl Strategy<Value = (TypeInfo, Value)> {
    (1u8..=38).prop_flat_map(|precision| {
        let limit = 10i128.pow(precision.into());
        (0..=precision, 1 - limit..limit).prop_map(move |(scale, unscaled)| {
            (
                TypeInfo::Decimal { precision, scale },
                Value::Decimal(Decimal { unscaled, precision, scale }),
            )
        })
    })
}

fn length() -> impl Strategy<Value = Length> {
    prop_oneof![Just(Length::Limited(4000)), Just(Length::Max)]
}

fn fixed<T>(fixed: FixedType, value: fn(T) -> Value) -> BoxedStrategy<(TypeInfo, Value)>
where
    T: Arbitrary + 'static,
{
    (
        prop_oneof![Just(TypeInfo::Fixed(fixed)), Just(TypeInfo::Nullable(fixed))],
        any::<T>().prop_map(value),
    )
        .boxed()
}

fn typed_value() -> impl Strategy<Value = (TypeInfo, Value)> {
    let collation = Collation::default();
    let utf8 = Collation { info: 0x26d0_0409, sort_id: 0 };
    let text = "[ -~äß€œ]{0,40}";
    prop_oneof![
        fixed(FixedType::Bit, Value::Bit),
        fixed(FixedType::TinyInt, Value::TinyInt),
        fixed(FixedType::SmallInt, Value::SmallInt),
        fixed(FixedType::Int, Value::Int),
        fixed(FixedType::BigInt, Value::BigInt),
        fixed(FixedType::Real, Value::Real),
        fixed(FixedType::Float, Value::Float),
        fixed(FixedType::Money, Value::Money),
        fixed(FixedType::SmallMoney, |value: i32| Value::Money(value.into())),
        (-53_690i32..=2_958_463, 0u32..25_920_000).prop_map(|(days, ticks)| {
            (
                TypeInfo::Nullable(FixedType::DateTime),
                Value::DateTime(DateTime::new(days, ticks).unwrap()),
            )
        }),
        (any::<u16>(), 0u16..1440).prop_map(|(days, minutes)| {
            let value = SmallDateTime::new(days, minutes).unwrap();
            (TypeInfo::Fixed(FixedType::SmallDateTime), Value::SmallDateTime(value))
        }),
        decimal(),
        any::<[u8; 16]>().prop_map(|guid| (TypeInfo::Guid, Value::Guid(guid))),
        date().prop_map(|date| (TypeInfo::Date, Value::Date(date))),
        (0u8..=7)
            .prop_flat_map(|scale| time(scale)
                .prop_map(move |time| (TypeInfo::Time { scale }, Value::Time(time)))),
        (0u8..=7).prop_flat_map(|scale| {
            datetime2(scale)
                .prop_map(move |value| (TypeInfo::DateTime2 { scale }, Value::DateTime2(value)))
        }),
        (0u8..=7).prop_flat_map(|scale| {
            (datetime2(scale), -840i16..=840).prop_map(move |(utc, offset)| {
                let value = DateTimeOffset::new(utc, offset).unwrap();
                (TypeInfo::DateTimeOffset { scale }, Value::DateTimeOffset(value))
            })
        }),
        (length(), text).prop_map(move |(length, text)| (
            TypeInfo::VarChar { length, collation },
            Value::Text(text)
        )),
        (length(), any::<String>()).prop_map(move |(length, text)| (
            TypeInfo::VarChar { length, collation: utf8 },
            Value::Text(text)
        )),
        (length(), any::<String>()).prop_map(move |(length, text)| (
            TypeInfo::NVarChar { length, collation },
            Value::Text(text)
        )),
        text.prop_map(move |text| (TypeInfo::Char { length: 200, collation }, Value::Text(text))),
        text.prop_map(move |text| (TypeInfo::NChar { length: 200, collation }, Value::Text(text))),
        (length(), prop::collection::vec(any::<u8>(), 0..300))
            .prop_map(|(length, bytes)| (TypeInfo::VarBinary { length }, Value::Binary(bytes))),
        prop::collection::vec(any::<u8>(), 0..300)
            .prop_map(|bytes| (TypeInfo::Binary { length: 300 }, Value::Binary(bytes))),
        any::<String>().prop_map(|text| (TypeInfo::Xml, Value::Text(format!("<{text}")))),
    ]
}

/// As parameters of a call, which is what a server reads.
fn call(parameters: &[(TypeInfo, Value)]) -> Vec<u8> {
    let mut payload = vec![4, 0, 0, 0, 1, 0, b'p', 0, 0, 0];
    for (type_info, value) in parameters {
        payload.extend_from_slice(&[0, 0]);
        type_info.encode(&mut payload);
        cell(&mut payload, type_info, value);
    }
    payload
}

/// The cell as a row has it, which is the same as in a parameter for these types.
fn cell(out: &mut Vec<u8>, type_info: &TypeInfo, value: &Value) {
    let column = Column {
        name: String::new(),
        type_info: type_info.clone(),
        user_type: 0,
        flags: ColumnFlags::default(),
    };
    let mut bytes = Vec::new();
    let columns = [column];
    let mut row = RowWriter::new(&mut bytes, &columns);
    row.value(value).unwrap();
    row.finish().unwrap();
    out.extend_from_slice(&bytes[1..]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1024, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn parameters((info, value) in typed_value(), nulls in any::<bool>()) {
        let mut parameters = vec![(info.clone(), value)];
        if nulls && !matches!(info, TypeInfo::Fixed(_)) {
            parameters.push((info, Value::Null));
        }
        let message = RpcMessage::decode(&call(&parameters), TdsVersion::V7_4).unwrap();
        prop_assert_eq!(&message.calls[0].procedure, &Procedure::Named("p".to_owned()));
        let back: Vec<_> =
            message.calls[0].parameters.iter().map(|back| (back.type_info.clone(), back.value.clone())).collect();
        prop_assert_eq!(back, parameters);
    }

    #[test]
    fn returned_values((info, value) in typed_value()) {
        let mut token = Vec::new();
        let returned =
            ReturnValue { ordinal: 0, name: "", kind: ReturnKind::Output, type_info: &info, value: &value };
        returned.encode(&mut token).unwrap();
        // Behind the token, the ordinal, an empty name, the kind, user type and flags.
        let (back, taken) = TypeInfo::decode(&token[11..]).unwrap();
        prop_assert_eq!(&back, &info);
        prop_assert_eq!(Value::decode(&info, &token[11 + taken..]).unwrap(), (value, token.len() - 11 - taken));
    }
}

#[test]
fn what_a_code_page_lacks_becomes_a_question_mark() {
    let info = TypeInfo::VarChar { length: Length::Limited(10), collation: Collation::default() };
    let mut bytes = Vec::new();
    cell(&mut bytes, &info, &Value::Text("日本 €".to_owned()));
    assert_eq!(Value::decode(&info, &bytes).unwrap().0, Value::Text("?? €".to_owned()));
}
