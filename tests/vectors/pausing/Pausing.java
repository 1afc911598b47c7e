import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.*;
import org.apache.kafka.clients.admin.*;
import org.apache.kafka.clients.consumer.*;
import org.apache.kafka.clients.producer.*;
import org.apache.kafka.common.*;
import org.apache.kafka.common.serialization.*;

/** Asks Kafka's consumers what pause() and resume() do; one JSON object a line. */
public class Pausing {
    static String bootstrap;
    static Admin admin;
    static int number = 0;

    static KafkaConsumer<byte[], byte[]> consumer(String protocol, String group, Map<String, String> more) {
        Properties p = new Properties();
        p.put("bootstrap.servers", bootstrap);
        p.put("group.id", group);
        p.put("auto.offset.reset", "earliest");
        p.put("enable.auto.commit", "false");
        p.put("max.poll.records", "7");
        p.put("key.deserializer", ByteArrayDeserializer.class.getName());
        p.put("value.deserializer", ByteArrayDeserializer.class.getName());
        if (protocol.equals("consumer")) {
            p.put("group.protocol", "consumer");
        } else {
            p.put("group.protocol", "classic");
            p.put("heartbeat.interval.ms", "300");
            String assignor = protocol.equals("cooperative") ? "CooperativeStickyAssignor" : "RangeAssignor";
            p.put("partition.assignment.strategy", "org.apache.kafka.clients.consumer." + assignor);
        }
        more.forEach(p::put);
        return new KafkaConsumer<>(p);
    }

    static String topic(int partitions, int records) throws Exception {
        String name = "t" + number++;
        admin.createTopics(List.of(new NewTopic(name, partitions, (short) 1))).all().get();
        Properties p = new Properties();
        p.put("bootstrap.servers", bootstrap);
        p.put("key.serializer", ByteArraySerializer.class.getName());
        p.put("value.serializer", ByteArraySerializer.class.getName());
        try (var producer = new KafkaProducer<byte[], byte[]>(p)) {
            for (int i = 0; i < records; i++)
                for (int t = 0; t < partitions; t++)
                    producer.send(new ProducerRecord<>(name, t, null, new byte[10]));
            producer.flush();
        }
        return name;
    }

    static ConsumerRecords<byte[], byte[]> first(KafkaConsumer<byte[], byte[]> c) {
        for (int i = 0; i < 300; i++) {
            var r = c.poll(Duration.ofMillis(100));
            if (!r.isEmpty()) return r;
        }
        throw new IllegalStateException("no records");
    }

    static double fetches(KafkaConsumer<byte[], byte[]> c) {
        for (var e : c.metrics().entrySet())
            if (e.getKey().name().equals("fetch-total") && e.getKey().group().equals("consumer-fetch-manager-metrics")
                    && e.getKey().tags().size() == 1)
                return (double) e.getValue().metricValue();
        throw new IllegalStateException();
    }

    /** [partition, first offset, records] of each partition, in the order in which records come. */
    static String shape(Iterable<ConsumerRecord<byte[], byte[]>> records) {
        StringBuilder s = new StringBuilder("[");
        int partition = -1, n = 0;
        long from = 0;
        for (var r : records) {
            if (r.partition() != partition) {
                if (n > 0) s.append("[").append(partition).append(",").append(from).append(",").append(n).append("],");
                partition = r.partition();
                from = r.offset();
                n = 0;
            }
            n++;
        }
        s.append("[").append(partition).append(",").append(from).append(",").append(n).append("]]");
        return s.toString();
    }

    static Set<TopicPartition> of(String topic, int partition) {
        return Set.of(new TopicPartition(topic, partition));
    }

    /** What is buffered when everything is paused, and what comes first afterwards. */
    static void all(String protocol) throws Exception {
        String t = topic(3, 20);
        try (var c = consumer(protocol, "g-" + t, Map.of())) {
            c.subscribe(List.of(t));
            var begin = first(c);
            c.pause(c.assignment());
            int came = 0;
            for (int i = 0; i < 10; i++) came += c.poll(Duration.ofMillis(100)).count();
            double before = fetches(c);
            for (int i = 0; i < 10; i++) came += c.poll(Duration.ofMillis(100)).count();
            double asked = fetches(c) - before;
            c.resume(c.assignment());
            StringBuilder polls = new StringBuilder();
            for (int i = 0; i < 4; i++) polls.append(i > 0 ? "," : "").append(shape(c.poll(Duration.ofMillis(2000))));
            System.out.println("{\"case\":\"all\",\"protocol\":\"" + protocol + "\",\"before\":" + shape(begin)
                    + ",\"while_paused\":" + came + ",\"fetches_while_paused\":" + (int) asked + ",\"after\":[" + polls + "]}");
        }
    }

