//! The stores on DynamoDB.
