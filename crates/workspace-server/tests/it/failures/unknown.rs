//! An event of a type that this version does not know (line 20).

use super::house::{House, runtime, say};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_of_tomorrow_passes_byte_for_byte_and_the_stream_goes_on() {
    let runtime = runtime(|_| {}).await;
    let house = House::of(&runtime);
    let worker = house.worker("script", None).await;
    let mut viewer = house.follow(worker, "").await;
    viewer.ready().await;
    let event = r#"{"type":"of_tomorrow","b":1.50,"a":{"z":[ ],"a":"\u00e9"},"at":"2026-01-01T00:00:00.000Z"}"#;
    say(&runtime, worker, &format!("event {event}")).await;
    let told = viewer.run().await;
    let passed: Vec<_> = told.iter().filter(|got| got.what() == "of_tomorrow").collect();
    assert_eq!(passed.len(), 1);
    assert_eq!(passed[0].event().get(), event);
    // what comes after it comes as before, also for one who resumes at it
    say(&runtime, worker, "deltas 2").await;
    viewer.run().await;
    let query = format!("?cursor={}", passed[0].cursor().unwrap());
    let resumed = house.follow(worker, &query).await.ready().await;
    assert!(resumed.iter().all(|got| ["event", "ready"].contains(&got.kind())), "it is a position like any other");
    assert_eq!(resumed.iter().filter(|got| got.delta().is_some()).count(), 2);
}
