//! The whole transition table.

use belfry_domain::{Event, Status, transition};

/// Legal transitions: state, event and next state. All others are illegal.
const TABLE: &[(Status, Event, Status)] = &[
    (Status::Waiting, Event::Claim, Status::Running),
    (Status::Waiting, Event::Hold, Status::Waiting),
    (Status::Waiting, Event::Release, Status::Queued),
    (Status::Waiting, Event::Join, Status::Success),
    (Status::Waiting, Event::FailJoin, Status::Failed),
    (Status::Waiting, Event::TimeOut, Status::TimedOut),
    (Status::Waiting, Event::Cancel, Status::Cancelled),
    (Status::Waiting, Event::UpstreamFail, Status::UpstreamFailed),
    (Status::Waiting, Event::Skip, Status::Skipped),
    (Status::Queued, Event::Claim, Status::Running),
    (Status::Queued, Event::Hold, Status::Waiting),
    (Status::Queued, Event::TimeOut, Status::TimedOut),
    (Status::Queued, Event::Cancel, Status::Cancelled),
    (Status::Queued, Event::Skip, Status::Skipped),
    (Status::Running, Event::Succeed, Status::Success),
    (Status::Running, Event::Fail, Status::Failed),
    (Status::Running, Event::TimeOut, Status::TimedOut),
    (Status::Running, Event::Cancel, Status::Cancelled),
    (Status::Running, Event::Retry, Status::Waiting),
    (Status::Running, Event::Lose, Status::Queued),
    (Status::Running, Event::FanOut, Status::Waiting),
];

#[test]
fn the_table_allows_this_and_nothing_else() {
    for from in Status::ALL {
        for event in Event::ALL {
            let expected =
                TABLE.iter().find(|(state, by, _)| (*state, *by) == (from, event)).map(|row| row.2);
            assert_eq!(transition(from, event).ok(), expected, "{from} by {event:?}");
        }
    }
}

#[test]
fn terminal_is_final() {
    for from in Status::ALL.into_iter().filter(|status| status.is_terminal()) {
        for event in Event::ALL {
            assert!(transition(from, event).is_err(), "{from} by {event:?}");
        }
    }
}

#[test]
fn every_state_that_is_not_final_can_end_and_be_cancelled() {
    for from in Status::ALL.into_iter().filter(|status| !status.is_terminal()) {
        assert_eq!(transition(from, Event::Cancel), Ok(Status::Cancelled));
    }
}
