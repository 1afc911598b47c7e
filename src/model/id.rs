//! Ids of the model's tables. Names for people live beside them, in the tables.

crate::define_id! {
    /// A broker by its Kafka id: 1 … N. Id 0 is nobody.
    BrokerId;
    /// A topic, in the order of creation.
    TopicId;
    /// A partition of any topic: one dense numbering over all topics, in the order of creation.
    PartitionId;
    /// A consumer group.
    GroupId;
    /// A consumer process of any group, in the order of first start.
    ConsumerId;
    /// A producer.
    ProducerId;
}
