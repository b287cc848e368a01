//! Waves and messages on SQS.
