//! What scripts do when all is well.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::support::{Bench, Outcome, numbers, script};
use arrow_array::cast::AsArray;
use arrow_array::types::Int32Type;
use launchpod_controller::{
    Admission, Config, Expected, Failure, ScriptEvent, ScriptRequest, Stage,
};
use launchpod_types::{Column, Parameter, SqlType, Value};

#[tokio::test]
async fn rows_go_in_and_come_back() {
    let bench = Bench::new(Config::default()).await;
    let declared: Arc<[Column]> = vec![Column::new("col", SqlType::Int)].into();
    let outcome = bench
        .run(ScriptRequest {
            input: Some(numbers(3, 2)),
            expected: Expected::Sets(vec![Arc::clone(&declared)]),
            ..script("OutputDataSet = InputDataSet")
        })
        .await;
    let report = outcome.expect_success();
    eprintln!("{report:#?}");
    assert_eq!(outcome.columns, Some(declared));
    let values: Vec<i32> = outcome
        .batches
        .iter()
        .flat_map(|batch| batch.column(0).as_primitive::<Int32Type>().values().to_vec())
        .collect();
    assert_eq!(values, [0, 1, 2, 3, 4, 5]);
    assert_eq!((report.rows_in, report.rows_out), (6, 6));
    assert_eq!(report.language, "Python");
    assert!(report.peak_memory.is_some_and(|bytes| bytes > 10 << 20));
    assert!(Stage::ALL.iter().all(|stage| report.stages.get(*stage).is_some()));
    bench.end().await;
}

#[tokio::test]
async fn no_rows_still_have_columns() {
    let bench = Bench::new(Config::default()).await;
    let outcome = bench
        .run(ScriptRequest { input: Some(numbers(0, 1)), ..script("OutputDataSet = InputDataSet") })
        .await;
    outcome.expect_success();
    assert_eq!(outcome.columns.as_ref().map(|columns| columns.len()), Some(1));
    assert_eq!(outcome.rows(), 0);
    let nothing = bench.run(script("")).await;
    nothing.expect_success();
    assert_eq!(nothing.columns, None);
    bench.end().await;
}

#[tokio::test]
async fn scalars_go_in_and_come_back() {
    let bench = Bench::new(Config::default()).await;
    let parameter = |name: &str, sql_type, value, output| Parameter {
        name: name.to_owned(),
        sql_type,
        value,
        output,
    };
    let outcome = bench
        .run(ScriptRequest {
            parameters: vec![
                parameter("a", SqlType::Int, Value::Int(20), false),
                parameter("b", SqlType::Int, Value::Int(1), true),
                parameter("text", SqlType::NVARCHAR_MAX, Value::Null, true),
            ],
            ..script("b = a * 2 + b + 1\ntext = f'{b}'")
        })
        .await;
    outcome.expect_success();
    assert_eq!(outcome.outputs, Some(vec![Value::Int(42), Value::from("42")]));
    bench.end().await;
}

#[tokio::test]
async fn what_is_printed_comes_while_the_script_runs() {
    let bench = Bench::new(Config::default()).await;
    let mut run = bench.controller.run(script(
        "import sys, time\nprint('one')\nprint('warn', file=sys.stderr)\nsys.stdout.flush()\n\
         time.sleep(2)\nprint('two', end='')",
    ));
    let began = Instant::now();
    let mut first = None;
    let mut texts = Vec::new();
    while let Some(event) = run.next().await {
        if let ScriptEvent::Message(message) = event {
            first.get_or_insert(began.elapsed());
            texts.push((message.number, message.text));
        }
    }
    run.finish().await.unwrap();
    texts.sort();
    let header = |name| format!("{name} message(s) from external script: \n");
    assert_eq!(
        texts,
        [
            (39005, header("STDOUT") + "one"),
            (39005, header("STDOUT") + "two"),
            (39022, header("STDERR") + "warn"),
        ]
    );
    assert!(began.elapsed() - first.unwrap() > Duration::from_millis(1500), "not live");
    bench.end().await;
}