    /** One of three is paused while its records are half returned: what comes meanwhile, and in which order afterwards. */
    static void one(String protocol) throws Exception {
        String t = topic(3, 20);
        try (var c = consumer(protocol, "g-" + t, Map.of())) {
            c.subscribe(List.of(t));
            var begin = first(c);
            int it = begin.iterator().next().partition();
            c.pause(of(t, it));
            StringBuilder during = new StringBuilder();
            for (int i = 0; i < 3; i++) during.append(i > 0 ? "," : "").append(shape(c.poll(Duration.ofMillis(2000))));
            c.resume(of(t, it));
            StringBuilder polls = new StringBuilder();
            for (int i = 0; i < 3; i++) polls.append(i > 0 ? "," : "").append(shape(c.poll(Duration.ofMillis(2000))));
            System.out.println("{\"case\":\"one\",\"protocol\":\"" + protocol + "\",\"before\":" + shape(begin)
                    + ",\"during\":[" + during + "],\"after\":[" + polls + "]}");
        }
    }

    /** A second consumer joins while the first one has paused everything: what is paused then. */
    static void rebalance(String protocol) throws Exception {
        String t = topic(4, 20);
        try (var c = consumer(protocol, "g-" + t, Map.of())) {
            c.subscribe(List.of(t));
            first(c);
            c.pause(c.assignment());
            Thread other = new Thread(() -> {
                try (var d = consumer(protocol, "g-" + t, Map.of())) {
                    d.subscribe(List.of(t));
                    long end = System.currentTimeMillis() + 12_000;
                    while (System.currentTimeMillis() < end) d.poll(Duration.ofMillis(100));
                }
            });
            other.start();
            int came = 0;
            long end = System.currentTimeMillis() + 10_000;
            while (System.currentTimeMillis() < end) came += c.poll(Duration.ofMillis(100)).count();
            System.out.println("{\"case\":\"rebalance\",\"protocol\":\"" + protocol + "\",\"owned\":" + c.assignment().size()
                    + ",\"paused\":" + c.paused().size() + ",\"reads\":" + (came > 0) + "}");
            other.join();
        }
    }

    /** Auto-commit while everything is paused commits what was returned. */
    static void commit(String protocol) throws Exception {
        String t = topic(1, 20);
        try (var c = consumer(protocol, "g-" + t, Map.of("enable.auto.commit", "true", "auto.commit.interval.ms", "200"))) {
            c.subscribe(List.of(t));
            var begin = first(c);
            c.pause(c.assignment());
            for (int i = 0; i < 10; i++) c.poll(Duration.ofMillis(100));
            var offsets = admin.listConsumerGroupOffsets("g-" + t).partitionsToOffsetAndMetadata().get();
            System.out.println("{\"case\":\"commit\",\"protocol\":\"" + protocol + "\",\"returned\":" + begin.count()
                    + ",\"committed\":" + offsets.get(new TopicPartition(t, 0)).offset() + "}");
        }
    }

    /** Pausing what is not owned. */
    static void unowned(String protocol) throws Exception {
        String t = topic(1, 20);
        try (var c = consumer(protocol, "g-" + t, Map.of())) {
            c.subscribe(List.of(t));
            first(c);
            String error = "null";
            try {
                c.pause(of(t, 5));
            } catch (Exception e) {
                error = "\"" + e.getClass().getSimpleName() + "\"";
            }
            System.out.println("{\"case\":\"unowned\",\"protocol\":\"" + protocol + "\",\"error\":" + error + "}");
        }
    }

    /** Whether poll waits, or goes round and round, while everything is paused; with data in the buffer, and without. */
    static void busy(String protocol, boolean buffered) throws Exception {
        String t = topic(1, buffered ? 20 : 7);
        // Without: everything that there is has been returned, and found to be empty.
        try (var c = consumer(protocol, "g-" + t, Map.of("fetch.max.wait.ms", "100"))) {
            c.subscribe(List.of(t));
            first(c);
            if (!buffered) for (int i = 0; i < 10; i++) c.poll(Duration.ofMillis(100));
            c.pause(c.assignment());
            for (int i = 0; i < 5; i++) c.poll(Duration.ofMillis(100));
            var threads = ManagementFactory.getThreadMXBean();
            long cpu = threads.getCurrentThreadCpuTime(), began = System.nanoTime();
            for (int i = 0; i < 6; i++) c.poll(Duration.ofMillis(500));
            double share = (threads.getCurrentThreadCpuTime() - cpu) / (double) (System.nanoTime() - began);
            
            System.out.println("{\"case\":\"busy\",\"protocol\":\"" + protocol + "\",\"buffered\":" + buffered
                    + ",\"goes_round\":" + (share > 0.15) + "}");
        }
    }

    public static void main(String[] a) throws Exception {
        bootstrap = a[0];
        Properties p = new Properties();
        p.put("bootstrap.servers", bootstrap);
        admin = Admin.create(p);
        for (String protocol : List.of("eager", "cooperative", "consumer")) {
            all(protocol);
            one(protocol);
            rebalance(protocol);
            commit(protocol);
            unowned(protocol);
            busy(protocol, true);
            busy(protocol, false);
        }
        admin.close();
    }
}