#[tokio::test]
async fn a_result_that_does_not_fit_is_the_documented_error() {
    let bench = Bench::new(Config::default()).await;
    let two: Arc<[Column]> =
        vec![Column::new("a", SqlType::Int), Column::new("b", SqlType::Int)].into();
    let cases = [
        (Expected::Sets(vec![]), vec![11535]),
        (Expected::Sets(vec![two.clone()]), vec![11537]),
        (Expected::Sets(vec![vec![Column::new("a", SqlType::Date)].into()]), vec![11538]),
    ];
    for (expected, numbers) in cases {
        let outcome = bench
            .run(ScriptRequest {
                expected,
                ..script("import pandas\nOutputDataSet = pandas.DataFrame({'a': [1]})")
            })
            .await;
        let (failure, found, text) = outcome.expect_failure();
        assert_eq!((failure, found), (Failure::Result, numbers), "{text}");
    }
    let nothing = bench.run(ScriptRequest { expected: Expected::Sets(vec![two]), ..script("") });
    assert_eq!(nothing.await.expect_failure().1, [11536]);
    bench.end().await;
}

#[tokio::test]
async fn a_failing_script_shows_its_traceback_after_what_it_printed() {
    let bench = Bench::new(Config::default()).await;
    let request = script("print('before', end='')\nraise ValueError('no good')");
    let id = request.id;
    let outcome = bench.run(request).await;
    let (failure, numbers, text) = outcome.expect_failure();
    assert_eq!((failure, numbers), (Failure::Script, vec![39004, 39019]));
    assert!(text.contains(&id.to_string().to_uppercase()), "{text}");
    assert!(text.contains("File \"<string>\", line 2, in <module>"), "{text}");
    assert!(text.ends_with("ValueError: no good"), "{text}");
    assert_eq!(outcome.written(), ["before"]);

    let declared = Expected::Sets(vec![vec![Column::new("a", SqlType::Int)].into()]);
    let outcome = bench.run(ScriptRequest { expected: declared, ..script("1/0") }).await;
    assert_eq!(outcome.expect_failure().1, [39004, 39019, 11536]);
    bench.end().await;
}

#[tokio::test]
async fn two_scripts_run_side_by_side_and_share_nothing() {
    let bench = Bench::new(Config {
        admission: Admission { workers: 2, ..Admission::default() },
        ..Config::default()
    })
    .await;
    let text = "import os, pandas\nopen('/tmp/mine', 'x').close()\n\
                OutputDataSet = pandas.DataFrame({'uid': [os.getuid()]})";
    let (one, two) = tokio::join!(
        Outcome::of(bench.controller.run(script(text))),
        Outcome::of(bench.controller.run(script(text))),
    );
    one.expect_success();
    two.expect_success();
    assert_ne!(one.batches[0].column(0), two.batches[0].column(0));
    bench.end().await;
}

#[tokio::test]
async fn the_scientific_packages_run_under_the_profile() {
    let bench = Bench::new(Config::default()).await;
    let text = "
import numpy, pandas, scipy.linalg, statsmodels.api, sklearn.linear_model, joblib
import concurrent.futures, io, multiprocessing, sqlite3, subprocess, threading
import matplotlib.pyplot as plot
x = numpy.random.default_rng(1).normal(size=(200, 3))
scipy.linalg.svd(x)
sklearn.linear_model.LinearRegression(n_jobs=2).fit(x, x[:, 0])
statsmodels.api.OLS(x[:, 0], x).fit().summary()
plot.plot(x[:, 0]); picture = io.BytesIO(); plot.savefig(picture)
assert joblib.Parallel(2)(joblib.delayed(abs)(i) for i in (-1, -2)) == [1, 2]
with multiprocessing.Pool(2) as pool: assert pool.map(abs, [-1, -2]) == [1, 2]
with concurrent.futures.ThreadPoolExecutor() as pool: assert list(pool.map(abs, [-3])) == [3]
assert subprocess.run(['/bin/sh', '-c', 'exit 4']).returncode == 4
sqlite3.connect('/tmp/x.db').execute('create table t (a)')
OutputDataSet = pandas.DataFrame({'bytes': [len(picture.getvalue())]})
";
    let outcome = bench.run(script(text)).await;
    outcome.expect_success();
    assert_eq!(outcome.rows(), 1);
    bench.end().await;
}
